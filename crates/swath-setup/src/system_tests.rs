//! Where the system tests are, and what runs them.

use crate::dependencies::Dependencies;
use crate::project::{Project, SourceFile};

/// Folders of system tests, the likeliest first; each below `tests`, `test` and the project itself.
const FOLDERS: [&str; 10] = [
    "system",
    "system_tests",
    "system-tests",
    "systemtests",
    "e2e",
    "end_to_end",
    "end-to-end",
    "acceptance",
    "blackbox",
    "smoke",
];

/// Folders whose tests may as well call the application inside their own process: they have to call a server.
const UNSURE_FOLDERS: [&str; 6] = [
    "functional",
    "integration",
    "integration_tests",
    "integration-tests",
    "api",
    "live",
];

/// What a test calls a server with.
const CLIENTS: [&str; 10] = [
    "requests.",
    "httpx.",
    "urllib.request",
    "http.client",
    "aiohttp.",
    "playwright",
    "selenium",
    "socket.",
    "import requests",
    "import httpx",
];

/// How what all tests share names a server; an address elsewhere may be one that unit tests stand in for.
const SERVERS: [&str; 4] = [
    "http://localhost",
    "http://127.0.0.1",
    "http://0.0.0.0",
    "_URL",
];

/// System tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SystemTests {
    /// The command that runs them.
    pub(crate) command: String,
    /// The folder or file that they are in.
    pub(crate) place: String,
    /// The texts of their files.
    pub(crate) texts: Vec<String>,
}

impl SystemTests {
    /// The tests of the project, if they can be told from its others.
    pub(crate) fn find(
        project: &Project,
        sources: &[SourceFile],
        dependencies: &Dependencies,
    ) -> Option<Self> {
        if project.has_folder("features/steps") && dependencies.has("behave") {
            return Some(Self {
                command: "behave".to_owned(),
                place: "features".to_owned(),
                texts: texts_in(sources, "features"),
            });
        }
        let place = by_folder(sources).or_else(|| by_content(sources))?;
        let texts = texts_in(sources, &place);
        Some(Self {
            command: command(&place, &texts, dependencies),
            place,
            texts,
        })
    }
}

/// Whether a folder of system tests is called so.
pub(crate) fn is_folder_of_system_tests(name: &str) -> bool {
    FOLDERS.contains(&name)
}

fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some(stem) = name.strip_suffix(".py") else {
        return false;
    };
    // `test_a`, `testLogin`, `test2`, `tests`; not `testimonials`.
    let behind = stem.strip_prefix("test");
    let begins = behind.is_some_and(|rest| {
        matches!(rest, "" | "s") || !rest.starts_with(|c: char| c.is_lowercase())
    });
    begins || stem.ends_with("_test")
}

fn by_folder(sources: &[SourceFile]) -> Option<String> {
    let with = |folder: &str, fits: &dyn Fn(&SourceFile) -> bool| {
        let inside = format!("{folder}/");
        let mut files = sources.iter();
        files.any(|file| file.path.starts_with(&inside) && fits(file))
    };
    let sure = FOLDERS.iter().find_map(|name| {
        let places = [
            format!("tests/{name}"),
            format!("test/{name}"),
            (*name).to_owned(),
        ];
        let mut places = places.into_iter();
        places.find(|place| with(place, &|file| is_test_file(&file.path)))
    });
    sure.or_else(|| {
        UNSURE_FOLDERS.iter().find_map(|name| {
            let mut places = [format!("tests/{name}"), format!("test/{name}")].into_iter();
            places.find(|place| with(place, &|file| calls_server(file, sources)))
        })
    })
}

/// Tests that call a server, wherever they are.
fn by_content(sources: &[SourceFile]) -> Option<String> {
    let callers: Vec<&str> = sources
        .iter()
        .filter(|file| calls_server(file, sources))
        .map(|file| file.path.as_str())
        .collect();
    match callers.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        [first, ..] => {
            let folder = first.rsplit_once('/').map_or(".", |(folder, _)| folder);
            let inside = format!("{folder}/");
            let all_in = callers.iter().all(|path| path.starts_with(&inside));
            Some(if all_in {
                folder.to_owned()
            } else {
                ".".to_owned()
            })
        }
    }
}

/// Whether a test calls a server: itself, or by what its `conftest.py` gives to all tests.
fn calls_server(file: &SourceFile, sources: &[SourceFile]) -> bool {
    let uses_client = |text: &str| CLIENTS.iter().any(|client| text.contains(client));
    let is_inside = |text: &str| text.contains("TestClient(");
    if !is_test_file(&file.path) || is_inside(&file.text) {
        return false;
    }
    let names_server = file.text.contains("http://") || file.text.contains("_URL");
    if names_server && uses_client(&file.text) {
        return true;
    }
    let mut above = sources.iter().filter(|one| is_above(&one.path, &file.path));
    above.any(|shared| {
        SERVERS.iter().any(|server| shared.text.contains(server))
            && !is_inside(&shared.text)
            && (uses_client(&shared.text) || uses_client(&file.text))
    })
}

fn texts_in(sources: &[SourceFile], place: &str) -> Vec<String> {
    let inside = format!("{place}/");
    // What all tests share stands in `conftest.py`, which may be above.
    let files = sources.iter().filter(|file| {
        place == "."
            || file.path == place
            || file.path.starts_with(&inside)
            || is_above(&file.path, place)
    });
    files.map(|file| file.text.clone()).collect()
}

fn is_above(path: &str, place: &str) -> bool {
    let folder = path.strip_suffix("conftest.py");
    folder.is_some_and(|folder| {
        (folder.is_empty() || folder.ends_with('/')) && place.starts_with(folder)
    })
}

fn command(place: &str, texts: &[String], dependencies: &Dependencies) -> String {
    let uses_unittest = texts.iter().any(|text| text.contains("unittest"));
    let uses_pytest =
        texts.iter().any(|text| text.contains("pytest")) || dependencies.has("pytest");
    let quoted = shell_words::quote(place);
    match (uses_unittest && !uses_pytest, place) {
        (true, place) if place.strip_suffix(".py").is_some() => {
            format!("python -m unittest {quoted}")
        }
        (true, _) => format!("python -m unittest discover -s {quoted}"),
        (false, ".") => "pytest".to_owned(),
        (false, _) => format!("pytest {quoted}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Option<String> {
        let sources: Vec<SourceFile> = files
            .iter()
            .map(|(path, text)| SourceFile {
                path: (*path).to_owned(),
                text: (*text).to_owned(),
            })
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let project = &Project::new(folder.path());
        let found = SystemTests::find(project, &sources, &Dependencies::default())?;
        Some(found.command)
    }

    #[test]
    fn system_tests_are_told_from_others() {
        const CALLS: &str = "import requests\nrequests.get('http://localhost:1/')\n";
        for (files, expected) in [
            (
                vec![("tests/unit/test_a.py", ""), ("tests/system/test_b.py", "")],
                Some("pytest tests/system"),
            ),
            (
                vec![("test/e2e/b_test.py", "import unittest")],
                Some("python -m unittest discover -s test/e2e"),
            ),
            (
                vec![("tests/test_a.py", ""), ("tests/test_b.py", CALLS)],
                Some("pytest tests/test_b.py"),
            ),
            (
                vec![("tests/test_a.py", CALLS), ("tests/test_b.py", CALLS)],
                Some("pytest tests"),
            ),
            (vec![("tests/test_a.py", "import requests")], None),
            // What they share knows where the server is, or calls it for them.
            (
                vec![
                    ("tests/conftest.py", "BASE = 'http://localhost:1'\n"),
                    ("tests/test_a.py", "import requests"),
                    ("tests/test_b.py", ""),
                ],
                Some("pytest tests/test_a.py"),
            ),
            (
                vec![
                    ("tests/unit/test_a.py", ""),
                    ("tests/web/conftest.py", CALLS),
                    ("tests/web/test_b.py", ""),
                    ("tests/web/test_c.py", ""),
                ],
                Some("pytest tests/web"),
            ),
            (
                vec![
                    (
                        "tests/conftest.py",
                        "import requests\n# 'http://api.example.com'\n",
                    ),
                    ("tests/test_a.py", ""),
                ],
                None,
            ),
            (vec![("shop/testimonials.py", CALLS)], None),
            (vec![("testLogin.py", CALLS)], Some("pytest testLogin.py")),
            (vec![("api/test_a.py", CALLS)], Some("pytest api/test_a.py")),
            (
                vec![("tests/api/test_a.py", "from x import TestClient")],
                None,
            ),
            (
                vec![("tests/api/test_a.py", CALLS), ("tests/test_b.py", "")],
                Some("pytest tests/api"),
            ),
            (vec![("tests/system/helper.py", "")], None),
        ] {
            assert_eq!(found(&files).as_deref(), expected, "{files:?}");
        }
    }

    #[test]
    fn what_stands_above_is_shared() {
        assert!(is_above("conftest.py", "tests/system"));
        assert!(is_above("tests/conftest.py", "tests/system"));
        assert!(!is_above("tests/myconftest.py", "tests/mysystem"));
        assert!(!is_above("test/conftest.py", "tests/system"));
    }
}
