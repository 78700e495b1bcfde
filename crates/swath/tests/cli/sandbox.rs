//! A folder of its own for one test, in which swath is run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use swath_test::Python;

pub(crate) use swath_test::{Finished, finish};

/// A project folder, with caches and temporary files of its own beside it.
pub(crate) struct Sandbox {
    root: tempfile::TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Sandbox {
        let root = tempfile::tempdir().unwrap();
        for folder in ["project", "cache", "tmp"] {
            fs_err::create_dir(root.path().join(folder)).unwrap();
        }
        Sandbox { root }
    }

    /// One whose project and temporary folder other users can get into.
    pub(crate) fn open_to_all() -> Sandbox {
        use std::os::unix::fs::PermissionsExt as _;

        let sandbox = Sandbox::new();
        let open = |path: &Path, mode| {
            fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        open(sandbox.root.path(), 0o755);
        open(&sandbox.project(), 0o755);
        open(&sandbox.temporary(), 0o1777);
        sandbox
    }

    /// Lets nobody but this user into the temporary folder.
    pub(crate) fn close_temporary(&self) {
        use std::os::unix::fs::PermissionsExt as _;

        let closed = std::fs::Permissions::from_mode(0o700);
        fs_err::set_permissions(self.temporary(), closed).unwrap();
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.root.path().join("project")
    }

    /// The temporary folder: swath's run folders are made here.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.root.path().join("tmp")
    }

    pub(crate) fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.project().join(path);
        swath_test::write_file(&path, text);
        path
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs_err::read_to_string(self.project().join(path)).unwrap()
    }

    /// swath with these arguments, in the project folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_swath"));
        self.prepare(&mut command);
        command.args(arguments);
        command
    }

    /// Any command, with the sandbox's folders and without variables that would change the result.
    pub(crate) fn prepare(&self, command: &mut Command) {
        command.current_dir(self.project());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["PYTHON", "COVERAGE", "SWATH_", "XDG_", "VIRTUAL_ENV"]
                .iter()
                .any(|prefix| text.starts_with(prefix))
            {
                command.env_remove(&name);
            }
        }
        command
            .env("XDG_CACHE_HOME", self.root.path().join("cache"))
            .env("TMPDIR", self.temporary())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null());
    }

    /// Runs swath to its end.
    pub(crate) fn swath(&self, arguments: &[&str]) -> Finished {
        finish(self.command(arguments))
    }

    /// The text with what differs from run to run replaced by names.
    pub(crate) fn normal(&self, text: &str) -> String {
        let text = text.replace(&*self.root.path().to_string_lossy(), "[ROOT]");
        let patterns = [
            (r"\d+\.\d+ ?s\b", "[TIME]"),
            (r"runs/\d+-\d+", "runs/[RUN]"),
            (r"\(pid \d+\)", "(pid [PID])"),
            (r"127\.0\.0\.1:\d+", "127.0.0.1:[PORT]"),
            (r"sport = :\d+", "sport = :[PORT]"),
            (r"/\S*/bin/python[\d.]*", "[PYTHON]"),
        ];
        patterns.iter().fold(text, |text, (pattern, name)| {
            fancy_regex::Regex::new(pattern)
                .unwrap()
                .replace_all(&text, *name)
                .into_owned()
        })
    }

    /// Nothing of swath's is left in the temporary folder.
    pub(crate) fn assert_nothing_left(&self) {
        let left = fs_err::read_dir(self.temporary())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                path.file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with("swath-"))
            })
            .collect::<Vec<_>>();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

/// The newest Python that is there; `None` is a named skip.
pub(crate) fn python(test: &str) -> Option<&'static Python> {
    let python = swath_test::newest_python();
    if python.is_none() {
        swath_test::skip(test, "no CPython 3.8 or newer");
    }
    python
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A small HTTP server: `/` answers 200, `/slow` after a second, `/count` runs one more line.
pub(crate) const SERVER: &str = r#"import http.server
import sys
import time


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow":
            time.sleep(1)
        if self.path == "/never":
            print("never asked for")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.serve_forever()
"#;
