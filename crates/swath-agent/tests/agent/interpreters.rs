//! Several interpreters in one process.

use swath_test::{Python, builds};

use crate::run::{Run, check_hits, program};

#[test]
fn interpreters_that_share_a_lock_are_recorded() {
    for python in builds() {
        for configuration in ["", "branch 1\n"] {
            let tag = format!("{} {configuration}", python.tag());
            let run = Run::with(configuration);
            let output = run.program(python, &[&program("interpreters.py")]);
            assert_eq!(String::from_utf8_lossy(&output.stdout), "fine\n", "{tag}");
            let stores = run.stores();
            assert_eq!(stores.len(), 2, "{tag}");
            for store in stores {
                assert_eq!(store.states, Vec::<String>::new(), "{tag}");
                assert!(!store.header.other_interpreter, "{tag}");
                assert_eq!(store.header.dropped, 0, "{tag}");
            }
            check_hits(&run, python, &program("parts.py"));
            assert_eq!(run.failures(), Vec::<String>::new(), "{tag}");
        }
    }
}

/// Makes an interpreter as the module does by default, and runs something in it.
const BY_DEFAULT: &str = "
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
other = interpreters.create()
run = getattr(interpreters, 'run_string', None) or interpreters.exec
run(other, 'import json, decimal; value = 1')
interpreters.destroy(other)
print('fine')";

#[test]
fn an_interpreter_with_a_lock_of_its_own_is_told() {
    for python in builds() {
        let tag = python.tag();
        let run = Run::new();
        let mut command = python.command();
        let output = run.inject(command.args(["-c", BY_DEFAULT])).output();
        let output = output.unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "fine\n", "{tag}");
        let stores = run.stores();
        assert_eq!(stores.len(), 1, "{tag}");
        // From 3.12 on they have one.
        let has_own = python.version >= (3, 12);
        assert_eq!(stores[0].header.other_interpreter, has_own, "{tag}");
        assert_eq!(stores[0].states, Vec::<String>::new(), "{tag}");
        assert_eq!(run.failures(), Vec::<String>::new(), "{tag}");
    }
}

/// Makes interpreters that share the lock, and not the memory. They are there at the same time, and one after the other.
const WITH_OWN_MEMORY: &str = "
import _interpreters as interpreters
configuration = interpreters.new_config('isolated')
configuration.gil = 'shared'
configuration.use_main_obmalloc = False
code = 'import json, decimal, argparse'
for _ in range(3):
    others = [interpreters.create(configuration) for _ in range(3)]
    for other in others:
        interpreters.exec(other, code)
    for other in others:
        interpreters.destroy(other)
print('fine')";

#[test]
fn an_interpreter_with_memory_of_its_own_is_told() {
    let newer: Vec<_> = builds()
        .iter()
        .filter(|python| python.version >= (3, 13) && !python.is_free_threaded())
        .collect();
    if newer.is_empty() {
        swath_test::skip(
            "an_interpreter_with_memory_of_its_own_is_told",
            "CPython 3.13",
        );
    }
    for python in newer {
        assert_others_are_told(python, WITH_OWN_MEMORY);
    }
}

/// Makes an interpreter whose `site` does not run, so that nothing begins the agent there.
const WITHOUT_SITE: &str = "
import _testinternalcapi
configuration = _testinternalcapi.get_config()
configuration['site_import'] = 0
_testinternalcapi.set_config(configuration)
try:
    import _interpreters as interpreters
    other = interpreters.create('legacy')
except ImportError:
    import sys, _xxsubinterpreters as interpreters
    named = {'isolated': False} if sys.version_info >= (3, 12) else {}
    other = interpreters.create(**named)
run = getattr(interpreters, 'run_string', None) or interpreters.exec
run(other, 'import sys, json; import zipfile')
interpreters.destroy(other)
print('fine')";

#[test]
fn an_interpreter_that_never_gets_to_the_agent_is_told() {
    for python in builds() {
        let tag = python.tag();
        let test = "from _testinternalcapi import set_config";
        let can_set = python.command().args(["-c", test]).output().unwrap();
        if !can_set.status.success() {
            let name = format!("an interpreter without site on {tag}");
            swath_test::skip(&name, "`_testinternalcapi.set_config`");
            continue;
        }
        assert_others_are_told(python, WITHOUT_SITE);
    }
}

/// A program ends well, and its store says that there were interpreters which are not measured.
fn assert_others_are_told(python: &Python, program: &str) {
    let tag = python.tag();
    let run = Run::new();
    let mut command = python.command();
    let output = run.inject(command.args(["-c", program])).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, "fine\n", "{tag}: {errors}");
    let stores = run.stores();
    assert_eq!(stores.len(), 1, "{tag}");
    assert!(stores[0].header.other_interpreter, "{tag}");
}
