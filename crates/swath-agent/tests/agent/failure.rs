//! Where the agent cannot work, the program runs as it would have run, and there is a word of it.

use std::fmt::Write as _;
use std::process::Command;

use swath_test::{Python, builds, skip};

use crate::run::Run;

const PROGRAM: &str = "
import sys
def f(x):
    return x + 1
print(f(1), file=sys.stdout)
";

fn check_runs(run: &Run, python: &Python, command: &mut Command) {
    let output = run.inject(command).output().unwrap();
    let (out, error) = (
        output.stdout,
        String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    assert_eq!(
        (out, error),
        (b"2\n".to_vec(), String::new()),
        "{}",
        python.tag()
    );
    assert!(output.status.success());
}

fn plain(python: &Python) -> Command {
    let mut command = python.command();
    command.args(["-c", PROGRAM]);
    command
}

#[test]
fn a_data_folder_that_is_not_there() {
    for python in builds() {
        let run = Run::new();
        fs_err::remove_dir(run.data()).unwrap();
        check_runs(&run, python, &mut plain(python));
    }
}

/// A data folder that nobody has made, in a run whose agent is to make it.
fn folder_to_be_made(run: &Run) -> std::path::PathBuf {
    let data = run.data().join("42/shop_web.1.x/web/data");
    let path = run.path().join("agent/swath-agent.conf");
    let mut file = fs_err::read(&path).unwrap();
    let below = run.data();
    for (key, value) in [("data-below", &below), ("data", &data)] {
        let value = value.as_os_str().as_encoded_bytes();
        swath_store::settings::write(key, value, |bytes| file.extend_from_slice(bytes));
    }
    fs_err::write(path, file).unwrap();
    data
}

#[test]
fn a_data_folder_that_the_agent_makes_is_everybodys_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt as _;

    let names = |folder: &std::path::Path| {
        let entries = fs_err::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect::<Vec<_>>().join(" ")
    };
    for python in builds() {
        // The shared object makes it, and where that cannot be loaded, what would load it.
        for ending in [".hits", ".failed-agent-not-loadable"] {
            let run = Run::new();
            let data = folder_to_be_made(&run);
            if ending != ".hits" {
                let object = run.path().join("agent").join(swath_agent::AGENT_FILE_NAME);
                fs_err::write(object, b"not an object").unwrap();
            }
            let mut command = Command::new("sh");
            command.args(["-c", "umask 077; exec \"$@\"", "sh"]);
            command.arg(&python.path).args(["-c", PROGRAM]);
            check_runs(&run, python, &mut command);
            assert!(names(&data).ends_with(ending), "{}", names(&data));
            let made = data.ancestors().take_while(|folder| *folder != run.data());
            for folder in made {
                let mode = fs_err::metadata(folder).unwrap().permissions().mode();
                assert_eq!(mode & 0o7777, 0o1777, "{}", folder.display());
            }
        }
    }
}

#[test]
fn a_data_folder_elsewhere_is_not_made() {
    let Some(python) = builds().last() else {
        return skip("a_data_folder_elsewhere_is_not_made", "no Python found");
    };
    let run = Run::new();
    let data = folder_to_be_made(&run);
    let path = run.path().join("agent/swath-agent.conf");
    let mut file = fs_err::read(&path).unwrap();
    let other = run.path().join("dat");
    let other = other.as_os_str().as_encoded_bytes();
    swath_store::settings::write("data-below", other, |bytes| file.extend_from_slice(bytes));
    fs_err::write(path, file).unwrap();
    check_runs(&run, python, &mut plain(python));
    assert!(!data.exists());
}

#[test]
fn a_configuration_that_is_not_there() {
    for python in builds() {
        let run = Run::new();
        fs_err::remove_file(run.path().join("agent/swath-agent.conf")).unwrap();
        check_runs(&run, python, &mut plain(python));
    }
}

#[test]
fn a_shared_object_that_is_none() {
    for python in builds() {
        let run = Run::new();
        let object = run.path().join("agent").join(swath_agent::AGENT_FILE_NAME);
        fs_err::write(object, b"not an object").unwrap();
        check_runs(&run, python, &mut plain(python));
        assert_eq!(run.failures(), ["agent-not-loadable"]);
    }
}

#[test]
fn little_address_space() {
    for python in builds() {
        let run = Run::new();
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -v 200000; exec \"$@\"", "sh"]);
        command.arg(&python.path).args(["-c", PROGRAM]);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PYTHON") {
                command.env_remove(name);
            }
        }
        check_runs(&run, python, &mut command);
        assert_eq!(run.stores().len(), 1, "{}", python.tag());
    }
}

#[test]
fn older_and_other_interpreters_run_as_without() {
    for tag in ["2.7", "3.6", "3.7"] {
        let Some(path) = find(tag) else {
            skip(
                "older_and_other_interpreters_run_as_without",
                &format!("Python {tag}"),
            );
            continue;
        };
        let run = Run::new();
        let mut command = Command::new(path);
        let code = "import sys; sys.stdout.write('%d\\n' % (1 + 1))";
        let output = run.inject(command.args(["-c", code])).output().unwrap();
        assert_eq!(output.stdout, b"2\n");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert_eq!(run.failures(), ["unknown-version"], "{tag}");
    }
}

/// An interpreter of a version that is not measured.
fn find(tag: &str) -> Option<std::path::PathBuf> {
    let home = std::env::var_os("HOME")?;
    let versions = std::path::Path::new(&home).join(".pyenv/versions");
    let mut found = fs_err::read_dir(versions).ok()?.filter_map(Result::ok);
    let folder = found.find(|entry| entry.file_name().to_string_lossy().starts_with(tag))?;
    let path = folder.path().join("bin/python");
    path.exists().then_some(path)
}

/// A file system of a few hundred kilobytes, gone with the value.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn mount(folder: &std::path::Path, kilobytes: u32) -> Option<Self> {
        let mut command = Command::new("mount");
        command.args([
            "-t",
            "tmpfs",
            "-o",
            &format!("size={kilobytes}k"),
            "swath-test",
        ]);
        let status = command
            .arg(folder)
            .stderr(std::process::Stdio::null())
            .status();
        let mounted = status.is_ok_and(|status| status.success());
        mounted.then(|| Self(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_disk_that_is_full_at_the_start() {
    for python in builds() {
        let run = Run::new();
        let Some(_disk) = SmallDisk::mount(&run.data(), 64) else {
            skip(
                "a_disk_that_is_full_at_the_start",
                "the right to mount a small file system",
            );
            return;
        };
        check_runs(&run, python, &mut plain(python));
        assert_eq!(run.failures(), ["no-room-on-disk"], "{}", python.tag());
    }
}

#[test]
fn a_disk_that_fills_up_in_mid_run() {
    for python in builds() {
        let run = Run::new();
        let Some(_disk) = SmallDisk::mount(&run.data(), 400) else {
            skip(
                "a_disk_that_fills_up_in_mid_run",
                "the right to mount a small file system",
            );
            return;
        };
        let program = run.path().join("large.py");
        let mut text = String::new();
        for number in 0..500 {
            let body = "    x += 1\n".repeat(800);
            let _ = write!(
                text,
                "def f{number}(x):\n{body}    return x\nf{number}(1)\n"
            );
        }
        text.push_str("print(2)\n");
        fs_err::write(&program, text).unwrap();
        let mut command = python.command();
        check_runs(&run, python, command.arg(&program));
        let stores = run.stores();
        assert_eq!(stores.len(), 1, "{}", python.tag());
        assert!(stores[0].header.dropped > 0, "{}", python.tag());
        assert!(run.hits(&program).len() > 1000, "{}", python.tag());
    }
}
