//! A run's folder with the agent in it, and what the processes of a run left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use swath_store::{Header, HeaderError, Record, layout, places, records};
use swath_test::Python;
use tempfile::TempDir;

/// A folder with the agent, its configuration and the data.
pub(crate) struct Run {
    folder: TempDir,
}

/// What one process left.
pub(crate) struct Store {
    pub(crate) header: Header,
    /// By file: executable lines, and those that ran.
    pub(crate) files: BTreeMap<PathBuf, (BTreeSet<u32>, BTreeSet<u32>)>,
    pub(crate) states: Vec<String>,
    pub(crate) listens: Vec<String>,
    pub(crate) spawns: Vec<Vec<String>>,
    /// What is known of each of these.
    pub(crate) spawn_flags: Vec<u32>,
    pub(crate) hashes: BTreeMap<PathBuf, Option<[u8; 20]>>,
}

impl Run {
    /// A run that measures what is neither installed nor of the standard library.
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// A run with more settings, each a line of a key and a value.
    pub(crate) fn with(configuration: &str) -> Self {
        let run = Self {
            folder: swath_test::temp_dir(),
        };
        let agent = run.folder.path().join("agent");
        let byte_code = agent.join(swath_store::settings::BYTE_CODE_FOLDER);
        fs_err::create_dir_all(byte_code).unwrap();
        fs_err::create_dir(run.data()).unwrap();
        fs_err::write(agent.join(swath_agent::AGENT_FILE_NAME), swath_agent::AGENT).unwrap();
        let preload = agent.join(swath_agent::PRELOAD_FILE_NAME);
        fs_err::write(preload, swath_agent::PRELOAD).unwrap();
        fs_err::write(agent.join("sitecustomize.py"), swath_agent::SITECUSTOMIZE).unwrap();
        let data = run.data();
        let text = format!("data {}\nbranch 0\n{configuration}", data.display());
        let mut file = Vec::new();
        for line in text.lines() {
            let (key, value) = line.split_once(' ').unwrap();
            let add = |bytes: &[u8]| file.extend_from_slice(bytes);
            swath_store::settings::write(key, value.as_bytes(), add);
        }
        fs_err::write(agent.join(swath_agent::CONFIGURATION_FILE_NAME), file).unwrap();
        run
    }

    /// The run's folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where the hit stores are.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Gives a command the agent.
    pub(crate) fn inject<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("PYTHONPATH", self.folder.path().join("agent"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
    }

    /// Runs a program with the agent; it must succeed.
    pub(crate) fn program(&self, python: &Python, arguments: &[&Path]) -> Output {
        let mut command = python.command();
        command.args(arguments);
        let output = self.inject(&mut command).output().unwrap();
        assert!(
            output.status.success(),
            "{} {arguments:?}: {}\n{}",
            python.tag(),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    /// What the processes left, in the order of their names.
    pub(crate) fn stores(&self) -> Vec<Store> {
        let stores = self.hit_stores();
        stores
            .iter()
            .filter_map(|bytes| Store::read(bytes))
            .collect()
    }

    /// The bytes of the hit stores, those of fork children behind the others.
    pub(crate) fn hit_stores(&self) -> Vec<Vec<u8>> {
        let mut paths = self.files("hits");
        paths.sort();
        let (forks, others): (Vec<_>, Vec<_>) = paths
            .iter()
            .map(|path| fs_err::read(path).unwrap())
            .partition(|bytes| places(bytes).is_some());
        let (continued, mut stores): (Vec<_>, Vec<_>) = others
            .into_iter()
            .partition(|bytes| Header::read(bytes).is_ok_and(|header| header.continues));
        for place in forks.iter().filter_map(|file| places(file)).flatten() {
            let id = |bytes: &[u8]| Header::read(bytes).map(|header| header.id);
            let rest = continued.iter().find(|rest| id(rest) == id(place));
            let rest = rest.map_or(&[][..], |rest| &rest[layout::HEADER_LENGTH..]);
            stores.push([place, rest].concat());
        }
        stores
    }

    /// Files in the data folder whose name ends so.
    fn files(&self, ending: &str) -> Vec<PathBuf> {
        fs_err::read_dir(self.data())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_string_lossy().ends_with(ending))
            .collect()
    }

    /// Why agents could not work, by the files they left.
    pub(crate) fn failures(&self) -> Vec<String> {
        let name = |path: PathBuf| path.to_string_lossy().into_owned();
        fs_err::read_dir(self.data())
            .unwrap()
            .map(|entry| name(entry.unwrap().path()))
            .filter_map(|path| path.split_once(".failed-").map(|(_, slug)| slug.to_owned()))
            .collect()
    }

    /// The lines of a file that ran in any process.
    pub(crate) fn hits(&self, file: &Path) -> BTreeSet<u32> {
        let file = fs_err::canonicalize(file).unwrap();
        self.stores()
            .into_iter()
            .filter_map(|mut store| store.files.remove(&file))
            .flat_map(|(_, hits)| hits)
            .collect()
    }
}

impl Store {
    /// Reads a store, unless the process was killed before it had begun one.
    fn read(bytes: &[u8]) -> Option<Self> {
        let header = match Header::read(bytes) {
            Ok(header) => header,
            Err(HeaderError::NotBegun) => return None,
            Err(error) => panic!("{error}"),
        };
        let mut names = BTreeMap::new();
        let mut store = Self {
            header,
            files: BTreeMap::new(),
            states: Vec::new(),
            listens: Vec::new(),
            spawns: Vec::new(),
            spawn_flags: Vec::new(),
            hashes: BTreeMap::new(),
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        for record in records(bytes) {
            match record {
                Record::File(file) => {
                    let path = PathBuf::from(text(file.path));
                    store.hashes.insert(path.clone(), file.hash);
                    names.insert(file.id, path);
                }
                Record::Code(code) => {
                    let name = names[&code.file].clone();
                    let (executable, hits) = store.files.entry(name).or_default();
                    executable.extend(code.executable().map(|(line, _)| line));
                    hits.extend(code.hits());
                    assert!(code.lines.iter().all(|line| *line <= layout::LINE_HIT));
                }
                Record::State(state) => store.states.push(text(state.slug)),
                Record::Listen(listen) => store.listens.push(text(listen.address)),
                Record::Spawn(spawn) => {
                    let mut strings = vec![text(spawn.how), text(spawn.executable)];
                    strings.extend(spawn.arguments.iter().map(text));
                    store.spawns.push(strings);
                    store.spawn_flags.push(spawn.flags);
                }
                _ => {}
            }
        }
        Some(store)
    }
}

/// A program of these tests.
pub(crate) fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/programs")
        .join(name)
}

/// What is asked of Python about a program: the lines of its statements.
const STATEMENTS: &str = "
import ast, sys
def skipped(node):
    return isinstance(node, (ast.Global, ast.Nonlocal)) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
tree = ast.parse(open(sys.argv[1]).read())
print(*sorted({n.lineno for n in ast.walk(tree) if isinstance(n, ast.stmt) and not skipped(n)}))
";

/// The lines of a program's statements: those that must run, and all.
pub(crate) fn expected(python: &Python, file: &Path) -> (BTreeSet<u32>, BTreeSet<u32>) {
    let mut command = python.command();
    let output = command.args(["-c", STATEMENTS]).arg(file).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let all: BTreeSet<u32> = text
        .split_whitespace()
        .map(|line| line.parse().unwrap())
        .collect();
    let source = fs_err::read_to_string(file).unwrap();
    let never: BTreeSet<u32> = (1..)
        .zip(source.lines())
        .filter(|(_, line)| line.ends_with("# never"))
        .map(|(number, _)| number)
        .collect();
    (all.difference(&never).copied().collect(), all)
}

/// Checks that the run recorded just the lines that ran.
pub(crate) fn check_hits(run: &Run, python: &Python, file: &Path) {
    let (expected, all) = expected(python, file);
    let hits: BTreeSet<u32> = run.hits(file).intersection(&all).copied().collect();
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    assert_eq!(hits, expected, "lines of {name} on {}", python.tag());
}
