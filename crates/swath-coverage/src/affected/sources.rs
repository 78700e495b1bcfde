//! The Python files of a checkout, read when something is looked for in all of them.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use swath_checkout::{Walk, read_source};

/// How many tests a fixture may be shared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sharing {
    /// Each test has its own.
    Test,
    /// Those of a class or a file.
    File,
    /// All.
    Session,
}

/// What else than fixtures with a scope is set up for several tests.
const OF_SEVERAL: [&str; 6] = [
    "setup_module",
    "setup_class",
    "setUpModule",
    "setUpClass",
    "setUpTestData",
    "before_all",
];

/// The Python files below a folder.
pub(super) struct Sources {
    top: PathBuf,
    files: OnceCell<Vec<(String, Vec<u8>)>>,
    sharing: OnceCell<Sharing>,
}

impl Sources {
    pub(super) fn new(top: &Path) -> Self {
        Self {
            top: top.to_owned(),
            files: OnceCell::new(),
            sharing: OnceCell::new(),
        }
    }

    /// Paths from the top, and texts.
    fn files(&self) -> &[(String, Vec<u8>)] {
        self.files.get_or_init(|| {
            let read = |path: PathBuf| {
                let name = path.strip_prefix(&self.top).ok()?.to_str()?.to_owned();
                Some((name, read_source(&path).ok()?))
            };
            Walk::new(&self.top).sources().filter_map(read).collect()
        })
    }

    /// The files that have a word in them, but for one.
    pub(super) fn mentioning(&self, word: &str, except: &str) -> impl Iterator<Item = &str> {
        let others = self.files().iter().filter(move |(path, _)| path != except);
        let with_word = others.filter(move |(_, text)| has_word(text, word.as_bytes()));
        with_word.map(|(path, _)| path.as_str())
    }

    /// How many tests any fixture is shared by.
    pub(super) fn sharing(&self) -> Sharing {
        let of_file = |(_, text): &(String, Vec<u8>)| sharing_of(text);
        let found = || self.files().iter().map(of_file).max();
        *self
            .sharing
            .get_or_init(|| found().unwrap_or(Sharing::Test))
    }
}

/// How many tests the fixtures of a source are shared by.
fn sharing_of(text: &[u8]) -> Sharing {
    let several = OF_SEVERAL
        .iter()
        .filter(|word| has_word(text, word.as_bytes()));
    let of_several = several.map(|word| match *word {
        "before_all" => Sharing::Session,
        _ => Sharing::File,
    });
    let mut widest = of_several.max().unwrap_or(Sharing::Test);
    if !has_word(text, b"fixture") {
        return widest;
    }
    let scopes = memchr::memmem::find_iter(text, b"scope");
    let values = scopes.filter_map(|place| {
        let value = text[place + b"scope".len()..].trim_ascii_start();
        Some(value.strip_prefix(b"=")?.trim_ascii_start())
    });
    for value in values {
        let is = |word: &[u8]| value.get(1..).is_some_and(|value| value.starts_with(word));
        widest = widest.max(if is(b"function") {
            Sharing::Test
        } else if is(b"module") || is(b"class") {
            Sharing::File
        } else {
            // Also what is computed.
            Sharing::Session
        });
    }
    widest
}

/// Whether a word is in a text, and is not a part of a longer one.
pub(super) fn has_word(text: &[u8], word: &[u8]) -> bool {
    let is_part = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80)
    };
    memchr::memmem::find_iter(text, word).any(|place| {
        let before = place.checked_sub(1).and_then(|place| text.get(place));
        !is_part(before) && !is_part(text.get(place + word.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole() {
        assert!(has_word(b"from .shop import x", b"shop"));
        assert!(!has_word(b"import shops, my_shop", b"shop"));
    }

    #[test]
    fn fixtures_say_how_many_tests_share_them() {
        for (text, expected) in [
            ("def f(scope=1): pass", Sharing::Test),
            ("@pytest.fixture\ndef f(): pass", Sharing::Test),
            ("@pytest.fixture(scope='function')", Sharing::Test),
            ("@pytest.fixture(scope=\"module\")", Sharing::File),
            ("@pytest.fixture( scope = 'session')", Sharing::Session),
            ("@pytest.fixture(scope=wide)", Sharing::Session),
            ("@fixture\n\ndef setup_class(cls):", Sharing::File),
        ] {
            assert_eq!(sharing_of(text.as_bytes()), expected, "{text}");
        }
    }
}
