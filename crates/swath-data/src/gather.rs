//! From processes to coverage data.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use swath_model::{AgentState, Ending, Role};

use crate::attribution::{KnownRoutes, labelled};
use crate::hit_store::{StoreEnding, StoredProcess};
use crate::shared_files::{Shared, touched_paths};
use crate::stored_context::Reached;
use crate::{
    ArcSet, ContextId, CoverageData, FileFacts, FilePart, LineSet, Mode, ProcessRecord,
    PythonRelease, RunRecord, StoredFile, without_secrets,
};

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
/// id and facts of `run`; what is recorded gets the label `context`, the empty one by default, before
/// the context that the process counted it for, if it did.
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
    let label = context;
    let context = data.intern_context(label);
    let mut added = Added::default();
    let mut touched = Shared::default();
    let routes = KnownRoutes::of(processes);
    for process in processes {
        let note = note(process);
        data.accounting.attribution.add_tests_of(process, label);
        if note.counted {
            let service = note.service.as_ref().or(process.service.as_ref());
            let service = service.map_or("", String::as_str);
            let attribution = &mut data.accounting.attribution;
            attribution.add_endpoints_of(process, service, label, &routes);
            let mut named = Named::new(process, label);
            let is_served = note.role == Some(Role::Service) && !service.is_empty();
            let service = is_served.then_some(service);
            for file in added.fresh(process, service) {
                add_file(&mut data, file, service, context, &mut named);
            }
        }
        let touched = touched.take(Arc::new(touched_paths(process)));
        data.accounting
            .processes
            .push(record(process, note, &run.id, touched));
    }
    data.accounting.runs.push(run);
    data
}

/// Which files of processes are in the data already: what replicas ran alike is added once.
#[derive(Default)]
struct Added {
    files: FxHashSet<(*const StoredFile, Option<PythonRelease>, Option<usize>)>,
    services: FxHashMap<String, usize>,
}

impl Added {
    /// The files of a process that add something to the data, for the service that it serves.
    fn fresh<'p>(
        &mut self,
        process: &'p StoredProcess,
        service: Option<&str>,
    ) -> Vec<&'p StoredFile> {
        let fresh = self.services.len();
        let service = service.map(|name| match self.services.get(name) {
            Some(number) => *number,
            None => *self.services.entry(name.to_owned()).or_insert(fresh),
        });
        let files = process.files.iter().filter(|file| {
            // Contexts are numbered by each process.
            !file.contexts.is_empty()
                || self
                    .files
                    .insert((Arc::as_ptr(file), process.python, service))
        });
        files.map(Arc::as_ref).collect()
    }
}

/// Adds what a process ran of a file, for the service that it serves.
fn add_file(
    data: &mut CoverageData,
    file: &StoredFile,
    service: Option<&str>,
    context: ContextId,
    named: &mut Named<'_>,
) {
    let python = named.process.python;
    // An empty module that ran is in the data as well, as with coverage.py.
    data.touch(&file.path);
    if file.is_touched() {
        let is_shared = !file.contexts.is_empty();
        let is_whole = service.is_some() || !is_shared;
        let arcs = (data.has_arcs() && is_whole).then(|| file.branch_arcs(python));
        if is_shared {
            add_shares(data, file, named);
        } else if let Some(arcs) = &arcs {
            data.add_arcs(&file.path, context, arcs);
        } else {
            data.add_lines(&file.path, context, &file.hit);
        }
        if let Some(service) = service {
            let part = part_of(file, arcs);
            data.accounting.services.add(service, &file.path, &part);
        }
    }
    let facts = FileFacts {
        hash: file.hash,
        is_absent: file.is_absent,
        python,
    };
    let known = data.accounting.files.entry(file.path.clone());
    known.or_default().insert(facts);
}

/// What a process ran of a file, whatever it was for: its arcs, or else its lines.
fn part_of(file: &StoredFile, arcs: Option<ArcSet>) -> FilePart {
    match arcs {
        Some(arcs) => FilePart {
            arcs,
            lines: LineSet::new(),
        },
        None => FilePart {
            lines: file.hit.clone(),
            arcs: ArcSet::new(),
        },
    }
}

/// The contexts of a process in the data, which are made when something ran in them.
struct Named<'a> {
    process: &'a StoredProcess,
    label: &'a str,
    contexts: Vec<Option<ContextId>>,
}

impl<'a> Named<'a> {
    fn new(process: &'a StoredProcess, label: &'a str) -> Self {
        Self {
            process,
            label,
            contexts: vec![None; process.contexts.len()],
        }
    }

    fn of(&mut self, data: &mut CoverageData, place: usize) -> Option<ContextId> {
        let named = self.process.contexts.get(place)?;
        let known = self.contexts.get_mut(place)?;
        let intern = || data.intern_context(&labelled(self.label, named.kind.name()));
        Some(*known.get_or_insert_with(intern))
    }
}

/// Adds what ran of a file in each context.
fn add_shares(data: &mut CoverageData, file: &StoredFile, named: &mut Named<'_>) {
    let python = named.process.python;
    if data.has_arcs() {
        let sets = shared(data, file, named, |reached| reached.branch_arcs(python));
        let sets = sets.into_iter().filter(|(_, arcs)| !arcs.is_empty());
        let arcs = &mut data.touch(&file.path).arcs;
        arcs.merge(sets, ArcSet::union_with);
    } else {
        let sets = shared(data, file, named, |reached| reached.lines.clone());
        let sets = sets.into_iter().filter(|(_, lines)| !lines.is_empty());
        let lines = &mut data.touch(&file.path).lines;
        lines.merge(sets, LineSet::union_with);
    }
}

/// What each context has of a file; what contexts have in common stays so.
fn shared<T>(
    data: &mut CoverageData,
    file: &StoredFile,
    named: &mut Named<'_>,
    made: impl Fn(&Reached) -> T,
) -> Vec<(ContextId, Arc<T>)> {
    let mut known: FxHashMap<*const Reached, Arc<T>> = FxHashMap::default();
    let shares = file.contexts.iter().filter_map(|share| {
        let context = named.of(data, share.context)?;
        let set = known.entry(Arc::as_ptr(&share.reached));
        let set = set.or_insert_with(|| Arc::new(made(&share.reached)));
        Some((context, Arc::clone(set)))
    });
    shares.collect()
}

fn record(
    process: &StoredProcess,
    note: ProcessNote,
    run: &str,
    touched: Arc<BTreeSet<String>>,
) -> ProcessRecord {
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
        touched,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ContextKind, ContextShare, SourceHash, StoredContext};

    fn process(id: &str, path: &str, hit: &[u32]) -> StoredProcess {
        StoredProcess {
            id: id.to_owned(),
            command: vec!["web".to_owned(), "--token=abc".to_owned()],
            python: Some(PythonRelease {
                major: 3,
                minor: 12,
                micro: 1,
            }),
            files: vec![Arc::new(StoredFile {
                path: path.to_owned(),
                hash: Some(SourceHash([3; 20])),
                hit: hit.iter().copied().collect(),
                ..StoredFile::default()
            })],
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
    fn each_service_has_what_its_own_processes_ran() {
        let processes = [
            process("a", "/x.py", &[1, 2]),
            process("b", "/x.py", &[2, 3]),
            process("c", "/x.py", &[4]),
            process("d", "/tests.py", &[5]),
        ];
        let note = |process: &StoredProcess| ProcessNote {
            counted: true,
            role: Some(if process.id == "d" {
                Role::Tests
            } else {
                Role::Service
            }),
            service: match process.id.as_str() {
                "a" => Some("web".to_owned()),
                "b" | "d" => Some("worker".to_owned()),
                _ => None,
            },
            ..ProcessNote::default()
        };
        let data = to_coverage_data(&processes, RunRecord::default(), "", note);
        let served = |service: &str| data.served_by(service, None)?.lines("/x.py", None);
        assert_eq!(served("web"), Some([1, 2].into_iter().collect()));
        assert_eq!(served("worker"), Some([2, 3].into_iter().collect()));
        assert_eq!(served(""), None);
        let files = data.accounting.services.files_of("worker").unwrap();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["/x.py"]);
        // They stay when the data is written, read, combined and derived.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        crate::write_data_file(&data, &path).unwrap();
        let read = crate::read_data_file(&path).unwrap();
        let mut all = CoverageData::default();
        for _ in 0..2 {
            all.update(&read, ("", ""), |path| format!("/srv{path}"))
                .unwrap();
        }
        let mapped = all.served_by("worker", None).unwrap();
        assert_eq!(
            mapped.lines("/srv/x.py", None),
            Some([2, 3].into_iter().collect())
        );
    }

    #[test]
    fn what_a_request_handed_on_is_its_endpoints_and_no_call() {
        let request = |statuses: &[u16]| StoredContext {
            kind: ContextKind::Request {
                test: "t|run".to_owned(),
                method: "GET".to_owned(),
                path: "/points/{n}".to_owned(),
            },
            statuses: statuses.iter().copied().collect(),
            is_handed_on: statuses.is_empty(),
            ..StoredContext::default()
        };
        let of_service = |id: &str, line: u32, context: StoredContext| {
            let mut process = process(id, "/x.py", &[line]);
            process.service = Some("web".to_owned());
            process.contexts = vec![context];
            Arc::make_mut(&mut process.files[0]).contexts = vec![ContextShare {
                context: 0,
                reached: Arc::new(Reached {
                    lines: [line].into_iter().collect(),
                    arcs: ArcSet::new(),
                }),
            }];
            process
        };
        let routed = StoredContext {
            routes: ["/points/{id}".to_owned()].into(),
            ..request(&[200])
        };
        // Whichever was begun first.
        for order in [[0, 1], [1, 0]] {
            let processes = [
                of_service("a", 2, routed.clone()),
                of_service("b", 5, request(&[])),
            ];
            let processes = order.map(|place| processes[place].clone());
            let data = to_coverage_data(&processes, RunRecord::default(), "", |_| ProcessNote {
                counted: true,
                ..ProcessNote::default()
            });
            let endpoints: Vec<_> = data.accounting.attribution.endpoints().collect();
            let [(points, facts)] = endpoints.as_slice() else {
                panic!("one endpoint: {endpoints:?}")
            };
            assert_eq!(points.route, "/points/{id}");
            let statuses: Vec<Option<u16>> = facts.calls.iter().map(|call| call.status).collect();
            assert_eq!(statuses, [Some(200)]);
            let lines: Vec<u32> = facts.lines["/x.py"].iter().collect();
            assert_eq!(lines, [2, 5]);
        }
    }

    #[test]
    fn what_ran_is_in_the_contexts_that_it_was_counted_for() {
        let request = |test: &str, statuses: &[u16]| StoredContext {
            kind: ContextKind::Request {
                test: test.to_owned(),
                method: "GET".to_owned(),
                path: "/points/{n}".to_owned(),
            },
            routes: ["/points/{id}".to_owned()].into(),
            statuses: statuses.iter().copied().collect(),
            ..StoredContext::default()
        };
        let share = |context, lines: &[u32]| ContextShare {
            context,
            reached: Arc::new(Reached {
                lines: lines.iter().copied().collect(),
                arcs: ArcSet::new(),
            }),
        };
        let mut service = process("a", "/x.py", &[1, 2, 3, 4]);
        service.service = Some("web".to_owned());
        service.contexts = vec![
            StoredContext::default(),
            request("t|run", &[200, 404]),
            request("", &[]),
            request("silent", &[200]),
        ];
        service.offers = [("POST".to_owned(), "/never".to_owned())].into();
        Arc::make_mut(&mut service.files[0]).contexts =
            vec![share(1, &[2, 3]), share(2, &[3]), share(0, &[1, 4])];
        let mut tests = process("b", "/tests.py", &[7]);
        tests.contexts = vec![StoredContext {
            kind: ContextKind::Test("t|run".to_owned()),
            outcome: Some("failed".to_owned()),
            ..StoredContext::default()
        }];
        let note = |process: &StoredProcess| ProcessNote {
            counted: process.id == "a",
            ..ProcessNote::default()
        };
        let data = to_coverage_data(&[service, tests], RunRecord::default(), "e2e", note);
        let by_line = data.contexts_by_line("/x.py", None);
        assert_eq!(by_line[&1], ["e2e"].into());
        assert_eq!(by_line[&2], ["e2e|t|run"].into());
        assert_eq!(by_line[&3], ["e2e", "e2e|t|run"].into());
        let attribution = &data.accounting.attribution;
        let tests: Vec<(&str, usize)> = (attribution.tests())
            .map(|(test, outcomes)| (test, outcomes.len()))
            .collect();
        assert_eq!(tests, [("e2e|silent", 0), ("e2e|t|run", 1)]);
        let endpoints: Vec<_> = attribution.endpoints().collect();
        let [(never, offered), (points, called)] = endpoints.as_slice() else {
            panic!("two endpoints: {endpoints:?}")
        };
        assert_eq!((never.route.as_str(), offered.is_offered), ("/never", true));
        assert_eq!(
            (points.service.as_str(), points.route.as_str()),
            ("web", "/points/{id}")
        );
        let calls: Vec<(&str, Option<u16>)> = (called.calls.iter())
            .map(|call| (call.test.as_ref(), call.status))
            .collect();
        assert_eq!(
            calls,
            [
                ("", None),
                ("e2e|silent", Some(200)),
                ("e2e|t|run", Some(200)),
                ("e2e|t|run", Some(404))
            ]
        );
        assert_eq!(called.lines["/x.py"].iter().collect::<Vec<_>>(), [2, 3]);
        // Taken in twice, nothing changes.
        let mut all = CoverageData::default();
        for _ in 0..2 {
            all.update(&data, ("", ""), str::to_owned).unwrap();
        }
        assert_eq!(all, data);
    }

    #[test]
    fn processes_that_recorded_branches_give_branch_data() {
        let mut recorded = process("a", "/x.py", &[1, 2]);
        recorded.branch = true;
        Arc::make_mut(&mut recorded.files[0]).arcs = [(1, 2), (2, -1)].into_iter().collect();
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
