//! The records behind the header: what the process ran, bound and started.

use crate::bytes::{array, piece, size, u32_at};
use crate::layout;

/// A source file that the process ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File<'store> {
    /// Its number, by which code records name it.
    pub id: u32,
    /// Its canonical path.
    pub path: &'store [u8],
    /// Git's blob id of its content when it was first seen, if it could be read then.
    pub hash: Option<[u8; 20]>,
    /// Whether there was no such file, nor byte code that it can have been imported from: the
    /// process made the code itself.
    pub is_absent: bool,
    /// The package of `source` that the file's module is in.
    pub package: Option<SourcePackage<'store>>,
}

/// A package that `source` names, of which a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourcePackage<'name> {
    /// Its name, as `source` has it.
    pub name: &'name [u8],
    /// Whether the module is the package itself.
    pub is_itself: bool,
}

/// A code object and its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code<'store> {
    /// The number of its file.
    pub file: u32,
    /// The line that `lines` begins with.
    pub first_line: u32,
    /// One of the `LINE_` values of [`layout`] a line.
    pub lines: &'store [u8],
    /// Where in the store `lines` begin; `exits` are behind them.
    pub place: usize,
    /// The line that the code object is defined on, where branches are recorded.
    pub definition: Option<u32>,
    /// One of the `LINE_` values a line: whether a frame was left from there. Empty where branches
    /// are not recorded.
    pub exits: &'store [u8],
}

impl Code<'_> {
    /// The line or the exit whose state is at a place in the store.
    pub fn at(&self, place: u32) -> Option<CodePlace> {
        let index = size(place).checked_sub(self.place)?;
        let line = |index: usize| self.first_line.checked_add(u32::try_from(index).ok()?);
        if index < self.lines.len() {
            return Some(CodePlace::Line(line(index)?));
        }
        let index = index.checked_sub(self.lines.len())?;
        if index >= self.exits.len() {
            return None;
        }
        let out = i32::try_from(self.definition?).ok()?;
        Some(CodePlace::Exit(line(index)?, -out))
    }

    /// The lines that have code, each with its state.
    pub fn executable(&self) -> impl Iterator<Item = (u32, u8)> {
        // Lines past the last number there is are no lines: only a damaged store has them.
        let numbers = self.first_line..=u32::MAX;
        numbers
            .zip(self.lines.iter().copied())
            .filter(|(_, state)| *state != layout::LINE_NONE)
    }

    /// The lines that ran.
    pub fn hits(&self) -> impl Iterator<Item = u32> {
        self.executable()
            .filter(|(_, state)| is_hit(*state))
            .map(|(line, _)| line)
    }

    /// The exits that were taken, each as the line it was taken from and the negated line that the
    /// code object is defined on: coverage.py's way to write an exit.
    pub fn taken_exits(&self) -> impl Iterator<Item = (u32, i32)> {
        let target = self.definition.and_then(|line| i32::try_from(line).ok());
        let numbers = self.first_line..=u32::MAX;
        numbers
            .zip(self.exits.iter().copied())
            .filter(|(_, state)| is_hit(*state))
            .filter_map(move |(line, _)| Some((line, -target?)))
    }
}

/// What a state in a code record is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodePlace {
    /// A line.
    Line(u32),
    /// An exit from a line, as [`Code::taken_exits`] gives it.
    Exit(u32, i32),
}

/// Whether a state says that it happened.
fn is_hit(state: u8) -> bool {
    state == layout::LINE_HIT
}

/// Jumps from line to line that a code object can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arcs<'store> {
    /// The number of their file.
    pub file: u32,
    pairs: &'store [u8],
    states: &'store [u8],
    /// Where in the store the states begin.
    pub place: usize,
    /// The store up to this record: a proof is always in a record before.
    before: &'store [u8],
}

impl<'store> Arcs<'store> {
    /// The arcs that were taken: seen, or proved by a line that can only be reached that way.
    pub fn taken(&self) -> impl Iterator<Item = TakenArc> + 'store {
        let before = self.before;
        let is_proved = move |proof| before.get(size(proof)).is_some_and(|state| is_hit(*state));
        let states = self.states;
        self.all().enumerate().filter_map(move |(index, arc)| {
            let is_seen = states.get(index).is_some_and(|state| is_hit(*state));
            (is_seen || arc.proof.is_some_and(is_proved)).then_some(arc.taken)
        })
    }

    /// All of them that there are, in order, taken or not.
    pub fn all(&self) -> impl Iterator<Item = KnownArc> + 'store {
        let first = self.place;
        self.pairs
            .chunks_exact(layout::ARC_LENGTH)
            .enumerate()
            .filter_map(move |(index, arc)| {
                let proof = u32_at(arc, 8)?;
                Some(KnownArc {
                    taken: TakenArc {
                        from: u32_at(arc, 0)?,
                        to: i32::from_le_bytes(array(arc, 4)?),
                        is_concluded: proof == layout::ARC_CONCLUDED,
                    },
                    place: u32::try_from(first.checked_add(index)?).ok()?,
                    proof: Some(proof).filter(|proof| *proof != 0),
                })
            })
    }
}

/// An arc that a code object has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownArc {
    /// The arc.
    pub taken: TakenArc,
    /// Where in the store its state is.
    pub place: u32,
    /// Where in the store the state of the line is that proves it, if any does.
    pub proof: Option<u32>,
}

/// An arc that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenArc {
    /// The line that it comes from.
    pub from: u32,
    /// The line that it goes to; negative: out of the code object that is defined on that line.
    pub to: i32,
    /// Whether it counts even if the line that it goes to never ran.
    pub is_concluded: bool,
}

/// Byte strings, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strings<'store> {
    count: u32,
    bytes: &'store [u8],
}

impl<'store> Strings<'store> {
    /// The strings, up to the first one that is not whole.
    pub fn iter(&self) -> StringsIter<'store> {
        StringsIter(*self)
    }
}

impl<'store> IntoIterator for Strings<'store> {
    type Item = &'store [u8];
    type IntoIter = StringsIter<'store>;

    fn into_iter(self) -> StringsIter<'store> {
        StringsIter(self)
    }
}

impl<'store> IntoIterator for &Strings<'store> {
    type Item = &'store [u8];
    type IntoIter = StringsIter<'store>;

    fn into_iter(self) -> StringsIter<'store> {
        self.iter()
    }
}

/// Goes through [`Strings`].
#[derive(Clone, Debug)]
pub struct StringsIter<'store>(Strings<'store>);

impl<'store> Iterator for StringsIter<'store> {
    type Item = &'store [u8];

    fn next(&mut self) -> Option<&'store [u8]> {
        let Strings { count, bytes } = self.0;
        let count = count.checked_sub(1)?;
        let length = size(u32_at(bytes, 0)?);
        let string = piece(bytes, 4, length)?;
        let bytes = bytes.get(length.checked_add(4)?..)?;
        self.0 = Strings { count, bytes };
        Some(string)
    }
}

/// What the process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process<'store> {
    /// The interpreter, `sys.executable`.
    pub executable: &'store [u8],
    /// The folder it was started in.
    pub folder: &'store [u8],
    /// The declared service it belongs to, if any.
    pub service: Option<&'store [u8]>,
    /// Its command line.
    pub arguments: Strings<'store>,
    /// Whether the record was copied from the fork parent.
    pub inherited: bool,
}

/// The process bound a stream socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen<'store> {
    /// The address: `127.0.0.1:8000`, `[::1]:8000` or a path.
    pub address: &'store [u8],
    /// Whether the record was copied from the fork parent.
    pub inherited: bool,
}

/// The process started another program, or became it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spawn<'store> {
    /// The audit event: `subprocess.Popen`, `os.exec`, `os.posix_spawn`, `os.spawn`, `os.system`.
    pub how: &'store [u8],
    /// The program.
    pub executable: &'store [u8],
    /// Its command line; one string when a shell takes it apart.
    pub arguments: Strings<'store>,
    /// By which ways the agent was given to it, and which file it is: `SPAWN_` flags of [`layout`].
    pub flags: u32,
    /// Whether the record was copied from the fork parent.
    pub inherited: bool,
}

/// Something about the agent itself that the accounting must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State<'store> {
    /// A stable name, as in `evaluation-hook-taken`.
    pub slug: &'store [u8],
    /// What there is to say, for people.
    pub text: &'store [u8],
    /// Whether the record was copied from the fork parent.
    pub inherited: bool,
}

/// Whom what runs is counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context<'store> {
    /// Its number, by which the other records name it.
    pub id: u32,
    /// What it is: first one of the `CONTEXT_` strings of [`layout`].
    pub strings: Strings<'store>,
}

/// States that were set on behalf of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextPlaces<'store> {
    /// The number of the context.
    pub context: u32,
    places: &'store [u8],
}

impl ContextPlaces<'_> {
    /// Where in the store the states are, of code and arcs records.
    pub fn places(&self) -> impl Iterator<Item = u32> {
        let places = self.places.as_chunks::<4>().0.iter();
        places
            .map(|place| u32::from_le_bytes(*place))
            .take_while(|place| *place != 0)
    }
}

/// What became known of a context, or of what the process serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextNote<'store> {
    /// The number of the context; 0 for the process.
    pub context: u32,
    /// What it is: first one of the `NOTE_` strings of [`layout`].
    pub strings: Strings<'store>,
}

/// A record of a kind that this version does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown<'store> {
    /// Its kind.
    pub kind: u32,
    /// Whether the rest means something else to a reader that does not know this kind.
    pub critical: bool,
    /// Its bytes.
    pub payload: &'store [u8],
}

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Record<'store> {
    /// A source file.
    File(File<'store>),
    /// A code object and its lines.
    Code(Code<'store>),
    /// What the process is.
    Process(Process<'store>),
    /// It bound a stream socket.
    Listen(Listen<'store>),
    /// It started another program.
    Spawn(Spawn<'store>),
    /// Something about the agent itself.
    State(State<'store>),
    /// Jumps from line to line.
    Arcs(Arcs<'store>),
    /// Whom what runs is counted for.
    Context(Context<'store>),
    /// States that were set on behalf of a context.
    ContextPlaces(ContextPlaces<'store>),
    /// What became known of a context.
    ContextNote(ContextNote<'store>),
    /// A kind from a later version: to be skipped, unless it is critical.
    Unknown(Unknown<'store>),
}

/// The records of a hit store, given all its bytes, up to the first one that is not whole.
///
/// A record whose inside does not fit its length is left out: the ones after it still count.
pub fn records(store: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let inherited_tail = array(store, layout::at::INHERITED_TAIL).map_or(0, u64::from_le_bytes);
    Records {
        store,
        place: layout::HEADER_LENGTH,
        inherited_tail: usize::try_from(inherited_tail).unwrap_or(usize::MAX),
    }
    .flatten()
}

struct Records<'store> {
    store: &'store [u8],
    place: usize,
    inherited_tail: usize,
}

impl<'store> Iterator for Records<'store> {
    type Item = Option<Record<'store>>;

    fn next(&mut self) -> Option<Option<Record<'store>>> {
        let kind = u32_at(self.store, self.place)?;
        let length = size(u32_at(self.store, self.place.checked_add(4)?)?);
        if kind == 0 || length < layout::RECORD_HEAD || !length.is_multiple_of(layout::ALIGNMENT) {
            return None;
        }
        let bytes = piece(self.store, self.place, length)?;
        let head = Head {
            kind,
            a: u32_at(bytes, 8)?,
            b: u32_at(bytes, 12)?,
            inherited: self.place < self.inherited_tail,
        };
        let before = self.store.get(..self.place)?;
        self.place = self.place.checked_add(length)?;
        Some(head.read(bytes.get(layout::RECORD_HEAD..)?, before))
    }
}

struct Head {
    kind: u32,
    a: u32,
    b: u32,
    inherited: bool,
}

impl Head {
    fn read<'store>(&self, payload: &'store [u8], before: &'store [u8]) -> Option<Record<'store>> {
        let inherited = self.inherited;
        Some(match self.kind {
            layout::KIND_FILE => {
                let flags = u32_at(payload, 20)?;
                let behind = layout::FILE_FIXED.checked_add(size(self.b))?;
                let name = piece(payload, behind, size(flags >> layout::FILE_PACKAGE_LENGTH));
                Record::File(File {
                    id: self.a,
                    path: piece(payload, layout::FILE_FIXED, size(self.b))?,
                    package: name
                        .filter(|name| !name.is_empty())
                        .map(|name| SourcePackage {
                            name,
                            is_itself: flags & layout::FILE_PACKAGE_ITSELF != 0,
                        }),
                    hash: array(payload, 0).filter(|_| flags & layout::FILE_HASHED != 0),
                    is_absent: flags & layout::FILE_ABSENT != 0,
                })
            }
            layout::KIND_CODE => Record::Code(self.read_code(payload, before)?),
            layout::KIND_ARCS => {
                let count = size(self.b);
                let length = count.checked_mul(layout::ARC_LENGTH)?;
                Record::Arcs(Arcs {
                    file: self.a,
                    pairs: piece(payload, 0, length)?,
                    states: piece(payload, length, count)?,
                    place: payload_place(before)?.checked_add(length)?,
                    before,
                })
            }
            layout::KIND_PROCESS => {
                let mut strings = self.strings(payload).into_iter();
                Record::Process(Process {
                    executable: strings.next()?,
                    folder: strings.next()?,
                    service: strings.next().filter(|service| !service.is_empty()),
                    arguments: strings.0,
                    inherited,
                })
            }
            layout::KIND_LISTEN => Record::Listen(Listen {
                address: piece(payload, 0, size(self.b))?,
                inherited,
            }),
            layout::KIND_SPAWN => {
                let mut strings = self.strings(payload).into_iter();
                Record::Spawn(Spawn {
                    how: strings.next()?,
                    executable: strings.next()?,
                    arguments: strings.0,
                    flags: self.b,
                    inherited,
                })
            }
            layout::KIND_STATE => Record::State(State {
                slug: piece(payload, 0, size(self.a))?,
                text: piece(payload, size(self.a), size(self.b))?,
                inherited,
            }),
            layout::KIND_CONTEXT => Record::Context(Context {
                id: self.b,
                strings: self.strings(payload),
            }),
            layout::KIND_CONTEXT_PLACES => Record::ContextPlaces(ContextPlaces {
                context: self.a,
                places: piece(payload, 0, size(self.b).checked_mul(4)?)?,
            }),
            layout::KIND_CONTEXT_NOTE => Record::ContextNote(ContextNote {
                context: self.b,
                strings: self.strings(payload),
            }),
            kind => Record::Unknown(Unknown {
                kind,
                critical: kind & layout::CRITICAL != 0,
                payload,
            }),
        })
    }

    fn read_code<'store>(
        &self,
        payload: &'store [u8],
        before: &'store [u8],
    ) -> Option<Code<'store>> {
        let span = size(u32_at(payload, 0)?);
        let definition = Some(u32_at(payload, layout::CODE_DEFINITION)?).filter(|line| *line != 0);
        let behind = layout::CODE_FIXED.checked_add(span)?;
        Some(Code {
            file: self.a,
            first_line: self.b,
            lines: piece(payload, layout::CODE_FIXED, span)?,
            place: payload_place(before)?.checked_add(layout::CODE_FIXED)?,
            definition,
            exits: match definition {
                Some(_) => piece(payload, behind, span)?,
                None => &[],
            },
        })
    }

    fn strings<'store>(&self, payload: &'store [u8]) -> Strings<'store> {
        Strings {
            count: self.a,
            bytes: payload,
        }
    }
}

/// Where in the store the payload of a record begins that has so much before it.
fn payload_place(before: &[u8]) -> Option<usize> {
    before.len().checked_add(layout::RECORD_HEAD)
}
