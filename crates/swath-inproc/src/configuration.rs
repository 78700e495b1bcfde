//! What is to be measured: the settings file, read once and kept as it stands.

use swath_store::settings;

use crate::ffi;
use crate::path::{self, Path};
use crate::state::{Gil, Global};

/// The most that is read; of longer files the settings behind that are left out.
const LARGEST: usize = 256 << 10;

/// The bytes of the file, for the process's life.
static CONTENT: Global<&[u8]> = Global::new(&[]);

/// Reads the file in the agent's folder.
pub(crate) fn read(gil: Gil<'_>, folder: &[u8]) -> bool {
    let mut name = Path::new();
    name.add(folder)
        .add(b"/")
        .add(settings::FILE_NAME.as_bytes());
    // SAFETY: the memory is that long, zeroed, never given back and nobody else's; a buffer's C
    // string ends.
    unsafe {
        let memory = ffi::calloc(1, LARGEST).cast::<u8>();
        if memory.is_null() || !name.whole() {
            return false;
        }
        let buffer = core::slice::from_raw_parts_mut(memory, LARGEST);
        let name = core::ffi::CStr::from_ptr(name.c_string());
        let length = path::read_file(name, buffer);
        CONTENT.set(gil, buffer.get(..length).unwrap_or(&[]));
        length > 0
    }
}

/// The settings as they stand in the file.
pub(crate) fn content(gil: Gil<'_>) -> &'static [u8] {
    CONTENT.get(gil)
}

/// All values of a key, in the order of the file.
pub(crate) fn values(gil: Gil<'_>, key: &'static str) -> impl Iterator<Item = &'static [u8]> {
    settings::read(CONTENT.get(gil))
        .filter(move |(name, _)| *name == key.as_bytes())
        .map(|(_, value)| value)
}

/// Whether a key is switched on.
pub(crate) fn flag(gil: Gil<'_>, key: &'static str) -> bool {
    values(gil, key).last() == Some(b"1")
}
