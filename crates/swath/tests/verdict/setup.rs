//! One set-up: files, a script that ends with a verdict, and the verdict that is right.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use swath_test::{
    Guard, Python, Requirements, Scale, Venv, can_mount, image_python, is_root, newest_python,
    python_of_everybody, pythons, record_figure, scale, temp_dir, venv,
};

/// What a verdict says of tests that failed.
const FAILED: &str = "the tests failed";
/// How long a set-up may take.
const LIMIT: Duration = Duration::from_mins(2);

/// Something that a set-up needs of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// To be root.
    Root,
    /// To run a Python as another user; `$PYTHON` is one that any user may run.
    OtherUser,
    /// A file system of its own; the script has mounts of its own, which end with it.
    Mount,
    /// A program on `PATH`.
    Program(&'static str),
    /// Packages in an environment of their own; `$BIN` is its folder of programs.
    Packages(&'static [&'static str]),
    /// A Python whose shared library another program can load: `$PYTHON` is that.
    Library,
    /// An interpreter that pyenv has under this version's beginning.
    OldPython(&'static str),
}

/// A set-up and its verdict. In the script `$SWATH` is the command, `$PYTHON` an interpreter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    /// What it is about, as a row of the table.
    pub(crate) name: &'static str,
    pub(crate) files: &'static [(&'static str, &'static str)],
    pub(crate) script: &'static str,
    /// What the last verdict of its output begins with, and what else it holds.
    pub(crate) verdict: &'static [&'static str],
    pub(crate) needs: &'static [Need],
}

/// A set-up that needs nothing special.
pub(crate) const fn setup(
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    script: &'static str,
    verdict: &'static [&'static str],
) -> Setup {
    Setup {
        name,
        files,
        script,
        verdict,
        needs: &[],
    }
}

/// Plays the set-ups of a table, and fails with all that came out otherwise.
pub(crate) fn play_all(table: &str, setups: &[Setup]) {
    let mut wrong = Vec::new();
    for setup in setups {
        if let Some(missing) = missing(setup.needs) {
            swath_test::skip(&format!("verdict: {}", setup.name), &missing);
            continue;
        }
        let output = match play(setup) {
            Ok(output) => output,
            Err(output) => {
                wrong.push(format!("{}: no end in {LIMIT:?}\n{output}", setup.name));
                continue;
            }
        };
        let said = last_verdict(&output);
        let right = said.as_ref().is_some_and(|said| {
            let mut parts = setup.verdict.iter();
            // A program that could not do its work says nothing of how it was measured.
            let has_failed =
                said.contains(FAILED) && !setup.verdict.iter().any(|part| part.contains(FAILED));
            !has_failed
                && parts.next().is_some_and(|word| said.starts_with(word))
                && parts.all(|part| said.contains(part))
        });
        if right && scale() == Scale::Whole {
            let said = said.clone().unwrap_or_default();
            let short = said.split("; swath added").next().unwrap_or_default();
            record_figure(table, setup.name, "verdict", short);
        }
        if !right {
            wrong.push(format!(
                "{}: expected {:?}, got {said:?}\n{output}",
                setup.name, setup.verdict
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
}

fn missing(needs: &[Need]) -> Option<String> {
    if newest_python().is_none() {
        return Some("no CPython 3.8 or newer".to_owned());
    }
    needs.iter().find_map(|need| match need {
        Need::Root => (!is_root()).then(|| "root".to_owned()),
        Need::OtherUser => python_of_everybody()
            .is_none()
            .then(|| "a Python that another user can run, as another user".to_owned()),
        Need::Library => python_with_library()
            .is_none()
            .then(|| "a Python with a shared library".to_owned()),
        Need::Mount => (!can_mount()).then(|| "the right to mount a file system".to_owned()),
        Need::Program(program) => (!has(program)).then(|| format!("`{program}`")),
        Need::Packages(packages) => environment(packages).is_none().then(|| packages.join(", ")),
        Need::OldPython(version) => old_python(version)
            .is_none()
            .then(|| format!("a Python {version}")),
    })
}

/// An environment with these packages, of the newest Python that has an installation of its own: that of
/// a root file system may be ahead of what packages can do, and has no library for them to link with.
fn environment(packages: &[&str]) -> Option<Venv> {
    let requirements = Requirements::new(packages.iter().copied());
    venv(image_python().or_else(newest_python)?, &requirements)
}

fn has(program: &str) -> bool {
    Command::new("sh")
        .args(["-c", "command -v \"$1\"", "sh", program])
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The newest Python whose shared library another program can load.
fn python_with_library() -> Option<&'static Path> {
    let question = "import os, sysconfig as s; path = os.path.join(s.get_config_var('LIBDIR'), s.get_config_var('INSTSONAME')); exit(not ('.so' in path and os.path.exists(path)))";
    let mut newest_first = pythons().iter().rev();
    let has_library = |python: &&Python| {
        let asked = python.command().args(["-c", question]).status();
        asked.is_ok_and(|status| status.success())
    };
    newest_first
        .find(has_library)
        .map(|python| python.path.as_path())
}

fn old_python(version: &str) -> Option<String> {
    let home = std::env::var("HOME").ok()?;
    let folder = Path::new(&home).join(".pyenv/versions");
    let found = fs_err::read_dir(folder).ok()?.flatten().find(|entry| {
        entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with(version))
    })?;
    let python = found.path().join("bin/python");
    python.exists().then(|| python.display().to_string())
}

/// Runs the script in a folder of its own; all that was printed, an error if it had no end.
fn play(setup: &Setup) -> Result<String, String> {
    let root = temp_dir();
    let folder = |name: &str| {
        let folder = root.path().join(name);
        fs_err::create_dir(&folder).unwrap();
        folder
    };
    let (project, temporary, cache) = (folder("project"), folder("tmp"), folder("cache"));
    for (path, text) in setup.files {
        swath_test::write_file(project.join(path), text);
    }
    let mut command = Command::new("bash");
    if setup.needs.contains(&Need::Mount) {
        command = Command::new("unshare");
        command.args(["--mount", "bash"]);
    }
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if [
            "PYTHON",
            "COVERAGE",
            "SWATH_",
            "XDG_",
            "VIRTUAL_ENV",
            "DOCKER_",
        ]
        .iter()
        .any(|prefix| text.starts_with(prefix))
        {
            command.env_remove(&name);
        }
    }
    let python = if setup.needs.contains(&Need::OtherUser) {
        python_of_everybody().unwrap()
    } else if setup.needs.contains(&Need::Library) {
        python_with_library().unwrap()
    } else {
        &newest_python().unwrap().path
    };
    let output = root.path().join("output");
    let file = fs_err::File::create(&output).unwrap();
    let same = file.file().try_clone().unwrap();
    command
        .args(["-c", &format!("exec 2>&1\n{}", setup.script)])
        .current_dir(&project)
        .env("SWATH", env!("CARGO_BIN_EXE_swath"))
        .env("PYTHON", python)
        .env("OLD", needed_python(setup).unwrap_or_default())
        .env("BIN", needed_programs(setup).unwrap_or_default())
        .env("XDG_CACHE_HOME", cache)
        .env("TMPDIR", temporary)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(file.into_parts().0)
        .stderr(same);
    let mut guard = Guard::spawn(&mut command).unwrap();
    let has_ended = guard.wait(LIMIT).is_some();
    if !has_ended {
        guard.signal_group(swath_test::Signal::KILL);
    }
    let bytes = fs_err::read(&output).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if has_ended { Ok(text) } else { Err(text) }
}

fn needed_python(setup: &Setup) -> Option<String> {
    setup.needs.iter().find_map(|need| match need {
        Need::OldPython(version) => old_python(version),
        _ => None,
    })
}

fn needed_programs(setup: &Setup) -> Option<std::path::PathBuf> {
    setup.needs.iter().find_map(|need| match need {
        Need::Packages(packages) => Some(environment(packages)?.folder().join("bin")),
        _ => None,
    })
}

/// The last line that is a verdict, of a run (`Complete 1 of 1 …`) or a report (`Complete: …`).
fn last_verdict(output: &str) -> Option<String> {
    let words = ["Complete", "Incomplete", "Partial", "Unknown"];
    output
        .lines()
        .map(str::trim_start)
        .rfind(|line| {
            words.iter().any(|word| {
                line.strip_prefix(word)
                    .is_some_and(|rest| rest.starts_with([':', ' ']))
            })
        })
        .map(str::to_owned)
}

#[test]
fn the_last_verdict_is_found() {
    let output = "    Complete 1 of 1\nx\nIncomplete: 0 of 1 Python process measured\nCompletely\n";
    assert_eq!(
        last_verdict(output).as_deref(),
        Some("Incomplete: 0 of 1 Python process measured")
    );
    assert_eq!(last_verdict("nothing"), None);
}
