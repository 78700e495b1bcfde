//! Reading the hit stores that the processes of a run left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use swath_checkout::{Links, open_regular, read_regular};
use swath_model::NoRoom;
use swath_store::{
    Closed, Header, HeaderError, Record, Recorder, TakenArc, layout, records, sharing,
};

use crate::fork_stores::{ForkStores, number_of_stores};
use crate::packed_store::{packed_number, unpacked};
use crate::shared_files::SharedFiles;
use crate::stored_context::{ContextKind, ContextShare, Reached, StoredContext};
use crate::{ArcSet, LineSet, PythonRelease, SourceHash};

mod attribution;

use attribution::{Contexts, FileShares};

/// How a process ended, as far as its own hit store can say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreEnding {
    /// It runs, or it was killed, crashed or called `os._exit`.
    #[default]
    Open,
    /// The interpreter was finalized.
    Clean,
    /// It replaced itself by another program.
    Exec,
}

/// Something that the agent said of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentNote {
    /// A stable name, as in `evaluation-hook-taken`.
    pub slug: String,
    /// What there is to say, for people.
    pub text: String,
}

/// A program that a process started, or became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spawn {
    /// The audit event: `subprocess.Popen`, `os.exec`, `os.posix_spawn`, `os.spawn`, `os.system`.
    pub how: String,
    /// The program.
    pub executable: String,
    /// Its command line; one string when a shell takes it apart.
    pub command: Vec<String>,
    /// Whether `PYTHONPATH`, as it got it, begins with the agent's folder.
    pub has_agent_on_path: bool,
    /// Whether `LD_PRELOAD`, as it got it, names the agent's object.
    pub has_agent_preloaded: bool,
    /// Whether the program is known to be the file that the process itself executes.
    pub is_of_itself: bool,
}

/// A package that `source` names, of which a module is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SourcePackage {
    /// Its name, as `source` has it.
    pub name: String,
    /// Whether the module is the package itself.
    pub is_itself: bool,
}

/// What a process recorded about one source file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct StoredFile {
    /// The canonical path, where the process ran.
    pub path: String,
    /// The content that ran, where it could be read.
    pub hash: Option<SourceHash>,
    /// Whether there was no such file where the process ran: it made the code itself.
    pub is_absent: bool,
    /// The package of `source` that the file's module is in.
    pub package: Option<SourcePackage>,
    /// The lines that the interpreter's own line tables call executable.
    pub executable: LineSet,
    /// The lines that ran in this process: what a data file holds.
    pub hit: LineSet,
    /// The arcs that were taken: those that the agent cannot tell from the lines. Empty where
    /// branches are not recorded.
    pub arcs: ArcSet,
    /// What ran on behalf of which context of the process: together all that ran. Empty if the
    /// process had no context.
    pub contexts: Vec<ContextShare>,
}

impl StoredFile {
    /// Whether the process itself ran a line of the file.
    pub fn is_touched(&self) -> bool {
        !self.hit.is_empty()
    }

    /// What branch data says of the file: see [`Reached::branch_arcs`].
    pub fn branch_arcs(&self, python: Option<PythonRelease>) -> ArcSet {
        branch_arcs(&self.hit, &self.arcs, python)
    }
}

impl Reached {
    /// What branch data says: the arcs, and each line that ran as the end of one. From 3.14 on that
    /// arc comes from the line itself, as coverage.py has it there. Before, it is one into the
    /// module: coverage.py would read an arc from a line to itself as one way on from a `with` whose
    /// suite is on its line.
    pub fn branch_arcs(&self, python: Option<PythonRelease>) -> ArcSet {
        branch_arcs(&self.lines, &self.arcs, python)
    }
}

fn branch_arcs(lines: &LineSet, arcs: &ArcSet, python: Option<PythonRelease>) -> ArcSet {
    let by_itself = python.is_some_and(|version| (version.major, version.minor) >= (3, 14));
    let lines = lines.iter().map(|line| {
        let line = i32::try_from(line).unwrap_or(i32::MAX);
        (if by_itself { line } else { -1 }, line)
    });
    lines.chain(arcs.iter()).collect()
}

/// One process, from its hit store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredProcess {
    /// The file it was read from.
    pub store: PathBuf,
    /// The file with which its store goes on, if it does.
    pub continued: Option<PathBuf>,
    /// Its random id, in hexadecimal.
    pub id: String,
    /// Its process id as it saw it itself: in a container not what the host sees.
    pub pid: u32,
    /// Its parent's process id, likewise.
    pub parent_pid: u32,
    /// The id of the process that it was forked from without an exec.
    pub fork_parent: Option<String>,
    /// When its store was begun, in nanoseconds since 1970.
    pub started: u64,
    /// When the process was begun: field 22 of `/proc/PID/stat`.
    pub start_ticks: u64,
    /// Its Python; `None` for a process in which the agent failed before it could say.
    pub python: Option<PythonRelease>,
    /// Its optimization level (`-O`).
    pub optimize: u32,
    /// Whether branches were recorded.
    pub branch: bool,
    /// The declared service that it belongs to.
    pub service: Option<String>,
    /// The interpreter.
    pub executable: String,
    /// Its command line, as it was.
    pub command: Vec<String>,
    /// The folder that it was started in.
    pub folder: String,
    /// `measured`, or the slug of what kept the agent from measuring all of it.
    pub state: String,
    /// Everything that the agent said of itself.
    pub notes: Vec<AgentNote>,
    /// How it ended.
    pub closed: StoreEnding,
    /// How many records found no room.
    pub dropped: u64,
    /// Why, where there are any.
    pub no_room: NoRoom,
    /// The stream sockets that it bound itself.
    pub listens: Vec<String>,
    /// The programs that it started itself.
    pub spawned: Vec<Spawn>,
    /// Whom what it ran was counted for; empty if nobody asked.
    pub contexts: Vec<StoredContext>,
    /// The routes that it serves: method and template.
    pub offers: BTreeSet<(String, String)>,
    /// What it recorded, by path.
    pub files: Vec<Arc<StoredFile>>,
}

impl StoredProcess {
    /// How many files it ran lines of itself.
    pub fn touched_files(&self) -> usize {
        self.files.iter().filter(|file| file.is_touched()).count()
    }
}

/// The state of a process whose every line was recorded.
pub const MEASURED: &str = "measured";

/// Why a hit store could not be read.
#[derive(Debug, thiserror::Error)]
pub enum HitStoreError {
    /// The file could not be read at all.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Its beginning is not that of a hit store of this version.
    #[error("`{}`: {problem}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: HeaderError,
    },
    /// It holds a record that must be understood and is not.
    #[error("`{}` holds records of kind {kind:#x}, which only a newer swath can read", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The kind.
        kind: u32,
    },
}

/// A file of a run's data folder that could not be read.
#[derive(Debug)]
pub struct UnreadableStore {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub error: HitStoreError,
}

/// What a run's data folder holds.
#[derive(Debug, Default)]
pub struct Gathered {
    /// The processes, by the time of their start.
    pub processes: Vec<StoredProcess>,
    /// The files that fork children would have had their stores in.
    pub unused: Vec<PathBuf>,
    /// The files that could not be read; they are left as they are.
    pub unreadable: Vec<UnreadableStore>,
}

/// Reads every hit store and failure mark of a folder. Other files are not looked at.
pub fn read_hit_stores(folder: &Path) -> std::io::Result<Gathered> {
    let mut gathered = Gathered::default();
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    let mut read = Vec::new();
    let mut forks = ForkStores::default();
    let mut take =
        |path: &Path, bytes: &[u8], continued: Option<PathBuf>| match ReadStore::of(path, bytes) {
            Ok((mut store, sharing)) => {
                gathered.processes.extend(sharing);
                store.process.continued = continued;
                read.push(store);
            }
            Err(error) => gathered.unreadable.push(UnreadableStore {
                path: path.to_path_buf(),
                error,
            }),
        };
    let mut failed = Vec::new();
    let mut unread = Vec::new();
    for path in paths {
        if let Some(process) = failed_process(&path) {
            failed.push(process);
        } else if is_hit_store_name(&path) {
            match read_bytes(&path) {
                Ok(bytes) if forks.keep(&path, &bytes) => {}
                Ok(bytes) => take(&path, &bytes, None),
                Err(error) => unread.push(UnreadableStore { path, error }),
            }
        }
    }
    let (unused, alone) = forks.for_each(
        read_bytes,
        |store| take(store.file, store.bytes, store.continued),
        |path, error| unread.push(UnreadableStore { path, error }),
    );
    gathered.unused = unused;
    unread.extend(alone.into_iter().map(|path| {
        let error = HitStoreError::Header {
            path: path.clone(),
            problem: HeaderError::NotBegun,
        };
        UnreadableStore { path, error }
    }));
    gathered.processes.extend(failed);
    gathered.unreadable.extend(unread);
    gathered.processes.extend(finish_all(read));
    let mut files = SharedFiles::default();
    for process in &mut gathered.processes {
        files.share(process);
    }
    gathered
        .processes
        .sort_by(|a, b| (a.started, &a.id).cmp(&(b.started, &b.id)));
    Ok(gathered)
}

/// How many processes the hit stores of a folder are of, as their beginnings say. Files that cannot
/// be looked at count as one each.
pub fn count_hit_stores(folder: &Path) -> usize {
    let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| is_hit_store_name(path))
        .map(|path| stores_of(&path).unwrap_or(1))
        .sum()
}

fn stores_of(path: &Path) -> std::io::Result<usize> {
    let mut file = open_regular(path, Links::Refuse)?;
    let length = file.metadata()?.len();
    let mut beginning = Vec::new();
    let header = u64::try_from(swath_store::layout::HEADER_LENGTH).unwrap_or(u64::MAX);
    file.by_ref().take(header).read_to_end(&mut beginning)?;
    Ok(packed_number(&beginning).unwrap_or_else(|| number_of_stores(&beginning, length)))
}

/// Whether a file's name is that of a hit store.
pub fn is_hit_store_name(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "hits")
}

/// Reads the hit store of one process, as much of it as is whole.
pub fn read_hit_store(path: &Path) -> Result<StoredProcess, HitStoreError> {
    let (store, _) = ReadStore::of(path, &read_bytes(path)?)?;
    Ok(store.finish(&BTreeMap::new()))
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, HitStoreError> {
    // Any process of the run can write in the folder of the stores.
    let bytes = read_regular(path, Links::Refuse, swath_store::layout::LONGEST)?;
    unpacked(bytes).map_err(|error| {
        let text = format!("`{}`: {error}", path.display());
        std::io::Error::new(error.kind(), text).into()
    })
}

/// The lines that ran in a process, by path.
type Ran = BTreeMap<String, LineSet>;

/// A store whose arcs are not judged yet.
struct ReadStore {
    process: StoredProcess,
    files: FileTable,
    /// What contexts reached, by the numbers of the files.
    shares: BTreeMap<u32, FileShares>,
    /// The place of the context that has what no other has, if it is not that of what belongs to none.
    rest: Option<usize>,
}

/// Finishes stores that may belong to processes forked from each other.
fn finish_all(stores: Vec<ReadStore>) -> impl Iterator<Item = StoredProcess> {
    let are_parents: BTreeSet<&str> = stores
        .iter()
        .filter_map(|store| store.process.fork_parent.as_deref())
        .collect();
    let ran: BTreeMap<String, (Option<String>, Ran)> = stores
        .iter()
        .filter(|store| are_parents.contains(store.process.id.as_str()))
        .map(|store| {
            let id = store.process.id.clone();
            let parent = store.process.fork_parent.clone();
            (id, (parent, store.files.ran()))
        })
        .collect();
    stores.into_iter().map(move |store| store.finish(&ran))
}

impl ReadStore {
    /// Also the fork children that go on in this store: what they ran is its process's.
    fn of(path: &Path, bytes: &[u8]) -> Result<(Self, Vec<StoredProcess>), HitStoreError> {
        let header = Header::read(bytes).map_err(|problem| HitStoreError::Header {
            path: path.to_path_buf(),
            problem,
        })?;
        let mut process = process_of(&header);
        process.store = path.to_path_buf();
        let mut files = FileTable::default();
        let mut contexts = Contexts::default();
        for record in records(bytes) {
            contexts.take(&record);
            match record {
                Record::File(file) => files.name(&file),
                Record::Code(code) => files.add(&code),
                Record::Arcs(arcs) => files.add_arcs(&arcs),
                Record::Unknown(unknown) if unknown.critical => {
                    return Err(HitStoreError::Newer {
                        path: path.to_path_buf(),
                        kind: unknown.kind,
                    });
                }
                other => describe(&mut process, &other),
            }
        }
        if let Some(note) = process.notes.last() {
            process.state.clone_from(&note.slug);
        }
        if header.other_interpreter {
            let note = AgentNote {
                slug: "sub-interpreter".to_owned(),
                text: "an interpreter of the process has a lock of its own, or did not run `site`"
                    .to_owned(),
            };
            // What kept the agent from more than that comes first.
            if process.state == MEASURED {
                process.state.clone_from(&note.slug);
            }
            process.notes.push(note);
        }
        let sharing = sharing(bytes).map(|child| StoredProcess {
            // Numbers of processes are used again, and are the same in several namespaces.
            id: format!("{}{:08x}{:016x}", process.id, child.pid, child.start_ticks),
            pid: child.pid,
            parent_pid: process.pid,
            fork_parent: Some(process.id.clone()),
            start_ticks: child.start_ticks,
            closed: StoreEnding::Open,
            dropped: 0,
            notes: Vec::new(),
            listens: Vec::new(),
            spawned: Vec::new(),
            ..process.clone()
        });
        let sharing = sharing.collect();
        let shares = contexts.shares(bytes);
        // It may have gone on after an `exec` that failed. A fork child leaves without finalizing its interpreter.
        let has_ended = process.closed != StoreEnding::Open || process.fork_parent.is_some();
        let rest = if has_ended {
            contexts.of_program()
        } else {
            None
        };
        process.contexts = contexts.all;
        process.offers = contexts.offers;
        let store = Self {
            process,
            files,
            shares,
            rest,
        };
        Ok((store, sharing))
    }

    /// `ran` has what ran in processes that others were forked from, by id, with the ids of those
    /// that they were forked from themselves.
    fn finish(self, ran: &BTreeMap<String, (Option<String>, Ran)>) -> StoredProcess {
        let mut process = self.process;
        let mut ancestors = Vec::new();
        let mut next = process.fork_parent.as_deref();
        // A file may say anything: as many steps as there are stores are enough.
        while let Some((parent, files)) = next.and_then(|id| ran.get(id))
            && ancestors.len() < ran.len()
        {
            ancestors.push(files);
            next = parent.as_deref();
        }
        let nothing =
            || (!process.contexts.is_empty()).then(|| place_of_nothing(&mut process.contexts));
        let rest = self.rest.or_else(nothing);
        process.files = self.files.finish(&ancestors, self.shares, rest);
        process
    }
}

/// The place of the context of what belongs to none, which is made if there is none.
fn place_of_nothing(contexts: &mut Vec<StoredContext>) -> usize {
    let is_nothing = |context: &StoredContext| context.kind == ContextKind::Nothing;
    contexts.iter().position(is_nothing).unwrap_or_else(|| {
        contexts.push(StoredContext::default());
        contexts.len() - 1
    })
}

/// Takes over what a record says about the process.
fn describe(process: &mut StoredProcess, record: &Record<'_>) {
    match record {
        Record::Process(own) => {
            process.executable = text(own.executable);
            process.folder = text(own.folder);
            process.service = own.service.map(text);
            process.command = own.arguments.iter().map(text).collect();
        }
        Record::Listen(listen) if !listen.inherited => process.listens.push(text(listen.address)),
        Record::Spawn(spawn) if !spawn.inherited => process.spawned.push(Spawn {
            how: text(spawn.how),
            executable: text(spawn.executable),
            command: spawn.arguments.iter().map(text).collect(),
            has_agent_on_path: spawn.flags & layout::SPAWN_BY_PATH != 0,
            has_agent_preloaded: spawn.flags & layout::SPAWN_BY_PRELOAD != 0,
            is_of_itself: spawn.flags & layout::SPAWN_OF_ITSELF != 0,
        }),
        Record::State(state) => {
            let note = AgentNote {
                slug: text(state.slug),
                text: text(state.text),
            };
            if !process.notes.contains(&note) {
                process.notes.push(note);
            }
        }
        _ => {}
    }
}

fn process_of(header: &Header) -> StoredProcess {
    let measured = match header.recorder {
        Recorder::None => "not-recording",
        _ => MEASURED,
    };
    StoredProcess {
        id: hexadecimal(&header.id.0),
        pid: header.pid,
        parent_pid: header.parent_pid,
        fork_parent: header.fork_parent.map(|id| hexadecimal(&id.0)),
        started: header.start_nanoseconds,
        start_ticks: header.start_ticks,
        python: Some(PythonRelease::from_hexversion(header.hexversion)),
        optimize: header.optimization,
        branch: header.branch,
        state: measured.to_owned(),
        closed: match header.closed {
            Closed::Ended => StoreEnding::Clean,
            Closed::Replaced => StoreEnding::Exec,
            Closed::Open | Closed::Other(_) => StoreEnding::Open,
        },
        dropped: u64::from(header.dropped) + u64::from(header.lost_by_children),
        no_room: match header {
            Header {
                lost_by_children: 1..,
                ..
            } => NoRoom::ForkChildren,
            Header {
                size_limited: true, ..
            } => NoRoom::FileSizeLimit,
            _ => NoRoom::Disk,
        },
        ..StoredProcess::default()
    }
}

/// The process behind `<pid>-<16 hex digits>.failed-<slug>`.
fn failed_process(path: &Path) -> Option<StoredProcess> {
    let name = path.file_name()?.to_str()?;
    let (stem, slug) = name.split_once(".failed-")?;
    let (pid, id) = stem.split_once('-')?;
    let started = fs_err::metadata(path)
        .ok()
        .and_then(|metadata| metadata.modified().ok())
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .and_then(|age| u64::try_from(age.as_nanos()).ok());
    Some(StoredProcess {
        store: path.to_path_buf(),
        id: id.to_owned(),
        pid: pid.parse().ok()?,
        started: started.unwrap_or(0),
        state: slug.to_owned(),
        ..StoredProcess::default()
    })
}

/// The files of a store by the numbers that its code records use.
#[derive(Default)]
struct FileTable {
    files: BTreeMap<u32, StoredFile>,
    arcs: BTreeMap<u32, Vec<TakenArc>>,
}

impl FileTable {
    fn name(&mut self, file: &swath_store::File<'_>) {
        // A path that is not UTF-8 cannot be in a data file: it is there as it is shown, and its
        // source is found by that.
        self.files.insert(
            file.id,
            StoredFile {
                path: text(file.path),
                hash: file.hash.map(SourceHash),
                is_absent: file.is_absent,
                package: file.package.map(|package| SourcePackage {
                    name: text(package.name),
                    is_itself: package.is_itself,
                }),
                ..StoredFile::default()
            },
        );
    }

    fn add(&mut self, code: &swath_store::Code<'_>) {
        let Some(file) = self.files.get_mut(&code.file) else {
            return;
        };
        // Line 0 is where some interpreters put the code before a module's first line.
        for (line, state) in code.executable().filter(|(line, _)| *line > 0) {
            file.executable.insert(line);
            if state == swath_store::layout::LINE_HIT {
                file.hit.insert(line);
            }
        }
        let arcs = self.arcs.entry(code.file).or_default();
        let exits = code.taken_exits().filter(|(line, _)| *line > 0);
        arcs.extend(exits.map(|(from, to)| TakenArc {
            from,
            to,
            is_concluded: false,
        }));
    }

    fn add_arcs(&mut self, arcs: &swath_store::Arcs<'_>) {
        let all = self.arcs.entry(arcs.file).or_default();
        all.extend(arcs.taken().filter(|arc| arc.from > 0));
    }

    /// The lines that ran, by path.
    fn ran(&self) -> Ran {
        let mut ran = Ran::new();
        for file in self.files.values() {
            let lines = ran.entry(file.path.clone()).or_default();
            for line in file.hit.iter() {
                lines.insert(line);
            }
        }
        ran
    }

    /// `shares` has what contexts reached of files, and `rest` is the place of the context of what
    /// none of them reached, if there are contexts.
    fn finish(
        mut self,
        ancestors: &[&Ran],
        mut shares: BTreeMap<u32, FileShares>,
        rest: Option<usize>,
    ) -> Vec<Arc<StoredFile>> {
        for (id, file) in &mut self.files {
            let arcs = self.arcs.remove(id).unwrap_or_default();
            // What follows from a branch does not happen when an exception comes between: an
            // arc between lines needs both of them, unless coverage.py concludes it all the same.
            let ran = |line: i32| u32::try_from(line).is_ok_and(|line| file.hit.contains(line));
            // The line in which a process was forked ran before the process was there.
            let path = file.path.as_str();
            let ran_in = |ran: &&Ran, line| ran.get(path).is_some_and(|l| l.contains(line));
            let before = |line: u32| ancestors.iter().any(|ran| ran_in(ran, line));
            let began = |line: u32| file.hit.contains(line) || before(line);
            let arcs = arcs
                .into_iter()
                .filter(|arc| began(arc.from) && (arc.to < 0 || arc.is_concluded || ran(arc.to)));
            let arcs = arcs
                .filter_map(|arc| Some((i32::try_from(arc.from).ok()?, arc.to)))
                .collect();
            if let Some(rest) = rest {
                let shares = shares.remove(id).unwrap_or_default();
                file.contexts = shares.judge((&file.hit, &arcs), rest, before);
            }
            file.arcs = arcs;
        }
        let mut files: Vec<StoredFile> = self.files.into_values().collect();
        files.sort_by(|a, b| (&a.path, a.hash).cmp(&(&b.path, b.hash)));
        // Collecting would keep the room that the files themselves had.
        let mut all = Vec::with_capacity(files.len());
        all.extend(files.into_iter().map(Arc::new));
        all
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests;
