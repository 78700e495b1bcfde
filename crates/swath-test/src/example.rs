//! The examples, `examples/xy` before all, in folders and at ports of their own, so that tests may run
//! them side by side.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::{Build, Python, Requirements, Venv, free_port, temp_dir, venv, workspace_root};

/// The port that the example uses when nobody says otherwise.
const USUAL_PORT: u16 = 8000;

/// A copy of the example with its virtual environment.
#[derive(Debug)]
pub struct Example {
    folder: TempDir,
    port: u16,
    venv: Venv,
}

/// What the example and its tests need.
pub fn example_requirements() -> Requirements {
    let folder = workspace_root().join("examples/xy");
    let read = |name: &str| {
        Requirements::read(&folder.join(name))
            .expect("the example's requirements are in the checkout")
    };
    read("requirements.txt").and(&read("requirements-test.txt"))
}

/// The coverage.py that swath's numbers are compared with: 7.17.3, or the last one that an older
/// Python can have.
pub fn coverage_requirements() -> Requirements {
    Requirements::from([
        "coverage==7.17.3; python_version >= '3.11'",
        "coverage==7.16.2; python_version == '3.10'",
        "coverage==7.10.7; python_version == '3.9'",
        "coverage==7.6.1; python_version == '3.8'",
    ])
}

/// The same for one Python, with its C tracer: for builds that are not ordinary no wheel has that, so it
/// is compiled.
pub fn coverage_requirements_of(python: &Python) -> Requirements {
    let usual = coverage_requirements();
    if python.build == Build::Ordinary {
        usual
    } else {
        usual.with(["--no-binary=coverage"])
    }
}

impl Example {
    /// A copy for `python`, with coverage.py in its environment; none (and a named skip) when the
    /// environment cannot be made.
    pub fn copy(python: &Python) -> Option<Self> {
        Self::copy_with(
            python,
            &example_requirements().and(&coverage_requirements()),
        )
    }

    /// As [`Example::copy`], with other packages in its environment.
    pub fn copy_with(python: &Python, requirements: &Requirements) -> Option<Self> {
        let venv = venv(python, requirements)?;
        let folder = temp_dir();
        let port = free_port();
        copy_example("xy", folder.path(), &[(USUAL_PORT, port)])
            .expect("the example can be copied to the temporary directory");
        Some(Self { folder, port, venv })
    }

    /// The copy's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The address of its service.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its virtual environment.
    pub fn venv(&self) -> &Venv {
        &self.venv
    }

    /// A command in the copy's folder, with the environment of an activated virtual environment
    /// and the copy's port. `env_vars/test.env` is not in it: see [`Example::service`].
    pub fn command(&self, program: impl Into<PathBuf>) -> Command {
        let mut command = self.venv.command("python");
        // The environment is the virtual environment's, the program is not.
        let mut other = Command::new(program.into());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => other.env(name, value),
                None => other.env_remove(name),
            };
        }
        command = other;
        command
            .current_dir(self.folder())
            .env("PORT", self.port.to_string())
            .env("XY_URL", self.url());
        command
    }

    /// `./gunicorn.sh` with the settings of `env_vars/test.env`.
    pub fn service(&self) -> Command {
        let mut command = self.command(self.folder().join("gunicorn.sh"));
        command.envs(self.test_settings());
        command
    }

    /// The system tests.
    pub fn tests(&self) -> Command {
        let mut command = self.command(self.venv.bin("python"));
        command.args([
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "test/system",
        ]);
        command
    }

    /// The settings of `env_vars/test.env`.
    pub fn test_settings(&self) -> Vec<(OsString, OsString)> {
        let path = self.folder().join("env_vars/test.env");
        let text = fs_err::read_to_string(path).expect("the example's settings are in the copy");
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }

    /// Whether the service answers.
    pub fn is_ready(&self) -> bool {
        ready(self.port).unwrap_or(false)
    }
}

/// Whether `/ready` of the service at `port` says 200.
fn ready(port: u16) -> Result<bool> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(std::time::Duration::from_secs(5)))?;
    stream.write_all(b"GET /ready HTTP/1.0\r\n\r\n")?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer)?;
    Ok(answer.ends_with(b" 200"))
}

/// Copies an example into a folder that is there, with other ports in its `swath.toml`: each of its own,
/// and what stands for it.
pub fn copy_example(name: &str, to: &Path, ports: &[(u16, u16)]) -> Result<()> {
    copy_tree(&workspace_root().join("examples").join(name), to, ports)
}

fn copy_tree(from: &Path, to: &Path, ports: &[(u16, u16)]) -> Result<()> {
    fs_err::create_dir_all(to)?;
    for entry in fs_err::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let (source, target) = (entry.path(), to.join(&name));
        // What a run by hand leaves behind stays behind.
        let left_over = name == "__pycache__" || name == ".venv" || name == ".pytest_cache";
        if entry.file_type()?.is_dir() {
            if !left_over {
                copy_tree(&source, &target, ports)?;
            }
        } else if name == "swath.toml" {
            let mut text = fs_err::read_to_string(&source)?;
            // In two steps, as what stands for one port may hold the digits of another.
            let place = |index: usize| format!("\u{1}{index}\u{1}");
            for (index, (usual, _)) in ports.iter().enumerate() {
                text = text.replace(&usual.to_string(), &place(index));
            }
            for (index, (_, own)) in ports.iter().enumerate() {
                text = text.replace(&place(index), &own.to_string());
            }
            fs_err::write(&target, text)?;
        } else if !left_over_file(&name.to_string_lossy()) {
            fs_err::copy(&source, &target).context("cannot copy the example")?;
        }
    }
    Ok(())
}

fn left_over_file(name: &str) -> bool {
    let data = name == ".coverage" || name.starts_with(".coverage.");
    data || Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "sqlite")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_its_own_port_and_nothing_left_over() {
        let folder = temp_dir();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs_err::create_dir_all(from.join("__pycache__")).unwrap();
        for name in [
            ".coveragerc",
            ".coverage",
            ".coverage.host.1",
            "xy-test.sqlite",
        ] {
            fs_err::write(from.join(name), name).unwrap();
        }
        fs_err::write(
            from.join("swath.toml"),
            "ready = \"http://127.0.0.1:8000/ready\"",
        )
        .unwrap();
        copy_tree(&from, &to, &[(USUAL_PORT, 4321)]).unwrap();
        let mut names: Vec<_> = fs_err::read_dir(&to)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, [".coveragerc", "swath.toml"]);
        let text = fs_err::read_to_string(to.join("swath.toml")).unwrap();
        assert_eq!(text, "ready = \"http://127.0.0.1:4321/ready\"");
    }
}
