//! The start: everything is looked at first, and whatever is not as it should be leaves the
//! program alone.

use swath_store::{Recording, Version, layout, settings};

use crate::audit;
use crate::branches;
use crate::code;
use crate::configuration;
use crate::context;
use crate::context::running_test;
use crate::ffi::{self, Object};
use crate::file;
use crate::fork;
use crate::gate;
use crate::interpreter;
use crate::lock::quiet;
use crate::lock::{self, world};
use crate::map;
use crate::object;
use crate::path::{self, Path};
use crate::process;
use crate::scope::FOLDERS;
use crate::state::{Gil, Global};
use crate::store_file::{self, FOLDER, Failure};
use crate::symbols;
use crate::system_call;
use crate::test_function;
use crate::tool;
use crate::unmeasured;

/// Whether the interpreters that were measured were finalized, and no other has begun since.
static WAS_FINALIZED: Global<bool> = Global::new(false);
/// Whether this process, or the one that it was forked from, has begun its store.
static HAS_STORE: Global<bool> = Global::new(false);
/// What `sitecustomize` hands over.
pub(crate) struct Given<'a> {
    /// The agent's folder.
    pub folder: &'a [u8],
    /// Folder of the standard library.
    pub library: &'a [u8],
    /// `sys.prefix` and `sys.base_prefix`.
    pub prefixes: [&'a [u8]; 2],
    /// `sys.flags.optimize`.
    pub optimization: u32,
    /// A function that does nothing, in one line of its own.
    pub function: Object,
}

/// Starts recording; once in an interpreter, however often it is asked.
pub(crate) unsafe fn start(gil: Gil<'_>, given: &Given<'_>) -> bool {
    if interpreter::current().is_some() {
        return false;
    }
    // SAFETY: with the GIL held nobody else uses the folder's name; the given function is alive.
    unsafe {
        if WAS_FINALIZED.get(gil) {
            return start_again(gil, given);
        }
        if HAS_STORE.get(gil) {
            return start_in_another(gil, given);
        }
        start_first(gil, given).unwrap_or_else(|| {
            note_unrecorded(given.folder);
            false
        })
    }
}

/// Starts recording in a process that has no store yet. `None` where neither that was possible nor to
/// leave a note.
unsafe fn start_first(gil: Gil<'_>, given: &Given<'_>) -> Option<bool> {
    // SAFETY: with the GIL held nobody else uses the folder's name; the given function is alive.
    unsafe {
        if !configuration::read(gil, given.folder) {
            return None;
        }
        let folder = &mut *FOLDER.place();
        folder.truncate(0);
        folder.add(
            configuration::values(gil, settings::DATA)
                .last()
                .unwrap_or(&[]),
        );
        if folder.bytes().is_empty() || !folder.whole() {
            return None;
        }
        if let Some(below) = configuration::values(gil, settings::DATA_BELOW).last() {
            store_file::make_folder(gil, below);
        }
        match begin(gil, given) {
            Ok(()) => Some(true),
            Err(failure) => {
                store_file::leave_failure(gil, failure, &map::random()).then_some(false)
            }
        }
    }
}

/// Says that there is a process of which not even a note could be left.
fn note_unrecorded(agent: &[u8]) {
    let mut file = Path::new();
    file.add(agent)
        .add(b"/")
        .add(settings::UNRECORDED_FILE.as_bytes());
    system_call::touch(file.c_string());
}

/// The program has finalized the interpreter and begun another: what is known of objects of the
/// first one is void, its store goes on.
unsafe fn start_again(gil: Gil<'_>, given: &Given<'_>) -> bool {
    WAS_FINALIZED.set(gil, false);
    map::reopen(gil);
    file::forget_names(gil);
    code::forget_names(gil);
    context::forget_values(gil);
    // SAFETY: the given function is alive, and of the new interpreter, the only one.
    let begun = unsafe {
        match learn_interpreter(gil, given) {
            Ok(_) if code::begin(gil) => record(gil, given),
            Ok(_) => Err(b"no-code-extra".as_slice()),
            Err(failure) => Err(failure.0),
        }
    };
    if let Err(slug) = begun {
        map::record_state(
            gil,
            slug,
            b"an interpreter that was begun later is not recorded",
        );
    }
    true
}

/// The program has begun another interpreter beside the one that is measured.
unsafe fn start_in_another(gil: Gil<'_>, given: &Given<'_>) -> bool {
    // Not in the middle of it.
    fork::check(gil);
    if let Some(id) = interpreter::id() {
        unmeasured::is_measured_now(id);
    }
    let begun = if !interpreter::add(gil) {
        Err(b"too-many-interpreters".as_slice())
    } else if !code::begin_in_another(gil) {
        Err(b"no-code-extra".as_slice())
    } else {
        match interpreter::RECORDING.get(gil) {
            Recording::Monitoring | Recording::MonitoringOfEachWay => tool::begin(gil),
            Recording::Frames => gate::begin_in_another(gil, given.function),
        }
    };
    if let Err(reason) = begun {
        map::record_state(gil, b"sub-interpreter", reason);
    }
    true
}

unsafe fn begin(gil: Gil<'_>, given: &Given<'_>) -> Result<(), Failure> {
    // SAFETY: the given function is alive.
    unsafe {
        let hexversion = learn_interpreter(gil, given)?;
        let attribution = configuration::flag(gil, settings::ATTRIBUTION);
        let functions = configuration::flag(gil, settings::TEST_FUNCTIONS) && !attribution;
        let are_lost = lock::is_needed() && (attribution || functions);
        // An event that was switched off for one context may be on again for another by the time that
        // the interpreter does it, where threads run at once.
        let (attribution, functions) = (attribution && !are_lost, functions && !are_lost);
        context::ARE_WANTED.set(gil, attribution || functions);
        test_function::ARE_WANTED.set(gil, functions);
        if !code::begin(gil) {
            return Err(Failure(b"no-code-extra"));
        }
        let branch = configuration::flag(gil, settings::BRANCH);
        code::BRANCH.set(gil, branch);
        branches::THOROUGH.set(gil, configuration::flag(gil, settings::THOROUGH));
        let flags = if branch { layout::FLAG_BRANCH } else { 0 };
        map::begin(gil, hexversion, given.optimization, flags)?;
        HAS_STORE.set(gil, true);
        fork::watch(gil);
        process::record_process(gil);
        if attribution {
            running_test::find(gil);
        }
        if are_lost {
            map::record_state(
                gil,
                b"contexts-not-recorded",
                b"this is a free-threaded build",
            );
        }
        if let Err(slug) = record(gil, given) {
            map::record_state(gil, slug, b"lines cannot be recorded in this interpreter");
        }
        Ok(())
    }
}

/// Finds out what interpreter this is. Its version, as in `sys.hexversion`.
unsafe fn learn_interpreter(gil: Gil<'_>, given: &Given<'_>) -> Result<u32, Failure> {
    // SAFETY: `sys.hexversion` is borrowed from `sys`; the function was found under CPython's name
    // for it.
    unsafe {
        let number = ffi::PySys_GetObject(c"hexversion".as_ptr());
        let hexversion = object::number(gil, number) as u32;
        let version = Version::of_hexversion(hexversion).ok_or(Failure(b"unknown-version"))?;
        if lock::is_needed() && !version.is_measured_without_gil() {
            return Err(Failure(b"free-threaded-build"));
        }
        symbols::resolve(gil).ok_or(Failure(b"missing-symbols"))?;
        interpreter::VERSION.set(gil, hexversion >> 16);
        interpreter::RECORDING.set(gil, version.recording());
        set_folders(gil, given);
        learn_resume(gil, given.function)?;
        if lock::is_needed() && !world::begin(gil) {
            return Err(Failure(b"self-test"));
        }
        interpreter::add(gil);
        Ok(hexversion)
    }
}

/// Begins to record. The error is what to tell the accounting.
unsafe fn record(gil: Gil<'_>, given: &Given<'_>) -> Result<(), &'static [u8]> {
    // SAFETY: the given function is alive; what is called at the exit stays as long as the object.
    unsafe {
        ffi::Py_AtExit(on_exit);
        let result = match interpreter::RECORDING.get(gil) {
            Recording::Monitoring | Recording::MonitoringOfEachWay => tool::begin(gil),
            Recording::Frames => gate::begin(gil, given.function),
        };
        // Last: from here on, events arrive.
        audit::begin(gil);
        result
    }
}

/// The first operation of a plain function's code is the one that all code begins its body with.
unsafe fn learn_resume(gil: Gil<'_>, function: Object) -> Result<(), Failure> {
    // SAFETY: the function is alive, and so is what is taken from it while it is read.
    let first = || unsafe {
        let code = object::attribute(gil, function, c"__code__")?;
        let operations = object::attribute(gil, code.object(), c"co_code")?;
        object::bytes(gil, operations.object())?.first().copied()
    };
    interpreter::RESUME.set(gil, first().ok_or(Failure(b"self-test"))?);
    Ok(())
}

unsafe fn set_folders(_gil: Gil<'_>, given: &Given<'_>) {
    // SAFETY: with the GIL held nobody else uses the folders' names.
    let folders = unsafe { &mut *FOLDERS.place() };
    folders.forget();
    let mut canonical = Path::new();
    if path::canonical(given.folder, &mut canonical) {
        folders.agent.add(canonical.bytes());
    }
    if path::canonical(given.library, &mut canonical) {
        folders.library.add(canonical.bytes());
    }
    for (scripts, prefix) in folders.scripts.iter_mut().zip(given.prefixes) {
        let mut folder = Path::new();
        folder.add(prefix).add(b"/bin");
        if path::canonical(folder.bytes(), &mut canonical) {
            scripts.add(canonical.bytes());
        }
    }
}

/// The interpreter is finalized, so nothing may be asked of it any more.
unsafe extern "C" fn on_exit() {
    // SAFETY: no thread state is left, so no thread of Python's runs: nobody else uses the state.
    let gil = unsafe { Gil::assume() };
    fork::check_at_exit(gil);
    running_test::conclude(gil);
    map::close(gil, layout::ENDED);
    interpreter::remove_all(gil);
    quiet::forget();
    WAS_FINALIZED.set(gil, true);
}
