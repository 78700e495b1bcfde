//! A Python that answers questions, one JSON document for all of them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use swath_test::Venv;

const PROGRAM: &str = include_str!("answer.py");

pub(crate) struct Oracle {
    python: PathBuf,
    version: (u8, u8),
    folder: PathBuf,
}

impl Oracle {
    /// A Python with coverage.py 7.17.3, or a named skip.
    pub(crate) fn coverage(test: &str) -> Option<Self> {
        let newest = Self::newest(test, 10)?;
        let venv: Venv = swath_test::venv(newest, &swath_test::coverage_requirements())?;
        Some(Self {
            python: venv.python(),
            version: venv.version(),
            folder: std::env::temp_dir(),
        })
    }

    /// A Python whose regular expressions have the syntax of 3.11 and newer, or a named skip.
    pub(crate) fn python(test: &str) -> Option<Self> {
        let newest = Self::newest(test, 11)?;
        Some(Self {
            python: newest.path.clone(),
            version: newest.version,
            folder: std::env::temp_dir(),
        })
    }

    fn newest(test: &str, oldest: u8) -> Option<&'static swath_test::Python> {
        let found = (oldest..=13)
            .rev()
            .find_map(|minor| swath_test::python(3, minor));
        if found.is_none() {
            swath_test::skip(test, &format!("CPython 3.{oldest} to 3.13"));
        }
        found
    }

    pub(crate) fn version(&self) -> (u8, u8) {
        self.version
    }

    /// The same, asked in this folder.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.folder);
        self
    }

    pub(crate) fn ask(&self, questions: &[Value]) -> Vec<Value> {
        let mut child = Command::new(&self.python)
            .args(["-I", "-W", "ignore", "-c", PROGRAM])
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let document = serde_json::to_vec(questions).unwrap();
        let writer = std::thread::spawn(move || stdin.write_all(&document));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        assert!(output.status.success(), "the oracle failed");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}
