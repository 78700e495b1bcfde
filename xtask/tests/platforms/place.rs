//! A root file system with a Python, an installed swath, and what is tried there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use swath_test::{CleanRoot, MarkedLines, Recipe, SeenLines, free_port, workspace_root};

/// Everything of a test lies here, and is made anew.
const FOLDER: &str = "/srv/swath";
/// Kills that are counted at this size; under emulation a start takes seconds.
const KILLS: usize = 6;

/// A place, and how it is called in the table.
pub(crate) struct Place {
    root: CleanRoot,
    version: (u8, u8, u8),
}

impl Place {
    /// The root of a recipe, with a virtual environment in it; a named skip where it cannot be made.
    pub(crate) fn prepare(recipe: Recipe<'_>, test: &str) -> Option<Place> {
        let root = CleanRoot::obtain(recipe, test)?;
        let folder = root.outside(FOLDER);
        let _ = fs_err::remove_dir_all(&folder);
        fs_err::create_dir_all(&folder).unwrap();
        let place = Place {
            root,
            version: (0, 0, 0),
        };
        let mut make = place.root.command(FOLDER, "/usr/bin/python3");
        make.args(["-m", "venv", "venv"]);
        if recipe.is_emulated() {
            // pip would take minutes there, only to be called.
            make.arg("--without-pip");
        }
        succeeds(&mut make);
        let version = "import sys; print(*sys.version_info[:3])";
        let version = place.python(&["-c", version]);
        let mut version = version.split_whitespace().map(|word| word.parse().unwrap());
        let mut next = || version.next().unwrap();
        let version = (next(), next(), next());
        Some(Place { version, ..place })
    }

    /// The version of its Python, in words.
    pub(crate) fn tag(&self) -> String {
        format!("{}.{}", self.version.0, self.version.1)
    }

    /// A program of the environment, in a folder of the place's.
    fn venv(&self, folder: &str, program: &str) -> Command {
        let own = format!("{FOLDER}/venv");
        let mut command = self.root.command(
            &format!("{FOLDER}/{folder}"),
            &format!("{own}/bin/{program}"),
        );
        command.env("PATH", format!("{own}/bin:/usr/local/bin:/usr/bin:/bin"));
        command.env("VIRTUAL_ENV", own);
        command
    }

    fn swath(&self, folder: &str, arguments: &[&str]) -> Output {
        self.venv(folder, "swath").args(arguments).output().unwrap()
    }

    fn python(&self, arguments: &[&str]) -> String {
        succeeds(self.venv("", "python").args(arguments))
    }

    /// Writes a file into the place's folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = format!("{FOLDER}/{name}");
        swath_test::write_file(self.root.outside(&path), content);
        path
    }

    /// Installs what the example needs from wheels, by a pip of this machine.
    pub(crate) fn unpack_requirements(&self, pip: &mut Command) {
        let site = format!("{FOLDER}/venv/lib/python{}/site-packages", self.tag());
        let output = pip
            .arg("--target")
            .arg(self.root.outside(&site))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        for module in ["gunicorn", "pytest"] {
            let script = format!(
                "#!{FOLDER}/venv/bin/python\nimport runpy\n\n\
                 runpy.run_module('{module}', run_name='__main__', alter_sys=True)\n"
            );
            self.write_program(&format!("venv/bin/{module}"), script);
        }
    }

    fn write_program(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.write(name, content);
        let everyone = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs_err::set_permissions(self.root.outside(&path), everyone).unwrap();
    }

    /// Copies what the example needs, fetched outside: the place itself asks no index.
    pub(crate) fn install_requirements(&self, wheels: &Path) {
        for entry in fs_err::read_dir(wheels).unwrap() {
            let entry = entry.unwrap();
            let name = format!("wheels/{}", entry.file_name().display());
            self.write(&name, fs_err::read(entry.path()).unwrap());
        }
        let mut install = self.venv("", "pip");
        install.args(["install", "--no-index", "--find-links=wheels", "--quiet"]);
        install.args(["flask", "gunicorn", "pytest", "requests"]);
        succeeds(&mut install);
    }

    /// Puts the program itself into the environment.
    pub(crate) fn copy_program(&self, program: &Path) {
        self.write_program("venv/bin/swath", fs_err::read(program).unwrap());
    }

    /// Installs a wheel as a user does.
    pub(crate) fn install(&self, wheel: &Path) {
        let name = wheel.file_name().unwrap().to_str().unwrap();
        let path = self.write(name, fs_err::read(wheel).unwrap());
        let mut install = self.venv("", "pip");
        succeeds(install.args(["install", "--no-index", "--quiet", &path]));
    }

    /// The example's system tests under swath: a service of several processes, to its report.
    pub(crate) fn run_example(&self) -> Duration {
        let port = free_port();
        let folder = self.root.outside(&format!("{FOLDER}/xy"));
        fs_err::create_dir_all(&folder).unwrap();
        swath_test::copy_example("xy", &folder, &[(8000, port)]).unwrap();
        // An emulator takes its time.
        let settings = folder.join("swath.toml");
        let text = fs_err::read_to_string(&settings).unwrap();
        let text = text.replace(
            "[services.web]\n",
            "[services.web]\nready-timeout = \"600s\"\n",
        );
        fs_err::write(&settings, text).unwrap();
        let start = Instant::now();
        let mut run = self.venv("xy", "swath");
        run.env("PORT", port.to_string())
            .env("XY_URL", format!("http://127.0.0.1:{port}"));
        let output = run.arg("run").output().unwrap();
        let took = start.elapsed();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{text}\n{said}");
        assert!(text.contains("TOTAL"), "{text}\n{said}");
        assert!(said.contains("Complete"), "{said}");
        took
    }

    /// Runs the programs that say of themselves what runs, all in one process; how many there are.
    pub(crate) fn check_corpus(&self, all: &BTreeMap<String, String>) -> usize {
        let mut marked = BTreeMap::new();
        for (name, source) in all {
            let marks = MarkedLines::parse(source, (self.version.0, self.version.1)).unwrap();
            if let Some(marks) = marks {
                self.write(&format!("corpus/programs/{name}"), source);
                marked.insert(format!("programs/{name}"), marks);
            }
        }
        let names: Vec<&str> = marked.keys().map(String::as_str).collect();
        self.write("corpus/list", names.join("\n"));
        let drive = workspace_root().join("crates/swath/tests/corpus/drive.py");
        self.write("corpus/drive.py", fs_err::read(drive).unwrap());
        self.write(
            "corpus/.coveragerc",
            "[run]\nbranch = True\nsource = programs\n",
        );
        let output = self.swath("corpus", &["run", "drive.py", "list"]);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let files = self.seen("corpus");
        let mut complaints = Vec::new();
        for (name, marks) in &marked {
            let seen = files
                .get(name)
                .unwrap_or_else(|| panic!("{name} is not in the report"));
            let mut seen = seen.clone();
            if self.version < (3, 9, 0) {
                seen.branches = None;
            }
            let found = marks.complaints(&seen);
            if KNOWN.contains(&(self.version, name.as_str())) {
                assert!(
                    !found.is_empty(),
                    "{name} is as promised: it is known no longer"
                );
                continue;
            }
            complaints.extend(found.into_iter().map(|text| format!("{name}: {text}")));
        }
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
        marked.len()
    }

    /// What the report says of each file.
    fn seen(&self, folder: &str) -> BTreeMap<String, SeenLines> {
        let output = self.swath(folder, &["json", "-q", "-o", "report.json"]);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let path = self.root.outside(&format!("{FOLDER}/{folder}/report.json"));
        let report: Value = serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap();
        let files = report["files"].as_object().unwrap().iter();
        files
            .map(|(name, file)| (name.clone(), seen_of(file)))
            .collect()
    }

    /// Forks that end without a word, and a process that is killed: each line counts.
    pub(crate) fn check_forks(&self) {
        self.write("forks/forks.py", FORKS);
        let output = self.swath("forks", &["run", "--source=.", "forks.py"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        let report = self.swath("forks", &["report"]);
        let report = String::from_utf8_lossy(&report.stdout).into_owned();
        assert!(report.contains("Complete: 5 of 5 Python"), "{report}");
        let seen = &self.seen("forks")["forks.py"];
        assert_eq!(seen.missing, BTreeSet::new(), "{report}");
    }

    /// A process that is killed at some moment has lost no line of those that it had announced.
    pub(crate) fn check_kills(&self) -> usize {
        self.write("kills/kills.py", KILLED);
        for round in 0..KILLS {
            let count = (round * 37 + 11).to_string();
            let output = self.swath("kills", &["run", "--source=.", "kills.py", &count]);
            let announced = String::from_utf8_lossy(&output.stdout).lines().count();
            assert!(announced > 0, "{}", String::from_utf8_lossy(&output.stderr));
            let seen = &self.seen("kills")["many.py"];
            // Two lines for each function: its `def`, and its body.
            let ran = seen.statements.len() - seen.missing.len();
            assert!(
                ran >= seen.statements.len() / 2 + announced,
                "{ran} of {announced}"
            );
        }
        KILLS
    }
}

/// What is seen otherwise than promised, on one patch version: Debian 11's 3.9.2 has no code for an `if 0` that later ones keep, and coverage.py
/// does not count it there. An entry that holds after all fails the test.
const KNOWN: [((u8, u8, u8), &str); 1] =
    [((3, 9, 2), "programs/async/for_loop_else_without_code.py")];

/// Every line of it runs, in one process or another: a child, a grandchild, one that was killed, one
/// whose fork Python does not know of.
const FORKS: &str = "\
import ctypes
import os
import signal


def in_child():
    return 1


def in_grandchild():
    return 2


def in_killed():
    os.kill(os.getpid(), signal.SIGKILL)


def in_raw_child():
    return 3


def wait(child):
    os.waitpid(child, 0)


child = os.fork()
if child == 0:
    in_child()
    grandchild = os.fork()
    if grandchild == 0:
        in_grandchild()
        os._exit(0)
    wait(grandchild)
    os._exit(0)
wait(child)
child = os.fork()
if child == 0:
    in_killed()
wait(child)
child = ctypes.PyDLL(None).fork()
if child == 0:
    in_raw_child()
    os._exit(0)
wait(child)
";

/// Calls function after function of a module that it writes, and kills itself.
const KILLED: &str = "\
import os
import signal
import sys

count = int(sys.argv[1])
with open('many.py', 'w') as out:
    for number in range(400):
        out.write('def f%d():\\n    return %d\\n' % (number, number))
sys.path.insert(0, os.getcwd())
import many

for number in range(count):
    getattr(many, 'f%d' % number)()
    os.write(1, b'%d\\n' % number)
os.kill(os.getpid(), signal.SIGKILL)
";

/// Runs a command that must succeed; what it printed.
fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    String::from_utf8(output.stdout).unwrap()
}

fn seen_of(file: &Value) -> SeenLines {
    let lines = |key: &str| -> BTreeSet<u32> {
        let numbers = file[key].as_array().into_iter().flatten();
        numbers
            .map(|number| u32::try_from(number.as_u64().unwrap()).unwrap())
            .collect()
    };
    let mut exits: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
    for (key, taken) in [("executed_branches", 1), ("missing_branches", 0)] {
        for pair in file[key].as_array().into_iter().flatten() {
            let line = u32::try_from(pair[0].as_u64().unwrap()).unwrap();
            let exit = exits.entry(line).or_default();
            exit.0 += taken;
            exit.1 += 1;
        }
    }
    let (executed, missing) = (lines("executed_lines"), lines("missing_lines"));
    SeenLines {
        statements: &executed | &missing,
        missing,
        excluded: lines("excluded_lines"),
        branches: (!file["executed_branches"].is_null()).then_some(exits),
    }
}

/// The programs that say of themselves what runs, by name.
pub(crate) fn corpus() -> BTreeMap<String, String> {
    let folder = workspace_root().join("crates/swath/tests/corpus/programs");
    let mut programs = BTreeMap::new();
    for entry in walkdir::WalkDir::new(&folder) {
        let path: PathBuf = entry.unwrap().into_path();
        if path.extension().is_some_and(|extension| extension == "py") {
            let name = path.strip_prefix(&folder).unwrap().display().to_string();
            programs.insert(name, fs_err::read_to_string(&path).unwrap());
        }
    }
    programs
}
