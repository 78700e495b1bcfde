//! What a program that is started finds in its environment: whether the agent gets into it, and where
//! the system looks for the program.

use swath_store::layout;

use crate::ffi::{self, Object};
use crate::object::{self, Owned};
use crate::path::{self, Path};
use crate::process::encoded;
use crate::state::Apart;
use crate::text::{Buffer, c_bytes};

use super::{add_start_folder, string};

/// What CPython looks through where `PATH` is not set (`os.defpath`).
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";
/// The beginning of the name of the object that the loader adds.
const PRELOADED: &[u8] = b"swath-preload.";

/// What is known of an environment.
pub(crate) struct Environment {
    /// `SPAWN_` flags of the layout.
    pub(crate) ways: u32,
    /// How long all of it is, as far as the program made it.
    pub(crate) length: usize,
    search_path: Buffer<4096>,
    /// Whether that is the one through which CPython looks.
    is_search_path_known: bool,
}

impl Environment {
    /// Reads the environment that is given, or that of this process; `None` if CPython or the system
    /// refuses it.
    pub(crate) unsafe fn read(
        apart: Apart<'_>,
        agent: &[u8],
        given: Option<Object>,
    ) -> Option<Environment> {
        let mut environment = Environment {
            ways: 0,
            length: 0,
            search_path: Buffer::new(),
            is_search_path_known: true,
        };
        // SAFETY: what is given is alive.
        unsafe {
            match given.filter(|given| !object::is_none(*given)) {
                Some(given) if object::is_dictionary(given) => {
                    environment.read_dictionary(apart, agent, given)?;
                }
                // Asking another mapping would run code of the program.
                Some(given) if !is_own(apart, given) => environment.is_search_path_known = false,
                _ => environment.read_own(agent),
            }
        }
        Some(environment)
    }

    fn read_own(&mut self, agent: &[u8]) {
        for name in [c"PATH", c"PYTHONPATH", c"LD_PRELOAD"] {
            // SAFETY: the text is read before code of the program could change the environment.
            unsafe {
                let value = ffi::getenv(name.as_ptr());
                if !value.is_null() {
                    self.note(agent, name.to_bytes(), c_bytes(value));
                }
            }
        }
    }

    unsafe fn read_dictionary(
        &mut self,
        apart: Apart<'_>,
        agent: &[u8],
        given: Object,
    ) -> Option<()> {
        // SAFETY: the dictionary is alive; the list of its items, and what is taken from that, is held
        // while it is read.
        unsafe {
            let Some(items) = Owned::take(apart, ffi::PyMapping_Items(given)) else {
                self.is_search_path_known = false;
                return Some(());
            };
            for index in 0..ffi::PySequence_Size(items.object()) {
                let item = Owned::take(apart, ffi::PySequence_GetItem(items.object(), index))?;
                let part = |place| {
                    let part = Owned::take(apart, ffi::PySequence_GetItem(item.object(), place))?;
                    encoded(apart, part.object())
                };
                let (name, value) = (part(0)?, part(1)?);
                let (name, value) = (string(apart, &name)?, string(apart, &value)?);
                if name.contains(&b'=') {
                    return None;
                }
                self.length += name.len() + value.len() + 2;
                self.note(agent, name, value);
            }
        }
        Some(())
    }

    fn note(&mut self, agent: &[u8], name: &[u8], value: &[u8]) {
        let is_agent = |folder: &[u8]| {
            let mut canonical = Path::new();
            !agent.is_empty()
                && path::canonical(folder, &mut canonical)
                && canonical.bytes() == agent
        };
        match name {
            b"PATH" => {
                self.search_path.truncate(0);
                self.search_path.add(value).add(b":");
                self.is_search_path_known = self.search_path.whole();
            }
            // What is before it may have a `sitecustomize` of its own.
            b"PYTHONPATH" => {
                let first = value.split(|byte| *byte == b':').next().unwrap_or(&[]);
                if first.first() == Some(&b'/') && is_agent(first) {
                    self.ways |= layout::SPAWN_BY_PATH;
                }
            }
            b"LD_PRELOAD" => {
                let mut objects = value.split(|byte| matches!(byte, b':' | b' '));
                let is_ours = |object: &[u8]| {
                    let folder = path::folder_of(object);
                    let name = object.get(folder.len() + 1..).unwrap_or(&[]);
                    name.starts_with(PRELOADED) && is_agent(folder)
                };
                if objects.any(is_ours) {
                    self.ways |= layout::SPAWN_BY_PRELOAD;
                }
            }
            _ => {}
        }
    }

    /// Puts the file of a program in the place of a name without a folder, as `subprocess.Popen` looks
    /// for it; false if there is none.
    pub(crate) fn find_program(&self, folder: &[u8], program: &mut Buffer<4096>) -> bool {
        let is_name = !program.bytes().is_empty() && !program.bytes().contains(&b'/');
        if !is_name || !self.is_search_path_known {
            return true;
        }
        let search_path = match self.search_path.bytes() {
            [] => DEFAULT_PATH,
            // As it was noted: with one more colon.
            [value @ .., _] => value,
        };
        for entry in search_path.split(|byte| *byte == b':') {
            let mut candidate = Path::new();
            if entry.first() != Some(&b'/') {
                add_start_folder(folder, &mut candidate);
                candidate.add(b"/");
            }
            candidate.add(entry).add(b"/").add(program.bytes());
            if can_be_executed(&candidate) {
                program.truncate(0);
                program.add(candidate.bytes());
                return true;
            }
        }
        false
    }
}

/// Whether it is `os.environ`, which the interpreter keeps as the process has it.
unsafe fn is_own(apart: Apart<'_>, given: Object) -> bool {
    // SAFETY: the name is a C string, and the references are held while they are compared.
    unsafe {
        let own = Owned::take(apart, ffi::PyUnicode_FromString(c"os".as_ptr()))
            .and_then(|name| Owned::take(apart, ffi::PyImport_GetModule(name.object())))
            .and_then(|module| object::attribute(apart, module.object(), c"environ"));
        own.is_some_and(|own| own.object() == given)
    }
}

/// Whether a file may be executed, and is no folder.
fn can_be_executed(file: &Path) -> bool {
    const X_OK: i32 = 1;
    // SAFETY: a buffer's C string ends.
    if !file.whole() || unsafe { ffi::access(file.c_string(), X_OK) } != 0 {
        return false;
    }
    let mut inside = Path::new();
    !path::exists(inside.add(file.bytes()).add(b"/."))
}
