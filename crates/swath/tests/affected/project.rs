//! A repository with a program in it, and data that says which test ran what.

use std::collections::BTreeSet;
use std::path::Path;

use swath_data::{
    CoverageData, Endpoint, FileFacts, Mode, ProcessRecord, RunRecord, SourceHash, write_data_file,
};
use swath_model::Role;
use swath_test::{Finished, GitRepository, finish};

/// A repository, and what is recorded of it.
pub(crate) struct Project {
    pub(crate) repository: GitRepository,
    pub(crate) data: CoverageData,
}

impl Project {
    /// An empty one, whose data is complete; `None`, with a named skip, where there is no git.
    pub(crate) fn new(test: &str) -> Option<Self> {
        Some(Self::of(GitRepository::new(test)?))
    }

    /// One in a repository in which nothing is yet.
    pub(crate) fn of(repository: GitRepository) -> Self {
        repository.write(".gitignore", ".coverage\n");
        repository.write(".coveragerc", "[run]\nsource = source\n");
        let mut data = CoverageData::new(Mode::Lines);
        data.accounting.runs.push(RunRecord {
            id: "5eed".to_owned(),
            facts: vec![("complete".to_owned(), "1".to_owned())],
        });
        Self { repository, data }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.repository.folder()
    }

    /// A file that a process of a service ran, and the lines of it that each context has.
    pub(crate) fn measured(
        &mut self,
        path: &str,
        text: &str,
        service: &str,
        contexts: &[(&str, &[u32])],
    ) {
        self.repository.write(path, text);
        let place = fs_err::canonicalize(self.folder().join(path)).unwrap();
        let place = place.to_str().unwrap().to_owned();
        for (context, lines) in contexts {
            let context = self.data.intern_context(context);
            let lines = lines.iter().copied().collect();
            self.data.add_lines(&place, context, &lines);
        }
        let facts = FileFacts {
            hash: Some(SourceHash::of(text.as_bytes())),
            ..FileFacts::default()
        };
        let accounting = &mut self.data.accounting;
        accounting.files.insert(place.clone(), [facts].into());
        accounting.processes.push(ProcessRecord {
            id: format!("{:02x}", accounting.processes.len()),
            run: "5eed".to_owned(),
            service: Some(service.to_owned()),
            role: Some(Role::Service),
            counted: true,
            touched: std::sync::Arc::new([place].into()),
            ..ProcessRecord::default()
        });
    }

    /// A test that passed, and the services that it called.
    pub(crate) fn test(&mut self, name: &str, services: &[&str]) {
        let attribution = &mut self.data.accounting.attribution;
        attribution.add_test(&format!("{name}|run"), Some("passed"));
        for service in services {
            let endpoint = Endpoint {
                service: (*service).to_owned(),
                route: "/".to_owned(),
                method: "GET".to_owned(),
            };
            attribution.add_call(&endpoint, &format!("{name}|run"), Some(200));
        }
    }

    /// Saves the data, and commits what is there on the branch `main`.
    pub(crate) fn recorded(&self) {
        write_data_file(&self.data, &self.folder().join(".coverage")).unwrap();
        self.repository.commit();
    }

    /// Puts another text in place of one that a file has once.
    pub(crate) fn replace(&self, path: &str, old: &str, new: &str) {
        let place = self.folder().join(path);
        let text = fs_err::read_to_string(&place).unwrap();
        assert_eq!(text.matches(old).count(), 1, "{old} in {path}");
        fs_err::write(place, text.replace(old, new)).unwrap();
    }

    pub(crate) fn swath(&self, words: &[&str]) -> Finished {
        let mut command = self.repository.command(env!("CARGO_BIN_EXE_swath"));
        command
            .args(words)
            .env_remove("COVERAGE_FILE")
            .env_remove("COVERAGE_RCFILE")
            .env("NO_COLOR", "1");
        finish(command)
    }

    /// The tests that changes since `main` affect, with what is said of them.
    pub(crate) fn affected(&self, words: &[&str]) -> (BTreeSet<String>, String) {
        let done = self.swath(&[&["affected"], words].concat());
        assert_eq!(done.code, 0, "{done:?}");
        let tests = done.stdout.lines().map(str::to_owned).collect();
        (tests, done.stderr)
    }
}
