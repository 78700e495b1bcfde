//! Which test a process runs, for the programs that it starts.
//!
//! A process that runs tests keeps in a file of the data folder which part of which test it runs at
//! the moment. A program that begins looks for the file of the nearest process above it that has one,
//! and looks again when it ends: if it says the same, all that the program did it did within that part
//! of the test, and for it. Nothing is handed to the program, so its environment is what it would be,
//! and it does not matter how it was started, nor what stands between the two.

use core::ffi::CStr;

use swath_store::layout;

use crate::context;
use crate::ffi;
use crate::path;
use crate::state::{Gil, Global};
use crate::store_file;
use crate::text::Buffer;

/// What a process says of itself.
#[derive(Clone, Copy)]
pub(crate) enum Saying<'a> {
    /// It runs no test now.
    Nothing,
    /// It runs a part of the test with this name.
    Test(&'a [u8]),
    /// What it starts is for nobody: it goes on for longer than the test that started it, or serves the
    /// requests of others.
    ForNobody,
}

/// When the process was begun, the number of what it says, its kind, how long the name is.
const HEAD: usize = 24;
const NOTHING: u32 = 0;
const TEST: u32 = 1;
const FOR_NOBODY: u32 = 2;
/// The head, and a name: longer ones are not said.
const LONGEST: usize = HEAD + 4 * 1024;
/// So many processes above are asked.
const MOST_ABOVE: usize = 32;

/// What a process says, as it is in the file.
type Content = Buffer<{ LONGEST + 1 }>;

/// How often a process, and those that it was forked from, have said something.
static COUNT: Global<u64> = Global::new(0);
/// Whether what was said last is a test.
static RUNS_TEST: Global<bool> = Global::new(false);
/// The process that said something last, and when it was begun.
static STARTED: Global<(u32, u64)> = Global::new((0, 0));
/// The process that says what this one was started for; 0: none.
static ABOVE: Global<u32> = Global::new(0);
/// What it said.
static SAID: Global<Content> = Global::new(Content::new());
/// Whether the store has a note of it.
static IS_NOTED: Global<bool> = Global::new(false);

/// Whether this process, or the one that it was forked from, said last that it runs a test.
#[inline]
pub(crate) fn is_said(gil: Gil<'_>) -> bool {
    RUNS_TEST.get(gil)
}

fn name_of(pid: u32) -> Buffer<64> {
    let mut name = Buffer::new();
    name.add(b"running-").add_decimal(u64::from(pid));
    name
}

/// Says what this process runs from now on.
pub(crate) fn say(gil: Gil<'_>, saying: Saying<'_>) {
    // SAFETY: getpid may be called at any time.
    let pid = unsafe { ffi::getpid() } as u32;
    let (kind, name): (u32, &[u8]) = match saying {
        // Who has not said that it runs one need not take that back. A fork child has said nothing yet.
        Saying::Nothing if !RUNS_TEST.get(gil) || STARTED.get(gil).0 != pid => return,
        Saying::Nothing => (NOTHING, &[]),
        Saying::Test(name) => (TEST, name),
        Saying::ForNobody => (FOR_NOBODY, &[]),
    };
    COUNT.set(gil, COUNT.get(gil) + 1);
    RUNS_TEST.set(gil, kind == TEST);
    if STARTED.get(gil).0 != pid {
        STARTED.set(gil, (pid, path::start_ticks()));
    }
    let mut content = Content::new();
    content
        .add(&STARTED.get(gil).1.to_le_bytes())
        .add(&COUNT.get(gil).to_le_bytes())
        .add(&kind.to_le_bytes())
        .add(&(name.len() as u32).to_le_bytes())
        .add(name);
    let file = name_of(pid);
    if !content.whole() || !store_file::write_whole(gil, &file, content.bytes()) {
        // What was said before holds no longer.
        store_file::remove_named(gil, &file);
    }
}

/// What the system says of a process, if there is one: 0 is that of a process that has none above it.
fn status_of(pid: u32) -> Option<path::Status> {
    if pid == 0 { None } else { path::status_of(pid) }
}

/// Reads what a process says that still runs.
fn read(gil: Gil<'_>, pid: u32, status: path::Status, out: &mut Content) -> Option<u32> {
    let mut bytes = [0; LONGEST];
    let length = store_file::read_beginning(gil, &name_of(pid), &mut bytes);
    let head = bytes.get(..length)?.get(..HEAD)?;
    let number = |at: usize| Some(u32::from_le_bytes(*head.get(at..)?.first_chunk()?));
    // Numbers of processes are used again.
    if *head.first_chunk()? != status.start_ticks.to_le_bytes() {
        return None;
    }
    let end = HEAD.checked_add(number(20)? as usize)?;
    out.truncate(0);
    out.add(bytes.get(..length)?.get(..end)?);
    number(16)
}

/// Finds out what this program was started for.
pub(crate) fn find(gil: Gil<'_>) {
    // What was replaced by this program may have said something, too.
    // SAFETY: getpid may be called at any time; with the GIL held nobody else uses what was said.
    let (mut pid, said) = unsafe { (ffi::getpid() as u32, &mut *SAID.place()) };
    for _ in 0..MOST_ABOVE {
        let Some(status) = status_of(pid) else {
            return;
        };
        match read(gil, pid, status, said) {
            Some(TEST) => {
                ABOVE.set(gil, pid);
                return;
            }
            Some(FOR_NOBODY) => return,
            _ => pid = status.parent,
        }
    }
}

/// The test that this program was started for, while the part of it goes on that did so.
pub(crate) fn started_for<'a>(gil: Gil<'_>) -> Option<&'a CStr> {
    let pid = ABOVE.get(gil);
    let status = status_of(pid)?;
    let mut now = Content::new();
    read(gil, pid, status, &mut now)?;
    // SAFETY: with the GIL held nobody else uses what was said, which stays as it was found; a
    // buffer's C string ends.
    unsafe {
        let said = &*SAID.place();
        let name = said.c_string().add(HEAD);
        (now.bytes() == said.bytes()).then(|| CStr::from_ptr(name))
    }
}

/// The process becomes another program, which runs no test yet.
pub(crate) fn before_exec(gil: Gil<'_>) {
    before_start(gil);
    conclude(gil);
    say(gil, Saying::Nothing);
}

/// The process starts another one.
pub(crate) fn before_start(gil: Gil<'_>) {
    if ABOVE.get(gil) != 0 && started_for(gil).is_none() {
        ABOVE.set(gil, 0);
        say(gil, Saying::ForNobody);
    }
}

/// The program ends, or becomes another: notes if all of it was for a test.
pub(crate) fn conclude(gil: Gil<'_>) {
    let test = started_for(gil).map(CStr::to_bytes);
    // The last one counts: what ends may go on after all.
    if test.is_some() || IS_NOTED.get(gil) {
        IS_NOTED.set(gil, true);
        context::note(gil, 0, &[layout::NOTE_STARTED_FOR, test.unwrap_or(&[])]);
    }
}
