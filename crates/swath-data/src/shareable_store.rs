//! A hit store as it may leave its machine: its whole records, without what looks like a secret in
//! command lines. Every byte that stays is at its place, as records name places of others.
//!
//! A store may be read while its process writes it. What comes out is a state between what the store
//! was when the reading began and what it was when the reading ended:
//!
//! - It is read from the front to the back. A record's kind is stored last, so where a kind is seen,
//!   what follows it, which is read later, is there. Where none is seen the store ends: what may lie
//!   behind is left out, be it a record in the making or its secrets.
//! - A state is one byte that goes from 1 to 2 and never back. A place that is seen as 2 ran; one that
//!   was seen too early as 1 is seen as 2 when the store is read again.
//! - The header is read first. Where it says that the process ended, all of its lines were there
//!   before the reading went on: no copy says more of the end than its records hold.

use std::io::{self, Cursor, ErrorKind, Read};

use flate2::read::DeflateDecoder;
use swath_store::{Closed, Header, HeaderError, layout, places};

use crate::packed_store::{packed_length, packed_number};
use crate::without_secrets;

/// A command line in a record is not longer, in bytes; of a longer one nothing stays.
const LONGEST_COMMAND: usize = 4 << 20;
/// So much of a record is taken at once.
const STEP: usize = 64 << 10;

/// Reads a hit store, packed or not, as it may be given to others. Needs memory for one record with
/// a command line, whatever the store's length.
pub struct ShareableStore<R> {
    source: Source<R>,
    /// Read and not yet given.
    ready: Vec<u8>,
    given: usize,
    next: Next,
    /// How many bytes may still be read.
    left: u64,
    open: usize,
    forks: bool,
}

enum Source<R> {
    Plain(io::Chain<Cursor<Vec<u8>>, R>),
    Packed(DeflateDecoder<R>),
}

/// What comes next in a store.
enum Next {
    Record,
    /// So many bytes of a record that hold no command line.
    Rest(usize),
    /// So many bytes of one whose command line is too long to be looked at.
    Blank(usize),
    Place,
    Nothing,
}

impl<R: Read> ShareableStore<R> {
    /// Begins to read, up to the end of the header.
    ///
    /// # Errors
    /// What reading fails with, and [`ErrorKind::InvalidData`] for a damaged packed store.
    pub fn new(mut file: R) -> io::Result<Self> {
        let mut beginning = Vec::new();
        file.by_ref()
            .take(packed_length())
            .read_to_end(&mut beginning)?;
        let source = if packed_number(&beginning).is_some() {
            Source::Packed(DeflateDecoder::new(file))
        } else {
            Source::Plain(Cursor::new(beginning).chain(file))
        };
        let mut store = Self {
            source,
            ready: Vec::new(),
            given: 0,
            next: Next::Nothing,
            left: layout::LONGEST,
            open: 0,
            forks: false,
        };
        store.begin()?;
        Ok(store)
    }

    /// How many processes of what was read so far have not said that they ended.
    pub fn open(&self) -> usize {
        self.open
    }

    /// Whether it has places for the stores of fork children. What such stores go on with is in
    /// other files, which have to be read after it.
    pub fn has_places(&self) -> bool {
        self.forks
    }

    fn begin(&mut self) -> io::Result<()> {
        self.ready = self.take(layout::HEADER_LENGTH)?;
        if places(&self.ready).is_some() {
            let rest = self.take(layout::PLACE_LENGTH - layout::HEADER_LENGTH)?;
            self.ready.extend_from_slice(&rest);
            blank_from(&mut self.ready, size_of::<layout::RawForks>());
            self.forks = true;
            self.next = Next::Place;
        } else if self.keep_header() {
            self.next = Next::Record;
        }
        Ok(())
    }

    /// Looks at a header in `ready`; whether records follow it. Of what is no store only as much
    /// stays as says so.
    fn keep_header(&mut self) -> bool {
        match Header::read(&self.ready) {
            Ok(header) => {
                self.open += usize::from(header.closed == Closed::Open && !header.continues);
                return true;
            }
            Err(HeaderError::NotBegun) => blank_from(&mut self.ready, 0),
            Err(HeaderError::NotAHitStore) => blank_from(&mut self.ready, layout::MAGIC.len()),
            Err(HeaderError::ByteOrder | HeaderError::Version { .. }) => {}
        }
        false
    }

    /// Takes up to so many bytes: fewer only at the end.
    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let length = u64::try_from(length).unwrap_or(u64::MAX).min(self.left);
        let mut bytes = Vec::new();
        let read = match &mut self.source {
            Source::Plain(file) => file.take(length).read_to_end(&mut bytes),
            Source::Packed(file) => file.take(length).read_to_end(&mut bytes),
        };
        read.map_err(|error| match error.kind() {
            ErrorKind::InvalidInput | ErrorKind::UnexpectedEof => {
                io::Error::new(ErrorKind::InvalidData, "a packed hit store is damaged")
            }
            _ => error,
        })?;
        self.left -= u64::try_from(bytes.len()).unwrap_or(self.left);
        Ok(bytes)
    }

    fn go_on(&mut self) -> io::Result<()> {
        self.given = 0;
        self.ready.clear();
        match self.next {
            Next::Nothing => {}
            Next::Rest(0) | Next::Blank(0) | Next::Record => self.read_record()?,
            Next::Rest(length) => {
                let now = length.min(STEP);
                self.ready = self.take(now)?;
                self.next = if self.ready.len() == now {
                    Next::Rest(length - now)
                } else {
                    Next::Nothing
                };
            }
            Next::Blank(length) => {
                let now = length.min(STEP);
                self.ready = self.take(now)?;
                self.next = if self.ready.len() == now {
                    Next::Blank(length - now)
                } else {
                    Next::Nothing
                };
                blank_from(&mut self.ready, 0);
            }
            Next::Place => {
                self.ready = self.take(layout::PLACE_LENGTH)?;
                if self.ready.is_empty() {
                    self.next = Next::Nothing;
                } else if self.keep_header() {
                    hide_in_place(&mut self.ready);
                } else {
                    let header = layout::HEADER_LENGTH.min(self.ready.len());
                    blank_from(&mut self.ready, header);
                }
            }
        }
        Ok(())
    }

    fn read_record(&mut self) -> io::Result<()> {
        let mut head = self.take(layout::RECORD_HEAD)?;
        let Some((kind, length)) = kind_and_length(&head) else {
            self.next = Next::Nothing;
            return Ok(());
        };
        let rest = length - layout::RECORD_HEAD;
        self.next = Next::Rest(rest);
        if words_before_command(kind).is_some() {
            if rest > LONGEST_COMMAND {
                blank_record(&mut head);
                self.ready = head;
                self.next = Next::Blank(rest);
                return Ok(());
            }
            head.extend_from_slice(&self.take(rest)?);
            self.next = if head.len() == length {
                hide_in_record(&mut head);
                Next::Record
            } else {
                // Nothing of a record that is not whole is read, and it is not masked.
                head.clear();
                Next::Nothing
            };
        }
        self.ready = head;
        Ok(())
    }
}

impl<R: Read> Read for ShareableStore<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ready.len() {
            self.go_on()?;
        }
        let ready = self.ready.get(self.given..).unwrap_or(&[]);
        let length = ready.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), ready.get(..length)) {
            to.copy_from_slice(from);
        }
        self.given += length;
        Ok(length)
    }
}

fn number_at(bytes: &[u8], place: usize) -> Option<usize> {
    let bytes = bytes.get(place..place.checked_add(4)?)?;
    usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
}

/// What a record's head says; nothing where a reader of the store would stop.
fn kind_and_length(head: &[u8]) -> Option<(u32, usize)> {
    let kind = u32::try_from(number_at(head, 0)?).ok()?;
    let length = number_at(head, 4)?;
    let is_record = kind != 0
        && head.len() >= layout::RECORD_HEAD
        && length >= layout::RECORD_HEAD
        && length.is_multiple_of(layout::ALIGNMENT);
    is_record.then_some((kind, length))
}

/// How many strings stand before the command line in records of a kind that has one.
fn words_before_command(kind: u32) -> Option<usize> {
    match kind {
        layout::KIND_PROCESS => Some(3),
        layout::KIND_SPAWN => Some(2),
        _ => None,
    }
}

fn blank_from(bytes: &mut [u8], place: usize) {
    bytes.get_mut(place..).unwrap_or(&mut []).fill(0);
}

/// Makes unused room of a record.
fn blank_record(record: &mut [u8]) {
    if let Some(kind) = record.get_mut(..4) {
        kind.copy_from_slice(&layout::KIND_UNUSED.to_le_bytes());
    }
    blank_from(record, 8);
}

/// Hides what is secret in the records of a fork child's place.
fn hide_in_place(place: &mut [u8]) {
    let mut at = layout::HEADER_LENGTH.min(place.len());
    loop {
        let rest = place.get_mut(at..).unwrap_or(&mut []);
        let Some((_, length)) = kind_and_length(rest).filter(|(_, length)| *length <= rest.len())
        else {
            break;
        };
        hide_in_record(rest.get_mut(..length).unwrap_or(&mut []));
        at += length;
    }
    blank_from(place, at);
}

/// Hides what is secret in a whole record.
fn hide_in_record(record: &mut [u8]) {
    let Some((kind, _)) = kind_and_length(record) else {
        return;
    };
    let (Some(before), Some(count)) = (words_before_command(kind), number_at(record, 8)) else {
        return;
    };
    let mut strings = Vec::new();
    let mut at = layout::RECORD_HEAD;
    while strings.len() < count
        && let Some(length) = number_at(record, at)
        && let Some(end) = (at + 4).checked_add(length)
        && end <= record.len()
    {
        strings.push(at + 4..end);
        at = end;
    }
    // What is no whole string is nothing that anybody reads.
    blank_from(record, at);
    let command = strings.get(before..).unwrap_or(&[]);
    let words: Vec<String> = command
        .iter()
        .map(|range| String::from_utf8_lossy(&record[range.clone()]).into_owned())
        .collect();
    for ((range, word), kept) in command.iter().zip(&words).zip(without_secrets(&words)) {
        if *word != kept {
            hide_in_word(&mut record[range.clone()], &kept);
        }
    }
}

/// Writes stars over what a word does not have in common with what may be kept of it: lengths stay.
fn hide_in_word(word: &mut [u8], kept: &str) {
    let kept = kept.as_bytes();
    let same = |(a, b): &(&u8, &u8)| a == b;
    let beginning = word.iter().zip(kept).take_while(same).count();
    let most = word.len().min(kept.len()) - beginning;
    let end = word
        .iter()
        .rev()
        .zip(kept.iter().rev())
        .take(most)
        .take_while(same)
        .count();
    let hidden = beginning..word.len() - end;
    word.get_mut(hidden).unwrap_or(&mut []).fill(b'*');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use swath_store::StoreBuilder;

    use super::*;
    use crate::pack_hit_store;

    fn shared(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut store = ShareableStore::new(bytes).unwrap();
        store.read_to_end(&mut out).unwrap();
        out
    }

    fn store() -> Vec<u8> {
        StoreBuilder::new(7, [3; 16])
            .process(
                b"/usr/bin/python",
                b"/srv",
                b"",
                &[
                    b"gunicorn",
                    b"--api-token",
                    b"s3cr3t-value",
                    b"--db=pg://me:pw123@db/x",
                ],
            )
            .file(1, b"/srv/a.py", Some([7; 20]))
            .code(1, 3, &[1, 2, 0, 2])
            .spawn(
                b"subprocess.Popen",
                b"curl",
                &[b"mysql --password=hunter22 -h db"],
                0,
            )
            .finish()
    }

    fn holds(bytes: &[u8], text: &str) -> bool {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    }

    #[test]
    fn secrets_are_hidden_and_every_record_stays_at_its_place() {
        let bytes = store();
        let out = shared(&bytes);
        for secret in ["s3cr3t", "pw123", "hunter22"] {
            assert!(holds(&bytes, secret) && !holds(&out, secret), "{secret}");
        }
        assert!(holds(&out, "gunicorn") && holds(&out, "@db/x"));
        assert!(out.len() <= bytes.len());
        let count = |bytes: &[u8]| swath_store::records(bytes).count();
        assert_eq!(count(&out), count(&bytes));
        let changed = bytes.iter().zip(&out).filter(|(a, b)| a != b);
        assert!(changed.into_iter().all(|(_, new)| *new == b'*'));
        let packed = pack_hit_store(&bytes).unwrap().unwrap();
        assert_eq!(shared(&packed), out, "packed ones are unpacked");
    }

    #[test]
    fn what_is_behind_the_last_whole_record_is_left_out() {
        let mut bytes = store();
        let end = shared(&bytes).len();
        bytes.truncate(end);
        // A record whose kind is not stored yet.
        let mut head = [0; 16];
        head[4..8].copy_from_slice(&64_u32.to_le_bytes());
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(&[b"--password in the making".as_slice(), &[b'.'; 24]].concat());
        assert_eq!(shared(&bytes), shared(&bytes[..end]));
    }

    #[test]
    fn fork_children_are_hidden_in_as_well() {
        let place = |bytes: Vec<u8>| {
            let mut place = bytes;
            place.truncate(layout::PLACE_LENGTH);
            place.resize(layout::PLACE_LENGTH, 0);
            place
        };
        let mut file = layout::FORKS_MAGIC.to_vec();
        file.extend_from_slice(&layout::FORMAT_VERSION.to_le_bytes());
        file.extend_from_slice(&2_u32.to_le_bytes());
        file.resize(layout::PLACE_LENGTH, 0);
        file.extend_from_slice(&place(store()));
        file.extend_from_slice(&place(Vec::new()));
        let out = shared(&file);
        assert_eq!(out.len(), file.len());
        assert!(holds(&file, "s3cr3t") && !holds(&out, "s3cr3t"));
        let store = ShareableStore::new(&file[..]).unwrap();
        assert!(store.has_places());
    }

    #[test]
    fn nothing_stays_of_what_is_no_store() {
        let out = shared(&[b"NOTASTORE --token=abc".to_vec(), vec![b'x'; 9000]].concat());
        assert!(out.len() <= layout::HEADER_LENGTH && !holds(&out, "token"));
        assert!(shared(b"").is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..600), cut in 0_usize..6000) {
            let mut all = store();
            all.truncate(cut.min(all.len()));
            all.extend_from_slice(&bytes);
            prop_assert!(shared(&all).len() <= all.len());
        }
    }
}
