//! What is to be measured: `swath-agent.conf`, read once and kept as it stands.

use crate::ffi;
use crate::path::{self, Path};
use crate::state::Global;

/// The most that is read; longer files are cut at a line.
const LARGEST: usize = 256 << 10;

/// The bytes of the file, for the process's life.
static CONTENT: Global<&[u8]> = Global::new(&[]);

/// Reads the file in the agent's folder.
pub unsafe fn read(folder: &[u8]) -> bool {
    let mut name = Path::new();
    name.add(folder).add(b"/swath-agent.conf");
    let memory = ffi::calloc(1, LARGEST).cast::<u8>();
    if memory.is_null() || !name.whole() {
        return false;
    }
    // SAFETY: the memory is that long, zeroed, and is never given back.
    let buffer = core::slice::from_raw_parts_mut(memory, LARGEST);
    let name = core::ffi::CStr::from_ptr(name.c_string());
    let length = path::read_file(name, buffer);
    CONTENT.set(buffer.get(..length).unwrap_or(&[]));
    length > 0
}

/// All values of a key, in the order of the file.
pub fn values(key: &'static [u8]) -> impl Iterator<Item = &'static [u8]> {
    CONTENT
        .get()
        .split(|byte| *byte == b'\n')
        .filter_map(move |line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            line.strip_prefix(key)?.strip_prefix(b" ")
        })
}

/// Whether a key is switched on.
pub fn flag(key: &'static [u8]) -> bool {
    values(key).last() == Some(b"1")
}
