//! From processes to coverage data.

use swath_model::{AgentState, Ending, Role};

use crate::hit_store::{Ending as StoreEnding, StoredProcess};
use crate::{CoverageData, FileFacts, Mode, ProcessRecord, RunRecord, without_secrets};

/// What the run knows about a process that the process itself cannot say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessNote {
    /// Whether its hits go into the data.
    pub counted: bool,
    /// Its role.
    pub role: Option<Role>,
    /// The service that it was found to belong to, where it was not declared.
    pub service: Option<String>,
    /// How it ended; `None` takes what the hit store says.
    pub ended: Option<Ending>,
    /// Whether the agent measured it; `None` takes what the hit store says.
    pub state: Option<AgentState>,
}

/// Merges processes into line data, or into branch data if branches were recorded, with a record of each in its accounting.
///
/// `note` is asked about every process; only those that it counts give lines. The run gets the
/// id and facts of `run`; what is recorded gets the label `context`, the empty one by default.
///
/// ```
/// use swath_data::{ProcessNote, RunRecord, StoredProcess, to_coverage_data};
///
/// let run = RunRecord { id: "7f3a".to_owned(), facts: vec![] };
/// let data = to_coverage_data(&[StoredProcess::default()], run, "", |_| ProcessNote {
///     counted: true,
///     role: Some(swath_model::Role::Service),
///     ..ProcessNote::default()
/// });
/// assert!(data.is_empty());
/// assert_eq!(data.accounting.processes.len(), 1);
/// ```
pub fn to_coverage_data(
    processes: &[StoredProcess],
    run: RunRecord,
    context: &str,
    mut note: impl FnMut(&StoredProcess) -> ProcessNote,
) -> CoverageData {
    let branch = processes.iter().any(|process| process.branch);
    let mode = if branch { Mode::Arcs } else { Mode::Lines };
    let mut data = CoverageData::new(mode);
    let context = data.intern_context(context);
    for process in processes {
        let note = note(process);
        if note.counted {
            for file in &process.files {
                // An empty module that ran is in the data as well, as with coverage.py.
                data.touch(&file.path);
                if file.hit.is_empty() {
                    // Nothing of it ran.
                } else if branch {
                    data.add_arcs(&file.path, context, &file.branch_arcs(process.python));
                } else {
                    data.add_lines(&file.path, context, &file.hit);
                }
                let facts = FileFacts {
                    hash: file.hash,
                    is_absent: file.is_absent,
                    python: process.python,
                };
                data.accounting
                    .files
                    .entry(file.path.clone())
                    .or_default()
                    .insert(facts);
            }
        }
        data.accounting
            .processes
            .push(record(process, note, &run.id));
    }
    data.accounting.runs.push(run);
    data
}

fn record(process: &StoredProcess, note: ProcessNote, run: &str) -> ProcessRecord {
    let ended = match process.closed {
        StoreEnding::Clean => Some(Ending::Cleanly),
        StoreEnding::Exec => Some(Ending::ReplacedByExec),
        StoreEnding::Open => None,
    };
    ProcessRecord {
        id: process.id.clone(),
        run: run.to_owned(),
        pid: process.pid,
        parent_pid: process.parent_pid,
        fork_parent: process.fork_parent.clone(),
        service: note.service.or_else(|| process.service.clone()),
        role: note.role,
        counted: note.counted,
        command: without_secrets(&process.command),
        executable: process.executable.clone(),
        python: process.python,
        state: note
            .state
            .unwrap_or_else(|| AgentState::named(&process.state)),
        started: i64::try_from(process.started).unwrap_or(i64::MAX),
        ended: note.ended.or(ended),
        dropped: process.dropped,
        touched: process
            .files
            .iter()
            .filter(|file| file.is_touched())
            .map(|file| file.path.clone())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PythonRelease, SourceHash, StoredFile};

    fn process(id: &str, path: &str, hit: &[u32]) -> StoredProcess {
        StoredProcess {
            id: id.to_owned(),
            command: vec!["web".to_owned(), "--token=abc".to_owned()],
            python: Some(PythonRelease {
                major: 3,
                minor: 12,
                micro: 1,
            }),
            files: vec![StoredFile {
                path: path.to_owned(),
                hash: Some(SourceHash([3; 20])),
                hit: hit.iter().copied().collect(),
                ..StoredFile::default()
            }],
            ..StoredProcess::default()
        }
    }

    #[test]
    fn only_counted_processes_give_lines_and_all_are_accounted_for() {
        let processes = [
            process("a", "/x.py", &[1, 2]),
            process("b", "/x.py", &[3]),
            process("c", "/y.py", &[9]),
        ];
        let data = to_coverage_data(&processes, RunRecord::default(), "", |process| {
            ProcessNote {
                counted: process.id != "c",
                role: Some(if process.id == "c" {
                    Role::Tests
                } else {
                    Role::Service
                }),
                ..ProcessNote::default()
            }
        });
        assert_eq!(
            data.lines("/x.py", None),
            Some([1, 2, 3].into_iter().collect())
        );
        assert_eq!(data.lines("/y.py", None), None);
        assert_eq!(data.accounting.processes.len(), 3);
        assert_eq!(data.accounting.processes[2].role, Some(Role::Tests));
        assert!(data.accounting.processes[2].touched.contains("/y.py"));
        assert_eq!(data.accounting.processes[0].command, ["web", "--token=***"]);
        assert_eq!(data.accounting.files["/x.py"].len(), 1);
    }

    #[test]
    fn processes_that_recorded_branches_give_branch_data() {
        let mut recorded = process("a", "/x.py", &[1, 2]);
        recorded.branch = true;
        recorded.files[0].arcs = [(1, 2), (2, -1)].into_iter().collect();
        let data = to_coverage_data(&[recorded], RunRecord::default(), "", |_| ProcessNote {
            counted: true,
            ..ProcessNote::default()
        });
        assert_eq!(data.mode(), Mode::Arcs);
        let arcs = data.arcs("/x.py", None).unwrap();
        assert_eq!(
            arcs.iter().collect::<Vec<_>>(),
            [(-1, 1), (-1, 2), (1, 2), (2, -1)]
        );
        assert_eq!(
            data.lines("/x.py", None),
            Some([1, 2].into_iter().collect())
        );
    }
}
