//! What the process is and listens to: what the accounting needs to give it a role. Never its
//! environment.

pub(crate) mod program_start;

use core::ffi::c_int;

use swath_store::layout;

use crate::ffi::{self, Object};
use crate::map;
use crate::object::{self, Owned};
use crate::path::{self, Path};
use crate::state::{Apart, Gil, let_others};
use crate::text::{Buffer, c_bytes};

/// Room for the strings of one record.
pub(crate) const ROOM: usize = 32 << 10;

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

/// Adds a string, bytes or path as the system would get it; gives its whole length in bytes.
pub(crate) unsafe fn add_string<const N: usize>(
    apart: Apart<'_>,
    out: &mut Buffer<N>,
    value: Object,
) -> usize {
    // SAFETY: the value is alive, and what stands for it is held while it is read.
    unsafe {
        let Some(encoded) = encoded(apart, value) else {
            return 0;
        };
        let bytes = object::bytes(apart, encoded.object()).unwrap_or(&[]);
        out.add(bytes);
        bytes.len()
    }
}

/// A string, bytes or path as the bytes that the system would get; nothing else has any.
pub(crate) unsafe fn encoded(apart: Apart<'_>, value: Object) -> Option<Owned> {
    // SAFETY: the value is alive, and what stands for it is held while it is read.
    unsafe {
        let value = Owned::take(apart, ffi::PyOS_FSPath(value))?;
        let encoded = if object::is_text(value.object()) {
            Owned::take(apart, ffi::PyUnicode_EncodeFSDefault(value.object()))?
        } else {
            value
        };
        object::is_bytes(encoded.object()).then_some(encoded)
    }
}
