//! Segments: pieces of hit stores, named by their content. Equal pieces of a run are one object.

use std::fmt::Write as _;
use std::io::{Read as _, Result, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use sha2::{Digest as _, Sha256};
use swath_store::layout::{HEADER_LENGTH, PLACE_LENGTH};

/// How long a piece is at most, in bytes.
pub(crate) const PIECE: usize = 64 << 10;

/// The headers of one file take no more, in bytes: an agent makes no file with so many places.
pub(crate) const MOST_HEADERS: usize = 8 << 20;

/// How a hit store is divided: the length of what goes into the index, then of the segment behind it,
/// for each part in turn. The last one may be shorter.
pub(crate) fn parts(places: bool) -> impl Iterator<Item = (usize, usize)> {
    let place = PLACE_LENGTH - HEADER_LENGTH;
    let (first, then) = if places {
        ((PLACE_LENGTH, 0), (HEADER_LENGTH, place))
    } else {
        ((HEADER_LENGTH, PIECE), (0, PIECE))
    };
    std::iter::once(first).chain(std::iter::repeat(then))
}

/// No object of a piece is longer, in bytes: deflate adds a little to what cannot be compressed.
pub(crate) const LONGEST_OBJECT: u64 = (64 << 10) + 1024;

/// The name of a piece: the SHA-256 of its content, in hexadecimal.
pub(crate) fn name_of(piece: &[u8]) -> String {
    let mut name = String::with_capacity(64);
    for byte in Sha256::digest(piece) {
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// Whether a text from elsewhere can be such a name.
pub(crate) fn is_name(text: &str) -> bool {
    let is_digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    text.len() == 64 && text.bytes().all(is_digit)
}

/// The key of a piece, below the run.
pub(crate) fn key_of(name: &str) -> String {
    format!("segments/{name}")
}

pub(crate) fn packed(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// What was packed, if it is no longer than `most`.
pub(crate) fn unpacked(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    let limit = u64::try_from(most).ok()?.checked_add(1)?;
    let mut content = Vec::new();
    let mut decoder = DeflateDecoder::new(bytes).take(limit);
    decoder.read_to_end(&mut content).ok()?;
    (content.len() <= most).then_some(content)
}

/// The piece that an object holds, if it is the one of this name.
pub(crate) fn checked(object: &[u8], name: &str) -> Option<Vec<u8>> {
    unpacked(object, PIECE).filter(|piece| name_of(piece) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_only_taken_under_its_own_name() {
        let piece = vec![7; PIECE];
        let name = name_of(&piece);
        assert!(is_name(&name) && !is_name("../x") && !is_name(&name.to_uppercase()));
        let object = packed(&piece).unwrap();
        assert_eq!(checked(&object, &name), Some(piece));
        assert_eq!(checked(&object, &name_of(b"other")), None);
        assert_eq!(checked(&object[..object.len() - 1], &name), None);
        let bomb = packed(&vec![0; PIECE + 1]).unwrap();
        assert_eq!(checked(&bomb, &name_of(&vec![0; PIECE + 1])), None);
        let noise: Vec<u8> = (0..PIECE)
            .map(|i| (i * 7919 % 251).to_le_bytes()[0])
            .collect();
        assert!(packed(&noise).unwrap().len() as u64 <= LONGEST_OBJECT);
    }
}
