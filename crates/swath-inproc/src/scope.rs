//! Which files are measured: what the rules ask, answered by the interpreter.

use swath_scope::{INSTALL_FOLDERS, Package, Rules, Surroundings, is_below};

use crate::configuration;
use crate::ffi;
use crate::module_name::{self, Name};
use crate::object;
use crate::path::{self, Path};
use crate::state::{Gil, Global};
use crate::text::Buffer;

/// Folders of this interpreter and of swath, canonical.
pub(crate) struct Folders {
    /// The agent's own.
    pub agent: Buffer<1024>,
    /// The standard library.
    pub library: Buffer<1024>,
    /// Scripts of the environment and of the interpreter it was made from.
    pub scripts: [Buffer<1024>; 2],
}

impl Folders {
    /// Forgets the folders of another interpreter.
    pub(crate) fn forget(&mut self) {
        self.agent.truncate(0);
        self.library.truncate(0);
        for scripts in &mut self.scripts {
            scripts.truncate(0);
        }
    }
}

pub(crate) static FOLDERS: Global<Folders> = Global::new(Folders {
    agent: Buffer::new(),
    library: Buffer::new(),
    scripts: [const { Buffer::new() }; 2],
});

/// The rules of the run.
pub(crate) fn rules(gil: Gil<'_>) -> Rules<'static> {
    Rules::new(configuration::content(gil))
}

/// Whether a file is measured.
pub(crate) fn holds(gil: Gil<'_>, file: &[u8]) -> bool {
    rules(gil).hold(file, &mut Interpreter { gil, file })
}

/// The package of `source` that the module is in that runs a file.
pub(crate) fn package_of(gil: Gil<'_>, file: &[u8]) -> Option<Package<'static>> {
    rules(gil).package_of(&mut Interpreter { gil, file })
}

/// The interpreter that runs a file.
struct Interpreter<'file> {
    gil: Gil<'file>,
    file: &'file [u8],
}

impl Surroundings for Interpreter<'_> {
    fn is_own(&mut self, file: &[u8]) -> bool {
        // SAFETY: with the GIL held nobody changes the folders meanwhile.
        is_below(file, unsafe { &*FOLDERS.place() }.agent.bytes())
    }

    fn is_library(&mut self, file: &[u8]) -> bool {
        // SAFETY: with the GIL held nobody changes the folders meanwhile.
        let library = unsafe { &*FOLDERS.place() }.library.bytes();
        // Debian keeps its own sitecustomize with its configuration, and links to it.
        (!library.is_empty() && is_below(file, library))
            || file.windows(11).any(|part| part == b"/etc/python")
    }

    fn is_third_party(&mut self, path: &[u8]) -> bool {
        is_third_party(self.gil, path)
    }

    fn module_is(&mut self, property: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        let mut name = Name::new();
        // SAFETY: the GIL is held by whoever asks.
        unsafe { module_name::find(self.gil, self.file, &mut name) };
        property(name.bytes())
    }
}

/// Whether a folder on the way to the file is one of installed packages, or the file a script
/// of the environment, or importable from inside a virtual environment.
fn is_third_party(gil: Gil<'_>, file: &[u8]) -> bool {
    if file
        .split(|byte| *byte == b'/')
        .any(|part| INSTALL_FOLDERS.contains(&part))
    {
        return true;
    }
    // SAFETY: with the GIL held nobody changes the folders or `sys.path` meanwhile.
    unsafe {
        for scripts in &(*FOLDERS.place()).scripts {
            if !scripts.bytes().is_empty() && is_below(file, scripts.bytes()) {
                return true;
            }
        }
    }
    any_import_folder(gil, |folder| {
        is_below(file, folder) && in_environment(folder)
    })
}

/// Whether a folder lies in a virtual environment.
fn in_environment(folder: &[u8]) -> bool {
    let mut rest = folder;
    while let Some(slash) = rest.iter().rposition(|byte| *byte == b'/') {
        rest = rest.get(..slash).unwrap_or(&[]);
        if rest.is_empty() {
            break;
        }
        let mut marker = Path::new();
        marker.add(rest).add(b"/pyvenv.cfg");
        if path::exists(&marker) {
            return true;
        }
    }
    false
}

/// Whether the condition holds for a folder of `sys.path`, canonical.
fn any_import_folder(gil: Gil<'_>, mut condition: impl FnMut(&[u8]) -> bool) -> bool {
    // SAFETY: `sys.path` and each of its items are held while they are read.
    unsafe {
        let Some(folders) = object::system(gil, c"path") else {
            return false;
        };
        let folders = folders.object();
        if !object::is_sequence(folders) {
            return false;
        }
        let count = ffi::PySequence_Size(folders);
        for index in 0..count {
            let Some(folder) = object::Owned::take(gil, ffi::PySequence_GetItem(folders, index))
            else {
                return false;
            };
            if !object::is_text(folder.object()) {
                continue;
            }
            let Some(text) = object::text(gil, folder.object()) else {
                continue;
            };
            let mut canonical = Path::new();
            if path::canonical(text, &mut canonical) && condition(canonical.bytes()) {
                return true;
            }
        }
        false
    }
}
