//! What the operations of byte code do to the flow of control, in each version of CPython.
//!
//! Only what moves control is told apart; a test compares the numbers with the `opcode` module of
//! every Python found.

use swath_store::Version;

/// What one code unit does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// Goes on with the next one.
    Plain,
    /// Goes on, and makes a function or class.
    Make,
    /// Room that an operation uses while it runs, or a mark that a branch was not taken.
    Cache,
    /// The front part of a large argument.
    Front,
    /// Goes to its target.
    Jump,
    /// Goes on, or to its target: `if`, `while`, `for`.
    Branch,
    /// As a branch, but whether an exception is handled here: no branch to the reader of a report.
    Handling,
    /// Goes on, or to its target, as part of one operation of the language: `await`.
    Await,
    /// Leaves the frame.
    Return,
    /// Raises.
    Raise,
    /// Raises again what was being handled.
    Reraise,
    /// Leaves the frame until it is resumed.
    Yield,
    /// Goes on; its target is where exceptions go (3.8 to 3.10).
    Guard,
    /// Goes to its target and comes back (3.8).
    Call,
    /// Goes on, or comes back to where it was called from (3.8).
    CallEnd,
    /// Begins the handling of an exception (3.11 and newer).
    Catch,
    /// Raises again what was thrown into what is awaited, unless that ended it (3.12 and newer).
    Throw,
    /// Goes on, and ends what guards against exceptions (3.8 to 3.10).
    GuardEnd,
    /// Ends an `async for`: entered by an exception, goes on if that is the end of the iteration.
    AsyncEnd,
    /// Ends an `except*`: goes on, or to where what its clauses left or raised is raised (3.12 and 3.13).
    GroupEnd,
}

impl Kind {
    /// Whether the unit is part of another operation.
    #[inline]
    pub(crate) fn is_no_operation(self) -> bool {
        matches!(self, Self::Cache | Self::Front)
    }
}

/// How a jump's argument gives its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Forward,
    Backward,
    Absolute,
}

/// What one operation does.
#[derive(Clone, Copy)]
struct Operation {
    kind: Kind,
    reach: Reach,
    /// Whether it cannot raise.
    is_quiet: bool,
}

/// One version's operations. Zeros stand for what a version does not have: no version gives that
/// number to an operation of interest.
pub(crate) struct Operations {
    /// Which of [`TABLES`] is made of them.
    table: usize,
    pub extended: u8,
    /// Jumps that always jump, and how far.
    jumps: [(u8, Reach); 4],
    branches: [u8; 10],
    reach: Reach,
    /// Branches that go back (3.11).
    backward_branches: [u8; 4],
    /// Branches that test an exception by themselves (3.9, 3.10).
    handling: u8,
    /// What makes the branch behind it a test of an exception: checks for `except`, and asks the
    /// end of a `with`.
    checks: [u8; 2],
    /// A comparison, which is such a check when its argument is this (3.8).
    comparison: (u8, u8),
    returns: [u8; 2],
    raises: u8,
    reraises: u8,
    yields: [u8; 2],
    awaits: u8,
    guards: [u8; 3],
    call: u8,
    call_end: u8,
    async_end: u8,
    make: u8,
    catches: u8,
    throws: u8,
    guard_end: u8,
    /// What cannot raise (3.12 and 3.13; of the others it is not asked).
    quiet: &'static [u8],
    /// Stands where a branch goes on (3.14).
    pub not_taken: u8,
    /// Begins a body, and stands where a frame is resumed (3.11).
    pub resume: u8,
    /// Bytes that one unit of an argument means.
    pub scale: u32,
}

const NONE: (u8, Reach) = (0, Reach::Forward);

/// The names behind these numbers are in the test that compares them.
const QUIET_12: &[u8] = &[
    9, 1, 2, 4, 5, 35, 83, 89, 90, 97, 99, 100, 103, 110, 117, 119, 120, 121, 124, 125, 128, 129,
    132, 134, 135, 136, 138, 140, 143, 149, 151, 172,
];
const QUIET_13: &[u8] = &[
    11, 12, 26, 30, 31, 32, 33, 34, 36, 47, 61, 62, 76, 77, 78, 79, 83, 85, 86, 88, 94, 97, 98, 99,
    100, 102, 103, 106, 109, 110, 111, 112, 113, 114, 115, 149,
];

const V8: Operations = Operations {
    table: 0,
    extended: 144,
    jumps: [(110, Reach::Forward), (113, Reach::Absolute), NONE, NONE],
    branches: [93, 111, 112, 114, 115, 0, 0, 0, 0, 0],
    reach: Reach::Absolute,
    backward_branches: [0; 4],
    handling: 0,
    checks: [0; 2],
    comparison: (107, 10),
    returns: [83, 0],
    raises: 130,
    reraises: 0,
    yields: [86, 72],
    awaits: 0,
    guards: [122, 143, 154],
    call: 162,
    call_end: 88,
    async_end: 54,
    make: 132,
    catches: 0,
    throws: 0,
    guard_end: 87,
    quiet: &[],
    not_taken: 0,
    resume: 0,
    scale: 1,
};

const V9: Operations = Operations {
    table: 1,
    handling: 121,
    checks: [49, 0],
    comparison: (0, 0),
    reraises: 48,
    call: 0,
    call_end: 0,
    ..V8
};

const V10: Operations = Operations {
    table: 2,
    reraises: 119,
    scale: 2,
    ..V9
};

const V11: Operations = Operations {
    table: 3,
    extended: 144,
    jumps: [
        (110, Reach::Forward),
        (140, Reach::Backward),
        (134, Reach::Backward),
        NONE,
    ],
    branches: [93, 111, 112, 114, 115, 128, 129, 0, 0, 0],
    reach: Reach::Forward,
    backward_branches: [173, 174, 175, 176],
    handling: 0,
    checks: [36, 49],
    comparison: (0, 0),
    returns: [83, 0],
    raises: 130,
    reraises: 119,
    yields: [86, 0],
    awaits: 123,
    guards: [0; 3],
    call: 0,
    call_end: 0,
    async_end: 54,
    make: 132,
    catches: 35,
    throws: 0,
    guard_end: 0,
    quiet: &[],
    not_taken: 0,
    resume: 151,
    scale: 2,
};

const V12: Operations = Operations {
    table: 4,
    branches: [93, 114, 115, 128, 129, 0, 0, 0, 0, 0],
    backward_branches: [0; 4],
    returns: [83, 121],
    yields: [150, 0],
    throws: 55,
    quiet: QUIET_12,
    ..V11
};

const V13: Operations = Operations {
    table: 5,
    extended: 71,
    jumps: [
        (79, Reach::Forward),
        (77, Reach::Backward),
        (78, Reach::Backward),
        NONE,
    ],
    branches: [72, 97, 98, 99, 100, 0, 0, 0, 0, 0],
    checks: [7, 44],
    returns: [36, 103],
    raises: 101,
    reraises: 102,
    yields: [118, 0],
    awaits: 104,
    async_end: 10,
    make: 26,
    catches: 33,
    throws: 8,
    quiet: QUIET_13,
    resume: 149,
    ..V12
};

const V14: Operations = Operations {
    table: 6,
    extended: 69,
    jumps: [
        (77, Reach::Forward),
        (75, Reach::Backward),
        (76, Reach::Backward),
        NONE,
    ],
    branches: [70, 100, 101, 102, 103, 0, 0, 0, 0, 0],
    checks: [6, 43],
    returns: [35, 0],
    raises: 104,
    reraises: 105,
    yields: [120, 0],
    awaits: 106,
    async_end: 68,
    make: 23,
    not_taken: 28,
    catches: 32,
    throws: 7,
    quiet: &[],
    resume: 128,
    ..V13
};

const V15: Operations = Operations {
    table: 7,
    extended: 67,
    jumps: [
        (76, Reach::Forward),
        (74, Reach::Backward),
        (75, Reach::Backward),
        NONE,
    ],
    branches: [68, 99, 100, 101, 102, 0, 0, 0, 0, 0],
    checks: [6, 41],
    returns: [33, 0],
    raises: 103,
    reraises: 104,
    yields: [119, 0],
    awaits: 105,
    async_end: 66,
    make: 21,
    catches: 30,
    not_taken: 26,
    ..V14
};

/// By version and number, so that each is found at once: all code that runs is looked through.
static TABLES: [[Operation; 256]; 8] = [
    V8.all(),
    V9.all(),
    V10.all(),
    V11.all(),
    V12.all(),
    V13.all(),
    V14.all(),
    V15.all(),
];

/// Whether a number is among some.
const fn is_among(numbers: &[u8], number: u8) -> bool {
    let mut rest = numbers;
    while let [first, behind @ ..] = rest {
        if *first == number {
            return true;
        }
        rest = behind;
    }
    false
}

/// The operations of a version, as in 0x0309.
pub(crate) fn of(version: u32) -> &'static Operations {
    match Version::of_hexversion(version << 16) {
        Some(Version::V3_8) => &V8,
        Some(Version::V3_9) => &V9,
        Some(Version::V3_10) => &V10,
        Some(Version::V3_11) => &V11,
        Some(Version::V3_12) => &V12,
        Some(Version::V3_13) => &V13,
        Some(Version::V3_14) => &V14,
        // Others are refused before any code is looked at.
        Some(Version::V3_15) | None => &V15,
    }
}

impl Operations {
    /// What an operation does, and how its argument reaches its target.
    #[inline]
    pub(crate) fn kind(&self, operation: u8) -> (Kind, Reach) {
        let found = self.operation(operation);
        (found.kind, found.reach)
    }

    /// Whether an operation cannot raise. An iteration's step can, though it is a branch.
    #[inline]
    pub(crate) fn is_quiet(&self, operation: u8) -> bool {
        self.operation(operation).is_quiet
    }

    #[inline]
    fn operation(&self, number: u8) -> Operation {
        const NOTHING: Operation = Operation {
            kind: Kind::Plain,
            reach: Reach::Forward,
            is_quiet: false,
        };
        let table = TABLES.get(self.table);
        table.map_or(NOTHING, |table| table[number as usize])
    }

    /// All operations, by number.
    const fn all(&self) -> [Operation; 256] {
        let mut all = [self.look_up(0); 256];
        let mut number = u8::MAX;
        while number > 0 {
            all[number as usize] = self.look_up(number);
            number -= 1;
        }
        all
    }

    const fn look_up(&self, number: u8) -> Operation {
        let (kind, reach) = self.find_kind(number);
        let is_quiet = number == 0 || number == self.extended || is_among(self.quiet, number);
        Operation {
            kind,
            reach,
            is_quiet,
        }
    }

    const fn find_kind(&self, operation: u8) -> (Kind, Reach) {
        if operation == 0 || operation == self.not_taken {
            return (Kind::Cache, Reach::Forward);
        }
        if operation == self.extended {
            return (Kind::Front, Reach::Forward);
        }
        let mut jumps: &[(u8, Reach)] = &self.jumps;
        while let [(number, reach), rest @ ..] = jumps {
            if *number == operation {
                return (Kind::Jump, *reach);
            }
            jumps = rest;
        }
        if operation == self.iteration() {
            return (Kind::Branch, Reach::Forward);
        }
        if is_among(&self.branches, operation) {
            return (Kind::Branch, self.reach);
        }
        if is_among(&self.backward_branches, operation) {
            return (Kind::Branch, Reach::Backward);
        }
        let kind = if operation == self.handling {
            return (Kind::Handling, self.reach);
        } else if is_among(&self.returns, operation) {
            Kind::Return
        } else if operation == self.raises {
            Kind::Raise
        } else if operation == self.reraises {
            Kind::Reraise
        } else if is_among(&self.yields, operation) {
            Kind::Yield
        } else if operation == self.awaits {
            Kind::Await
        } else if is_among(&self.guards, operation) {
            Kind::Guard
        } else if operation == self.call {
            Kind::Call
        } else if operation == self.call_end {
            Kind::CallEnd
        } else if operation == self.make {
            Kind::Make
        } else if operation == self.catches {
            Kind::Catch
        } else if operation == self.throws {
            Kind::Throw
        } else if operation == self.guard_end {
            Kind::GuardEnd
        } else if operation == self.async_end {
            // Its argument leads back to where the iteration goes on (3.14).
            return (Kind::AsyncEnd, Reach::Backward);
        } else {
            Kind::Plain
        };
        (kind, Reach::Forward)
    }

    /// `FOR_ITER`: the one branch whose target is always relative.
    const fn iteration(&self) -> u8 {
        let [first, ..] = self.branches;
        first
    }

    /// Whether the branch behind this operation asks whether an exception is handled.
    pub(crate) fn checks_exception(&self, operation: u8, argument: u32) -> bool {
        let (comparison, kind) = self.comparison;
        operation != 0
            && (self.checks.contains(&operation)
                || (operation == comparison && argument == u32::from(kind)))
    }

    /// Whether a frame that stands at this operation, with that one behind it, is suspended.
    pub(crate) fn is_suspended(&self, operation: u8, next: u8) -> bool {
        if self.resume != 0 {
            return next == self.resume;
        }
        let [value, from] = self.yields;
        operation == value || next == from
    }
}
