//! Whatever bytes a file of settings holds, reading it ends with settings or an error.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use swath_config::{
    CoverageConfig, RcFile, Ready, SwathConfig, debug_config, parse_duration, parse_env_file,
};

/// Files made of the pieces that mean something, with anything between them.
fn file() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        6 => prop::sample::select(vec![
            "[run]\n", "[coverage:run]\n", "[tool.coverage.run]\n", "[tool.swath]\n", "[services.web]\n",
            "[paths]\n", "[DEFAULT]\n", "[report]\n", "[run", "branch", "source", "precision", "fail_under",
            "exclude_also", "plugins", "command", "ready", "test", "data_file", " = ", ":", "=", "\n", "\n  ",
            "\r", "true", "1", "x, y", "[\"a\", 'b']", "\"\"\"", "'''", "#", ";", "$WORD", "${NO?}", "${", "~",
            "1979-05-27T07:32:00Z", "{a = 1}", "log:(", "\\u00e9", "[[", "]]", "0x1F", "-inf", "1e999", "a.b",
        ]).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => any::<String>().prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(pieces, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_settings_or_an_error(content in file()) {
        let folder = swath_test::temp_dir();
        let environment = BTreeMap::from([("WORD".to_owned(), "[value".to_owned())]);
        for name in ["x.cfg", "x.toml", "setup.cfg", "pyproject.toml", "swath.toml"] {
            fs_err::write(folder.path().join(name), &content).unwrap();
        }
        let files = [
            RcFile::Search,
            RcFile::Named("x.cfg".to_owned()),
            RcFile::Named("x.toml".to_owned()),
        ];
        for rcfile in files {
            match CoverageConfig::load(&rcfile, folder.path(), &environment) {
                Ok(loaded) => prop_assert!(debug_config(&loaded.config).len() > 50),
                Err(error) => prop_assert!(!error.to_string().is_empty() && !error.code().is_empty()),
            }
        }
        if let Err(error) = SwathConfig::load(folder.path()) {
            prop_assert!(error.to_string().contains("swath.toml"));
        }
        let text = String::from_utf8_lossy(&content);
        let _ = SwathConfig::parse(&text, Path::new("pyproject.toml"), &["tool", "swath"]);
        let _ = (parse_env_file(&text), parse_duration(&text), Ready::parse(&text).is_ok());
    }

    #[test]
    fn any_duration_is_read_or_refused(text in "[0-9]{0,400}\\.?[0-9]{0,3} ?(ms|s|m|h)?") {
        let _ = parse_duration(&text);
    }
}

#[test]
fn deeply_nested_values_are_refused() {
    let folder = swath_test::temp_dir();
    let environment: BTreeMap<String, String> = BTreeMap::new();
    for text in [
        format!("x = {}", "[".repeat(100_000)),
        format!("x = {}", "{a=".repeat(100_000)),
        format!("[{}a]", "a.".repeat(100_000)),
    ] {
        fs_err::write(folder.path().join("pyproject.toml"), &text).unwrap();
        fs_err::write(folder.path().join("swath.toml"), &text).unwrap();
        let _ = CoverageConfig::load(&RcFile::Search, folder.path(), &environment);
        assert!(SwathConfig::load(folder.path()).is_err());
    }
}

#[test]
fn very_many_settings_are_read_quickly() {
    let folder = swath_test::temp_dir();
    let environment: BTreeMap<String, String> = BTreeMap::new();
    let mut ini = "[run]\n".to_owned();
    let mut toml = String::new();
    for number in 0..50_000 {
        ini += &["option", &number.to_string(), " = 1\n"].concat();
        toml += &["[services.s", &number.to_string(), "]\ncommand = \"x\"\n"].concat();
    }
    for number in 0..50_000 {
        ini += &["[section", &number.to_string(), "]\n"].concat();
    }
    fs_err::write(folder.path().join(".coveragerc"), &ini).unwrap();
    fs_err::write(folder.path().join("swath.toml"), &toml).unwrap();
    let start = std::time::Instant::now();
    let loaded = CoverageConfig::load(&RcFile::Search, folder.path(), &environment).unwrap();
    assert_eq!(loaded.warnings.len(), 50_000);
    assert_eq!(
        SwathConfig::load(folder.path()).unwrap().services.len(),
        50_000
    );
    // What grows with the square of their number takes minutes.
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
