//! Programs that run beside the stand-in.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use swath_test::{
    Guard, Python, Requirements, Signal, Venv, newest_python, python, temp_dir, wait_for,
    workspace_root,
};
use tempfile::TempDir;

use crate::log::Log;

/// How long a server may take to begin or to end.
const LIMIT: Duration = Duration::from_mins(1);

/// The Python for which all packages can be had: the newest that they have wheels for.
pub(crate) fn python_for_all() -> Option<&'static Python> {
    python(3, 13).or_else(newest_python)
}

/// What all the programs need, in one environment.
pub(crate) fn requirements() -> Requirements {
    Requirements::from([
        "aiohttp",
        "behave",
        "boto3",
        "bottle",
        "celery",
        "daphne",
        "django",
        "falcon",
        "fastapi",
        "flask",
        "gevent",
        "granian",
        "gunicorn",
        "httpx",
        "hypercorn",
        "playwright",
        "pytest",
        "pytest-rerunfailures",
        "pytest-xdist",
        "pyuwsgi",
        "redis",
        "requests",
        "robotframework",
        "rq",
        "selenium",
        "starlette",
        "tornado",
        "uvicorn",
        "uvicorn-worker",
        "waitress",
        "websocket-client",
        "websockets",
    ])
}

/// The folder of these tests.
pub(crate) fn here() -> PathBuf {
    workspace_root().join("crates/swath/tests/attribution_python")
}

/// A folder for logs, with the package as it is delivered.
pub(crate) struct Stage {
    environment: Venv,
    folder: TempDir,
}

impl Stage {
    pub(crate) fn new(environment: Venv) -> Self {
        let folder = temp_dir();
        let package = workspace_root().join("python/attribution");
        std::os::unix::fs::symlink(package, folder.path().join("swath_attribution")).unwrap();
        Self {
            environment,
            folder,
        }
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The log of the program that was started under this name.
    pub(crate) fn log(&self, name: &str) -> Log {
        Log::read(&self.folder().join(name))
    }

    /// What the program that was started under this name printed.
    pub(crate) fn output(&self, name: &str) -> String {
        fs_err::read_to_string(self.folder().join(name).with_extension("out")).unwrap_or_default()
    }

    /// A command that runs a program of the environment in a folder of these tests.
    pub(crate) fn command(&self, name: &str, folder: &str, words: &str) -> Command {
        let mut words = words.split_whitespace();
        let mut command = self.environment.command(words.next().unwrap());
        let output = fs_err::File::create(self.folder().join(name).with_extension("out")).unwrap();
        let output = output.into_file();
        command
            .args(words)
            .current_dir(here().join(folder))
            .env("PYTHONPATH", here())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("STAND_IN_PACKAGE", self.folder())
            .env("STAND_IN_LOG", self.folder().join(name))
            .env("STAND_IN_FOLDER", self.folder())
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output);
        command
    }

    /// Runs a program to its end, and says whether it succeeded.
    pub(crate) fn run(&self, name: &str, command: &mut Command) -> bool {
        let mut guard = Guard::spawn(command).unwrap();
        let status = guard.wait(LIMIT * 3);
        status
            .unwrap_or_else(|| panic!("{name} does not end: {}", self.output(name)))
            .success()
    }

    /// Waits until a server takes connections.
    pub(crate) fn wait_for_server(&self, name: &str, server: &mut Guard, port: u16) {
        wait_for(LIMIT, name, || {
            assert!(server.ended().is_none(), "{name}: {}", self.output(name));
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
    }
}

/// Ends a server as its operator would.
pub(crate) fn stop(server: &mut Guard) {
    server.signal(Signal::INT);
    // Granian and uWSGI may take their time; what they have logged is there.
    server.wait(Duration::from_secs(2));
}
