//! No text makes the readers of configuration files panic or run for ever.

#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use swath_config::{CoverageConfig, RcFile, SwathConfig, debug_config};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

fuzz_target!(|content: &[u8]| {
    let environment = BTreeMap::from([("WORD".to_owned(), "[value".to_owned())]);
    for name in ["x.cfg", "x.toml", "setup.cfg", "pyproject.toml", "swath.toml"] {
        fs_err::write(FOLDER.path().join(name), content).expect("the folder is writable");
    }
    let named = |name: &str| RcFile::Named(name.to_owned());
    for file in [RcFile::Search, named("x.cfg"), named("x.toml")] {
        match CoverageConfig::load(&file, FOLDER.path(), &environment) {
            Ok(loaded) => drop(debug_config(&loaded.config)),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    if let Err(error) = SwathConfig::load(FOLDER.path()) {
        assert!(!error.to_string().is_empty());
    }
});
