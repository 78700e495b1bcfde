//! What the process is, listens to and starts: what the accounting needs to give it a role.
//! Never its environment.

use core::ffi::c_int;

use swath_store::layout;

use crate::ffi::{self, Object};
use crate::map;
use crate::object::{self, Owned};
use crate::path::{self, Path};
use crate::state::{Apart, Gil, let_others};
use crate::text::{Buffer, c_bytes};

/// Room for the strings of one record.
const ROOM: usize = 32 << 10;
/// Arguments after these are left out.
const MOST_ARGUMENTS: isize = 256;

/// Records the process itself.
#[expect(
    clippy::large_stack_arrays,
    reason = "once, at the start, on the main thread's stack: a command line has no other bound"
)]
pub(crate) fn record_process(gil: Gil<'_>) {
    let mut folder = Path::new();
    path::working_folder(&mut folder);
    // SAFETY: the environment's text is copied before Python code could change it, and
    // `sys.executable` is held by `sys` meanwhile.
    unsafe {
        let service = c_bytes(ffi::getenv(c"SWATH_SERVICE".as_ptr()));
        let executable = object::system(gil, c"executable");
        let executable = executable
            .as_ref()
            .map(Owned::object)
            .filter(|executable| object::is_text(*executable))
            .and_then(|executable| object::text(gil, executable))
            .unwrap_or(&[]);
        let mut arguments = [0_u8; ROOM];
        let length = path::read_file(c"/proc/self/cmdline", &mut arguments);
        let arguments = arguments.get(..length).unwrap_or(&[]);
        let strings = [executable, folder.bytes(), service];
        map::record_strings(gil, layout::KIND_PROCESS, &strings, arguments);
    }
}

/// Records a bound stream socket; the arguments are the socket and the address.
pub(crate) unsafe fn record_listen(gil: Gil<'_>, arguments: Object) {
    // SAFETY: the tuple lives during the call. The payload was asked for as long as the text.
    unsafe {
        let Some((family, text)) = let_others(gil, |apart| listening(apart, arguments)) else {
            return;
        };
        let (bytes, length) = (text.bytes(), text.bytes().len());
        if let Some(draft) = map::append(gil, layout::KIND_LISTEN, family, length as u32, length) {
            draft.put(0, bytes);
            draft.commit(gil);
        }
    }
}

/// The family and the address of a bound stream socket; none of another one.
unsafe fn listening(apart: Apart<'_>, arguments: Object) -> Option<(u32, Buffer<512>)> {
    const SOL_SOCKET: c_int = 1;
    const SO_TYPE: c_int = 3;
    const SO_DOMAIN: c_int = 39;
    const SOCK_STREAM: c_int = 1;
    // SAFETY: the tuple's items are alive as long as the event's tuple is, and `getsockopt` gets
    // room for the number that it is told of.
    unsafe {
        let socket = ffi::PyTuple_GetItem(arguments, 0);
        let address = ffi::PyTuple_GetItem(arguments, 1);
        if socket.is_null() || address.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        let descriptor = ffi::PyObject_AsFileDescriptor(socket);
        if descriptor < 0 {
            ffi::PyErr_Clear();
            return None;
        }
        let option = |name| {
            let (mut value, mut length): (c_int, u32) = (-1, 4);
            ffi::getsockopt(
                descriptor,
                SOL_SOCKET,
                name,
                &raw mut value,
                &raw mut length,
            );
            value
        };
        if option(SO_TYPE) != SOCK_STREAM {
            return None;
        }
        let mut text = Buffer::<512>::new();
        add_address(apart, &mut text, address);
        Some((option(SO_DOMAIN) as u32, text))
    }
}

unsafe fn add_address(apart: Apart<'_>, text: &mut Buffer<512>, address: Object) {
    // SAFETY: the address is alive, and its parts are held while they are read.
    unsafe {
        if !object::is_sequence(address) {
            let mut path = Buffer::<512>::new();
            add_string(apart, &mut path, address);
            match path.bytes() {
                [0, name @ ..] => text.add(b"@").add(name),
                name => text.add(name),
            };
            return;
        }
        let (Some(host), Some(port)) = (
            Owned::take(apart, ffi::PySequence_GetItem(address, 0)),
            Owned::take(apart, ffi::PySequence_GetItem(address, 1)),
        ) else {
            return;
        };
        let mut name = Buffer::<512>::new();
        add_string(apart, &mut name, host.object());
        if name.bytes().contains(&b':') {
            text.add(b"[").add(name.bytes()).add(b"]");
        } else {
            text.add(name.bytes());
        }
        let port = object::number(apart, port.object());
        text.add(b":").add_decimal(u64::try_from(port).unwrap_or(0));
    }
}

/// Records a started program, from an audit event's arguments.
pub(crate) unsafe fn record_spawn(gil: Gil<'_>, how: &[u8], arguments: Object) {
    let mut executable = Buffer::<4096>::new();
    let mut strings = Buffer::<ROOM>::new();
    // SAFETY: the tuple lives during the call.
    let starts = let_others(gil, |apart| unsafe {
        spawning(apart, how, arguments, &mut executable, &mut strings)
    });
    if starts.is_some() {
        let program = [how, executable.bytes()];
        map::record_strings(gil, layout::KIND_SPAWN, &program, strings.bytes());
    }
}

/// Finds out what is started, and with which arguments; `None` if nothing is.
unsafe fn spawning(
    apart: Apart<'_>,
    how: &[u8],
    arguments: Object,
    executable: &mut Buffer<4096>,
    strings: &mut Buffer<ROOM>,
) -> Option<()> {
    // `os.spawn` has the mode first; `os.system` only a command.
    let first = isize::from(how == b"os.spawn");
    // SAFETY: the tuple's items are alive as long as the event's tuple is.
    unsafe {
        if how == b"subprocess.Popen" && !has_folder(apart, arguments) {
            return None;
        }
        let program = ffi::PyTuple_GetItem(arguments, first);
        if program.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        if how == b"os.system" {
            executable.add(b"/bin/sh");
            add_string(apart, strings, program);
            strings.add(&[0]);
        } else {
            if !object::is_none(program) {
                add_string(apart, executable, program);
            }
            let list = ffi::PyTuple_GetItem(arguments, first + 1);
            if list.is_null() {
                ffi::PyErr_Clear();
            } else if !add_arguments(apart, strings, list) {
                return None;
            }
            if executable.bytes().is_empty() {
                let mut all = strings.bytes().split(|byte| *byte == 0);
                executable.add(all.next().unwrap_or(&[]));
            }
            put_folder_in_front(apart, how, arguments, executable);
        }
        Some(())
    }
}

/// Makes a relative path of a program absolute: it is of the folder in which the program starts, and
/// whoever reads the record knows only the one in which this process did.
unsafe fn put_folder_in_front(
    apart: Apart<'_>,
    how: &[u8],
    arguments: Object,
    executable: &mut Buffer<4096>,
) {
    let name = executable.bytes();
    if name.first() == Some(&b'/') || !name.contains(&b'/') {
        return;
    }
    let mut given = Path::new();
    if how == b"subprocess.Popen" {
        // SAFETY: the tuple's items are alive as long as the event's tuple is.
        unsafe { add_folder(apart, arguments, &mut given) };
    }
    let mut whole = Path::new();
    if given.bytes().first() != Some(&b'/') {
        path::working_folder(&mut whole);
        whole.add(b"/");
    }
    whole.add(given.bytes()).add(b"/").add(name);
    if whole.whole() {
        executable.truncate(0);
        executable.add(whole.bytes());
    }
}

/// Adds the folder that `subprocess.Popen` is told to start a program in, if it is.
unsafe fn add_folder(apart: Apart<'_>, arguments: Object, folder: &mut Path) {
    // SAFETY: the tuple's items are alive as long as the event's tuple is.
    unsafe {
        let given = ffi::PyTuple_GetItem(arguments, 2);
        if given.is_null() {
            ffi::PyErr_Clear();
        } else if !object::is_none(given) {
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

/// The longest argument that Linux takes, with its end (`MAX_ARG_STRLEN`).
const LONGEST_ARGUMENT: usize = 32 * 4096;

/// Adds the arguments of a program; says whether the system takes them.
unsafe fn add_arguments(apart: Apart<'_>, strings: &mut Buffer<ROOM>, list: Object) -> bool {
    // SAFETY: the list is alive, and each of its items is held while it is read: the program may
    // change the list meanwhile.
    unsafe {
        if !object::is_sequence(list) {
            let length = add_string(apart, strings, list);
            strings.add(&[0]);
            return length < LONGEST_ARGUMENT;
        }
        for index in 0..ffi::PySequence_Size(list).min(MOST_ARGUMENTS) {
            let Some(argument) = Owned::take(apart, ffi::PySequence_GetItem(list, index)) else {
                break;
            };
            let length = add_string(apart, strings, argument.object());
            strings.add(&[0]);
            if length >= LONGEST_ARGUMENT {
                return false;
            }
        }
    }
    true
}

/// Adds a string, bytes or path as the system would get it; gives its whole length in bytes.
unsafe fn add_string<const N: usize>(
    apart: Apart<'_>,
    out: &mut Buffer<N>,
    value: Object,
) -> usize {
    // SAFETY: the value is alive, and what stands for it is held while it is read.
    unsafe {
        let Some(value) = Owned::take(apart, ffi::PyOS_FSPath(value)) else {
            return 0;
        };
        let encoded = if object::is_text(value.object()) {
            Owned::take(apart, ffi::PyUnicode_EncodeFSDefault(value.object()))
        } else {
            Some(value)
        };
        if let Some(encoded) = encoded
            && object::is_bytes(encoded.object())
        {
            let bytes = object::bytes(apart, encoded.object()).unwrap_or(&[]);
            out.add(bytes);
            return bytes.len();
        }
        0
    }
}
