//! The programs that the process starts, or becomes: what the accounting needs to miss one that left
//! nothing.
//!
//! CPython says what it is about to start, and not what came of it. So what cannot start is not
//! recorded, as far as that shows before; and of what may start, whether the agent gets into it.

mod environment;

use swath_store::layout;

use crate::ffi::{self, Object};
use crate::map;
use crate::object::{self, Owned};
use crate::path::{self, Path};
use crate::process::{ROOM, add_string, encoded};
use crate::scope::FOLDERS;
use crate::state::{Apart, Gil, let_others};
use crate::system_call;
use crate::text::Buffer;

use environment::Environment;

/// Arguments after these are left out.
const MOST_ARGUMENTS: isize = 256;
/// The longest string that Linux takes, with its end (`MAX_ARG_STRLEN`).
const LONGEST_STRING: usize = 32 * 4096;
/// So much of arguments and environment no program gets: three quarters of `_STK_LIM`.
const LONGEST_OF_ALL: usize = 6 << 20;

/// What is started, as far as it fits.
struct Started {
    executable: Buffer<4096>,
    /// Each argument ends with a zero.
    arguments: Buffer<ROOM>,
    /// How long all arguments are.
    length: usize,
}

/// Records a started program, from an audit event's arguments.
pub(crate) unsafe fn record(gil: Gil<'_>, how: &[u8], arguments: Object) {
    let mut started = Started {
        executable: Buffer::new(),
        arguments: Buffer::new(),
        length: 0,
    };
    let mut agent = Buffer::<1024>::new();
    // SAFETY: with the GIL held nobody changes the folders meanwhile. The tuple lives during the call.
    let flags = unsafe {
        agent.add((*FOLDERS.place()).agent.bytes());
        let_others(gil, |apart| {
            find(apart, how, arguments, agent.bytes(), &mut started)
        })
    };
    if let Some(flags) = flags {
        let program = [how, started.executable.bytes()];
        let arguments = started.arguments.bytes();
        map::record_numbered_strings(gil, layout::KIND_SPAWN, flags, &program, arguments);
    }
}

/// Finds out what is started, and what of it the layout has `SPAWN_` flags for; `None` if nothing is.
unsafe fn find(
    apart: Apart<'_>,
    how: &[u8],
    arguments: Object,
    agent: &[u8],
    started: &mut Started,
) -> Option<u32> {
    // `os.spawn` has the mode first, `subprocess.Popen` the folder before the environment; `os.system`
    // has only a command.
    let first = isize::from(how == b"os.spawn");
    let place = if how == b"os.system" {
        None
    } else {
        Some(first + 2 + isize::from(how == b"subprocess.Popen"))
    };
    // SAFETY: the tuple's items are alive as long as the event's tuple is.
    unsafe {
        if how == b"subprocess.Popen" && !has_folder(apart, arguments) {
            return None;
        }
        let environment = place.and_then(|place| item(arguments, place));
        let environment = Environment::read(apart, agent, environment)?;
        let program = item(arguments, first)?;
        if how == b"os.system" {
            started.executable.add(b"/bin/sh");
            add_string(apart, &mut started.arguments, program);
            started.arguments.add(&[0]);
            return Some(environment.ways);
        }
        if !object::is_none(program) {
            add_string(apart, &mut started.executable, program);
        }
        if let Some(list) = item(arguments, first + 1) {
            add_arguments(apart, started, list)?;
        }
        if started.length + environment.length > LONGEST_OF_ALL {
            return None;
        }
        if started.executable.bytes().is_empty() {
            let mut all = started.arguments.bytes().split(|byte| *byte == 0);
            started.executable.add(all.next().unwrap_or(&[]));
        }
        if started.executable.bytes().contains(&0) {
            return None;
        }
        let mut folder = Path::new();
        if how == b"subprocess.Popen" {
            add_folder(apart, arguments, &mut folder);
            // What has no folder in its name is looked for; it is nowhere, so it cannot start.
            if !environment.find_program(folder.bytes(), &mut started.executable) {
                return None;
            }
        }
        put_folder_in_front(folder.bytes(), &mut started.executable);
        let is_itself = is_of_itself(&mut started.executable);
        Some(
            environment.ways
                | if is_itself {
                    layout::SPAWN_OF_ITSELF
                } else {
                    0
                },
        )
    }
}

/// An item of an event's tuple.
unsafe fn item(arguments: Object, index: isize) -> Option<Object> {
    // SAFETY: the tuple is alive; what it does not have raises, which is cleared.
    unsafe {
        let item = ffi::PyTuple_GetItem(arguments, index);
        if item.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(item)
    }
}

/// Makes a relative path of a program absolute: it is of the folder in which the program starts, and
/// whoever reads the record knows only the one in which this process did.
fn put_folder_in_front(folder: &[u8], executable: &mut Buffer<4096>) {
    let name = executable.bytes();
    if name.first() == Some(&b'/') || !name.contains(&b'/') {
        return;
    }
    let mut whole = Path::new();
    add_start_folder(folder, &mut whole);
    whole.add(b"/").add(name);
    if whole.whole() {
        executable.truncate(0);
        executable.add(whole.bytes());
    }
}

/// Whether a program is the file that this process executes. Whoever reads the record may not have
/// the file system in which one name leads to what another does.
fn is_of_itself(program: &mut Buffer<4096>) -> bool {
    // What has no folder in its name was not looked for.
    if program.bytes().first() != Some(&b'/') || !program.whole() {
        return false;
    }
    let identity = |name| system_call::stat(name).map(|status| [status.device, status.inode]);
    let itself = identity(c"/proc/self/exe".as_ptr());
    itself.is_some() && itself == identity(program.c_string())
}

/// Adds the folder that a program starts in, whole, of what was given for it.
fn add_start_folder(given: &[u8], whole: &mut Path) {
    if given.first() != Some(&b'/') {
        path::working_folder(whole);
        if !given.is_empty() {
            whole.add(b"/");
        }
    }
    whole.add(given);
}

/// Adds the folder that `subprocess.Popen` is told to start a program in, if it is.
unsafe fn add_folder(apart: Apart<'_>, arguments: Object, folder: &mut Path) {
    // SAFETY: the tuple's items are alive as long as the event's tuple is.
    unsafe {
        if let Some(given) = item(arguments, 2)
            && !object::is_none(given)
        {
            add_string(apart, folder, given);
        }
    }
}

/// Whether the folder in which `subprocess.Popen` is to start a program is there: otherwise the
/// system refuses, and nothing starts.
unsafe fn has_folder(apart: Apart<'_>, arguments: Object) -> bool {
    let mut folder = Path::new();
    // SAFETY: the tuple's items are alive as long as the event's tuple is.
    unsafe { add_folder(apart, arguments, &mut folder) };
    // Only a folder that may be entered has a `.` to be reached.
    folder.bytes().is_empty() || path::exists(folder.add(b"/."))
}

/// Adds the arguments of a program; `None` if CPython or the system refuses one of them.
unsafe fn add_arguments(apart: Apart<'_>, started: &mut Started, list: Object) -> Option<()> {
    // SAFETY: the list is alive, and each of its items is held while it is read: the program may
    // change the list meanwhile.
    unsafe {
        if !object::is_sequence(list) {
            return add_argument(apart, started, list);
        }
        for index in 0..ffi::PySequence_Size(list).min(MOST_ARGUMENTS) {
            let Some(argument) = Owned::take(apart, ffi::PySequence_GetItem(list, index)) else {
                break;
            };
            add_argument(apart, started, argument.object())?;
        }
    }
    Some(())
}

unsafe fn add_argument(apart: Apart<'_>, started: &mut Started, argument: Object) -> Option<()> {
    // SAFETY: the argument is alive, and its bytes are held while they are read.
    unsafe {
        let argument = encoded(apart, argument)?;
        let bytes = string(apart, &argument)?;
        started.length += bytes.len() + 1;
        started.arguments.add(bytes).add(&[0]);
    }
    Some(())
}

/// The bytes of an argument or a variable, if the system takes them.
unsafe fn string<'a>(apart: Apart<'_>, encoded: &'a Owned) -> Option<&'a [u8]> {
    // SAFETY: the bytes live as long as the reference does.
    let bytes = unsafe { object::bytes(apart, encoded.object()) }?;
    (bytes.len() < LONGEST_STRING && !bytes.contains(&0)).then_some(bytes)
}
