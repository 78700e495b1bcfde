//! Which files are measured: coverage.py's rules (`check_include_omit_etc` of its `inorout.py`),
//! judged by canonical path.

use crate::configuration::{flag, values};
use crate::ffi;
use crate::glob;
use crate::object;
use crate::path::{self, Path};
use crate::state::Global;
use crate::text::{Buffer, is_below};

/// Folders of this interpreter and of swath, canonical.
pub struct Folders {
    /// The agent's own.
    pub agent: Buffer<1024>,
    /// The standard library.
    pub library: Buffer<1024>,
    /// Scripts of the environment and of the interpreter it was made from.
    pub scripts: [Buffer<1024>; 2],
}

impl Folders {
    /// Forgets the folders of another interpreter.
    pub fn forget(&mut self) {
        self.agent.truncate(0);
        self.library.truncate(0);
        for scripts in &mut self.scripts {
            scripts.truncate(0);
        }
    }
}

pub static FOLDERS: Global<Folders> = Global::new(Folders {
    agent: Buffer::new(),
    library: Buffer::new(),
    scripts: [const { Buffer::new() }; 2],
});

/// Whether a file is measured.
pub unsafe fn holds(file: &[u8]) -> bool {
    let folders = &*FOLDERS.place();
    if is_below(file, folders.agent.bytes()) {
        return false;
    }
    let with_source =
        values(b"source-dir").next().is_some() || values(b"source-pkg").next().is_some();
    if with_source {
        if !in_source(file) {
            return false;
        }
    } else if values(b"include").next().is_some() {
        if !values(b"include").any(|pattern| glob::matches(pattern, file)) {
            return false;
        }
    } else if is_third_party(file) || in_library(file) {
        return false;
    }
    !values(b"omit").any(|pattern| glob::matches(pattern, file))
}

unsafe fn in_library(file: &[u8]) -> bool {
    let library = (*FOLDERS.place()).library.bytes();
    // Debian keeps its own sitecustomize with its configuration, and links to it.
    let ours = !library.is_empty() && is_below(file, library);
    !flag(b"cover-pylib") && (ours || file.windows(11).any(|part| part == b"/etc/python"))
}

/// Below a source folder and not installed there, or a module of a source package.
unsafe fn in_source(file: &[u8]) -> bool {
    if values(b"source-pkg").next().is_some() && in_source_package(file) {
        return true;
    }
    let mut installed = None;
    for folder in values(b"source-dir") {
        if !is_below(file, folder) {
            continue;
        }
        // A source folder that is itself installed is meant.
        if !*installed.get_or_insert_with(|| is_third_party(file)) || is_third_party(folder) {
            return true;
        }
    }
    false
}

/// Whether a folder on the way to the file is one of installed packages, or the file a script
/// of the environment, or importable from inside a virtual environment.
unsafe fn is_third_party(file: &[u8]) -> bool {
    if file
        .split(|byte| *byte == b'/')
        .any(|part| part == b"site-packages" || part == b"dist-packages")
    {
        return true;
    }
    for scripts in &(*FOLDERS.place()).scripts {
        if !scripts.bytes().is_empty() && is_below(file, scripts.bytes()) {
            return true;
        }
    }
    any_import_folder(|folder| is_below(file, folder) && in_environment(folder))
}

/// Whether a folder lies in a virtual environment.
unsafe fn in_environment(folder: &[u8]) -> bool {
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

/// Whether the module that the file is, by the folders of `sys.path`, belongs to a source package.
unsafe fn in_source_package(file: &[u8]) -> bool {
    any_import_folder(|folder| {
        let Some(rest) = file.strip_prefix(folder) else {
            return false;
        };
        let rest = rest.strip_prefix(b"/").unwrap_or(rest);
        let name = rest.strip_suffix(b".py").unwrap_or(rest);
        let name = name.strip_suffix(b"/__init__").unwrap_or(name);
        values(b"source-pkg").any(|package| is_module_of(name, package))
    })
}

/// Whether `a/b/c` is the module `a.b` or inside it.
fn is_module_of(path: &[u8], package: &[u8]) -> bool {
    if path.len() < package.len() {
        return false;
    }
    let same = path
        .iter()
        .zip(package)
        .all(|(here, there)| here == there || (*here == b'/' && *there == b'.'));
    same && matches!(path.get(package.len()), None | Some(b'/'))
}

/// Whether the condition holds for a folder of `sys.path`, canonical.
unsafe fn any_import_folder(mut condition: impl FnMut(&[u8]) -> bool) -> bool {
    let folders = ffi::PySys_GetObject(c"path".as_ptr());
    if folders.is_null() || !object::is_sequence(folders) {
        return false;
    }
    let count = ffi::PySequence_Size(folders);
    for index in 0..count {
        let Some(folder) = object::Owned::take(ffi::PySequence_GetItem(folders, index)) else {
            return false;
        };
        if !object::is_text(folder.object()) {
            continue;
        }
        let Some(text) = object::text(folder.object()) else {
            continue;
        };
        let mut canonical = Path::new();
        if path::canonical(text, &mut canonical) && condition(canonical.bytes()) {
            return true;
        }
    }
    false
}
