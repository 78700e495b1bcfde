//! Real git repositories, made for one test.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::workspace::{temp_dir, write_file};

/// A repository with a work tree, in a folder that goes with it.
#[derive(Debug)]
pub struct GitRepository {
    folder: PathBuf,
    _owned: Option<TempDir>,
}

impl GitRepository {
    /// A new repository on the branch `main`; `None`, with a named skip, where there is no git.
    pub fn new(test: &str) -> Option<Self> {
        if Command::new("git").arg("--version").output().is_err() {
            crate::skip(test, "no git");
            return None;
        }
        let owned = temp_dir();
        let repository = Self::at(owned.path());
        repository.git(["init", "--quiet", "--initial-branch=main"]);
        Some(Self {
            _owned: Some(owned),
            ..repository
        })
    }

    /// One whose objects have names by SHA-256; `None`, with a named skip, where git cannot make it.
    pub fn with_sha256(test: &str) -> Option<Self> {
        let repository = Self::new(test)?;
        fs_err::remove_dir_all(repository.folder.join(".git")).expect("it was made");
        let mut command = repository.command("git");
        command.args([
            "init",
            "--quiet",
            "--initial-branch=main",
            "--object-format=sha256",
        ]);
        let made = command.output().is_ok_and(|output| output.status.success());
        if !made {
            crate::skip(test, "a git that knows SHA-256");
            return None;
        }
        Some(repository)
    }

    /// The repository that is in a folder.
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            _owned: None,
        }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A command in its folder that git's settings on this machine do not change.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder);
        for name in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{name}_NAME"), "A")
                .env(format!("GIT_{name}_EMAIL"), "a@example.com")
                .env(format!("GIT_{name}_DATE"), "2026-01-01T00:00:00Z");
        }
        command
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    /// What `git` with these words prints; it must succeed.
    pub fn git<W: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = W>) -> String {
        let mut command = self.command("git");
        // Submodules and shallow clones of folders.
        command.args(["-c", "protocol.file.allow=always"]);
        let output = command.args(words).output().expect("git starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Writes a file of the work tree.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        write_file(self.folder.join(path), content);
    }

    /// Commits the whole work tree; gives the commit's id.
    pub fn commit(&self) -> String {
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "--allow-empty", "--message=change"]);
        self.git(["rev-parse", "HEAD"]).trim().to_owned()
    }
}
