//! What a page tells its reader to write and to type is written and typed; what it shows is what
//! comes of it.

use std::env::{join_paths, split_paths, var_os};
use std::path::{Path, PathBuf};
use std::process::Command;

use swath_test::{
    Finished, Requirements, Step, Venv, finish, free_port, is_as_shown, newest_python, skip,
    steady, steps, temp_dir, venv, workspace_root, write_file,
};
use tempfile::TempDir;

/// The port of every page's service, and so of every page's tests.
const PORT: &str = "8000";

/// A folder in which the steps of a page are done.
struct Project {
    folder: TempDir,
    venv: Venv,
    packages: Vec<String>,
    port: String,
}

impl Project {
    fn new(packages: &[String]) -> Option<Project> {
        Some(Project {
            folder: temp_dir(),
            venv: venv(
                newest_python()?,
                &Requirements::new(packages.iter().cloned()),
            )?,
            packages: packages.to_vec(),
            port: free_port().to_string(),
        })
    }

    fn path(&self, path: &str) -> PathBuf {
        let path = Path::new(path);
        assert!(path.is_relative(), "{}", path.display());
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        write_file(self.path(path), text.replace(PORT, &self.port));
    }

    /// Types a command; both streams in the order of a terminal.
    fn command(&self, words: &str) -> Finished {
        let swath = Path::new(env!("CARGO_BIN_EXE_swath")).parent().unwrap();
        let before = var_os("PATH").unwrap_or_default();
        let folders = [swath.to_owned(), self.venv.bin("")];
        let path = join_paths(folders.into_iter().chain(split_paths(&before))).unwrap();
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("{{ {}\n}} 2>&1", words.replace(PORT, &self.port)))
            .current_dir(self.folder.path())
            .env("PATH", path)
            .env("VIRTUAL_ENV", self.venv.folder())
            .env("NO_COLOR", "1");
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("PYTHON") || name.starts_with("COVERAGE_") {
                command.env_remove(name);
            }
        }
        let mut done = finish(command);
        done.stdout = done.stdout.replace(&self.port, PORT);
        done
    }
}

/// Does what a page says.
fn follow(test: &str, page: &str) {
    let text = fs_err::read_to_string(workspace_root().join(page)).unwrap();
    let mut project: Option<Project> = None;
    let mut compared = 0;
    for step in steps(&text) {
        match (step, &project) {
            (Step::Project(packages), _) => {
                project = Project::new(&packages);
                if project.is_none() {
                    skip(
                        test,
                        &format!("an environment with {}", packages.join(", ")),
                    );
                }
            }
            (_, None) => {}
            (Step::File { path, text }, Some(project)) => project.write(&path, &text),
            (Step::Append { path, text }, Some(project)) => {
                let before = fs_err::read_to_string(project.path(&path)).unwrap();
                project.write(&path, &(before + &text));
            }
            (Step::Command { words, shown }, Some(project)) => {
                if let Some(packages) = words.strip_prefix("pip install ") {
                    let packages: Vec<&str> = packages.split(' ').collect();
                    assert_eq!(packages, project.packages, "{page}");
                    continue;
                }
                let done = project.command(&words);
                let (said, shown) = (steady(&done.stdout), steady(&shown));
                assert!(
                    is_as_shown(&said, &shown),
                    "{page}: `{words}` does not print what the page shows\n\n{shown}\n\nbut\n\n{said}"
                );
                compared += 1;
            }
        }
    }
    assert!(project.is_none() || compared > 0, "{page}: no command");
}

#[test]
fn the_tutorial() {
    follow("the_tutorial", "docs/tutorial.md");
}
