use swath_store::{StoreBuilder, layout};

use super::*;

fn read(store: StoreBuilder) -> Result<StoredProcess, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("7-00.hits");
    fs_err::write(&path, store.finish()).unwrap();
    read_hit_store(&path).map_err(|error| error.to_string())
}

fn lines(set: &LineSet) -> Vec<u32> {
    set.iter().collect()
}

#[test]
fn a_store_becomes_a_process() {
    let process = read(
        StoreBuilder::new(7, [0xab; 16])
            .parent_pid(3)
            .process(
                b"/usr/bin/python3",
                b"/srv",
                b"web",
                &[b"python3", b"app.py"],
            )
            .file(1, b"/srv/app.py", Some([1; 20]))
            .code(1, 1, &[2, 0, 1])
            .code(1, 3, &[2, 1])
            .listen(b"127.0.0.1:8000")
            .spawn(b"os.exec", b"/bin/true", &[b"true"], 0)
            .closed(layout::ENDED),
    )
    .unwrap();
    assert_eq!(process.id, "ab".repeat(16));
    assert_eq!((process.pid, process.parent_pid), (7, 3));
    assert_eq!(process.python.unwrap().to_string(), "3.12.1");
    assert_eq!(process.service.as_deref(), Some("web"));
    assert_eq!(process.command, ["python3", "app.py"]);
    assert_eq!(process.listens, ["127.0.0.1:8000"]);
    assert_eq!(process.spawned[0].command, ["true"]);
    assert_eq!(process.closed, StoreEnding::Clean);
    assert_eq!(process.state, MEASURED);
    let [file] = process.files.as_slice() else {
        panic!("one file")
    };
    assert_eq!(file.hash, Some(SourceHash([1; 20])));
    assert_eq!(lines(&file.executable), [1, 3, 4]);
    assert_eq!(lines(&file.hit), [1, 3]);
    assert!(file.is_touched());
}

#[test]
fn a_fork_child_has_what_it_ran_itself() {
    let child = StoreBuilder::new(8, [2; 16])
        .process(b"python3", b"/", b"", &[b"python3", b"app.py"])
        .listen(b"0:80")
        .forked_from([1; 16])
        .file(1, b"/a.py", None)
        .code(1, 1, &[1, 2]);
    let process = read(child).unwrap();
    assert_eq!(process.command, ["python3", "app.py"]);
    assert_eq!(process.fork_parent, Some("01".repeat(16)));
    assert_eq!(lines(&process.files[0].hit), [2]);
    assert!(process.files[0].is_touched());
    assert!(process.listens.is_empty());
}

#[test]
fn an_arc_may_come_from_the_line_in_which_a_process_was_forked() {
    let folder = tempfile::tempdir().unwrap();
    let store = |id: u8| {
        StoreBuilder::new(u32::from(id), [id; 16])
            .flags(layout::FLAG_BRANCH)
            .file(1, b"/a.py", None)
    };
    let write = |name: &str, store: StoreBuilder| {
        fs_err::write(folder.path().join(name), store.finish()).unwrap();
    };
    write("1-aa.hits", store(1).code_with_exits(1, 4, 0, &[(2, 0)]));
    let silent = store(2).forked_from([1; 16]);
    write("2-bb.hits", silent);
    let arcs = [(4, 6, 0, 2), (5, 6, 0, 2)];
    let child = store(3).forked_from([2; 16]);
    let child = child.code_with_exits(1, 4, 3, &[(1, 0), (1, 0), (2, 0)]);
    write("3-cc.hits", child.arcs(1, &arcs));
    // Nobody was forked from oneself.
    write("4-dd.hits", store(4).forked_from([4; 16]));
    let gathered = read_hit_stores(folder.path()).unwrap();
    let child = gathered.processes.iter().find(|process| process.pid == 3);
    let arcs: Vec<_> = child.unwrap().files[0].arcs.iter().collect();
    assert_eq!(arcs, [(4, 6)]);
}

#[test]
fn stores_of_fork_children_are_in_places_and_go_on_in_files() {
    const PLACE: usize = layout::PLACE_LENGTH;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs_err::write(folder.path().join(name), bytes);
    let child = |id: u8| {
        StoreBuilder::new(u32::from(id), [id; 16])
            .forked_from([1; 16])
            .file(1, b"/a.py", None)
    };
    let mut forks = vec![0; PLACE];
    forks[..8].copy_from_slice(&layout::FORKS_MAGIC);
    forks[8..12].copy_from_slice(&layout::FORMAT_VERSION.to_le_bytes());
    forks[12..16].copy_from_slice(&7_u32.to_le_bytes());
    let mut add = |mut store: Vec<u8>| {
        store.resize(PLACE, 0);
        forks.extend(store);
    };
    add(child(2).code(1, 1, &[2]).finish());
    let fill = u32::try_from(PLACE - child(3).finish().len()).unwrap();
    let mut whole = child(3)
        .record(layout::KIND_UNUSED, 0, 0, &vec![0; fill as usize - 16])
        .code(1, 7, &[2])
        .finish();
    let rest = whole.split_off(PLACE);
    add(whole);
    add(Vec::new());
    add(child(5).version(99).finish());
    write("1-01.hits", &forks).unwrap();
    let header = child(3).flags(layout::FLAG_CONTINUES).finish();
    let continued = [&header[..layout::HEADER_LENGTH], &rest[..]].concat();
    write("3-03.hits", &continued).unwrap();
    let alone = child(6).flags(layout::FLAG_CONTINUES).finish();
    write("6-06.hits", &alone).unwrap();

    let gathered = read_hit_stores(folder.path()).unwrap();
    let hits = |process: &StoredProcess| (process.pid, lines(&process.files[0].hit));
    let found: Vec<_> = gathered.processes.iter().map(hits).collect();
    assert_eq!(found, [(2, vec![1]), (3, vec![7])]);
    let store = folder.path().join("1-01.hits");
    assert!(
        gathered
            .processes
            .iter()
            .all(|process| process.store == store)
    );
    let continued = |process: &StoredProcess| process.continued.clone();
    let continued: Vec<_> = gathered.processes.iter().map(continued).collect();
    assert_eq!(continued, [None, Some(folder.path().join("3-03.hits"))]);
    assert!(gathered.unused.is_empty());
    let mut unreadable: Vec<_> = gathered
        .unreadable
        .iter()
        .map(|one| one.path.file_name().unwrap().to_str().unwrap())
        .collect();
    unreadable.sort_unstable();
    assert_eq!(unreadable, ["1-01.hits", "6-06.hits"]);
    // As many places as there are, and neither of the files that others go on with.
    assert_eq!(count_hit_stores(folder.path()), 4);

    // Without a place taken, and of a version that nobody knows yet.
    forks.truncate(PLACE);
    write("1-01.hits", &forks).unwrap();
    forks[8] = 99;
    write("2-02.hits", &forks).unwrap();
    let gathered = read_hit_stores(folder.path()).unwrap();
    assert_eq!(gathered.unused, [folder.path().join("1-01.hits")]);
    let is_named = |name: &str| {
        let mut unreadable = gathered.unreadable.iter();
        unreadable.any(|one| one.path.ends_with(name))
    };
    assert!(is_named("2-02.hits") && is_named("3-03.hits"));
}

#[test]
fn an_interpreter_that_is_not_recorded_is_a_state() {
    let store = StoreBuilder::new(1, [1; 16]).flags(layout::FLAG_OTHER_INTERPRETER);
    assert_eq!(read(store).unwrap().state, "sub-interpreter");
    // What kept the agent from recording anything says more.
    let store = StoreBuilder::new(1, [1; 16]).flags(layout::FLAG_OTHER_INTERPRETER);
    let store = store.state(b"no-evaluation-hook", b"");
    assert_eq!(read(store).unwrap().state, "no-evaluation-hook");
}

#[test]
fn why_records_found_no_room() {
    let store = || StoreBuilder::new(1, [1; 16]);
    let process = read(store().children(2, 3).dropped(1)).unwrap();
    assert_eq!(
        (process.dropped, process.no_room),
        (4, NoRoom::ForkChildren)
    );
    assert_eq!(read(store().children(2, 0)).unwrap().dropped, 0);
    let limited = store().dropped(1).flags(layout::FLAG_SIZE_LIMITED);
    assert_eq!(read(limited).unwrap().no_room, NoRoom::FileSizeLimit);
}

#[test]
fn fork_children_that_share_a_store_are_processes_without_lines() {
    let folder = tempfile::tempdir().unwrap();
    let store = StoreBuilder::new(7, [1; 16])
        .process(b"python3", b"/", b"web", &[b"python3", b"app.py"])
        .listen(b"0:80")
        .file(1, b"/a.py", None)
        .code(1, 1, &[2])
        .children(3, 1)
        .sharing(0, 8, 55)
        .sharing(247, 9, 66);
    fs_err::write(folder.path().join("7-01.hits"), store.finish()).unwrap();
    let mut processes = read_hit_stores(folder.path()).unwrap().processes;
    processes.sort_by_key(|process| process.pid);
    let [parent, child, last] = &processes[..] else {
        panic!("{processes:?}")
    };
    assert_eq!((parent.dropped, parent.files.len()), (1, 1));
    assert_eq!((child.pid, child.parent_pid, child.start_ticks), (8, 7, 55));
    assert_eq!(child.fork_parent.as_ref(), Some(&parent.id));
    assert_eq!(child.command, parent.command);
    assert!(child.files.is_empty() && child.listens.is_empty());
    assert_eq!((child.state.as_str(), child.dropped), (MEASURED, 0));
    assert_eq!((last.pid, last.start_ticks), (9, 66));
    assert_ne!(child.id, last.id);
    assert!(child.id.bytes().all(|digit| digit.is_ascii_hexdigit()));
}

#[test]
fn arcs_and_exits_become_branch_arcs() {
    let process = read(
        StoreBuilder::new(8, [2; 16])
            .flags(layout::FLAG_BRANCH)
            .file(1, b"/a.py", None)
            .code_with_exits(1, 4, 3, &[(2, 0), (1, 0), (2, 2)])
            .arcs(1, &[(4, 6, 0, 2), (4, 5, 0, 1)]),
    )
    .unwrap();
    assert!(process.branch);
    let file = &process.files[0];
    let arcs: Vec<_> = file.branch_arcs(process.python).iter().collect();
    assert_eq!(arcs, [(-1, 4), (-1, 6), (4, 6), (6, -3)]);
    let newer = PythonRelease::from_hexversion(0x030e_00f0);
    let arcs: Vec<_> = file.branch_arcs(Some(newer)).iter().collect();
    assert_eq!(arcs, [(4, 4), (4, 6), (6, -3), (6, 6)]);
}

#[test]
fn an_arc_to_a_line_that_did_not_run_was_not_taken() {
    let process = read(
        StoreBuilder::new(8, [2; 16])
            .flags(layout::FLAG_BRANCH)
            .file(1, b"/a.py", None)
            .code_with_exits(1, 4, 3, &[(2, 0), (1, 0)])
            .arcs(1, &[(4, 5, 0, 2)]),
    )
    .unwrap();
    assert!(process.files[0].arcs.is_empty());
}

#[test]
fn an_arc_that_coverage_py_concludes_needs_the_line_it_comes_from_only() {
    let process = read(
        StoreBuilder::new(8, [2; 16])
            .flags(layout::FLAG_BRANCH)
            .file(1, b"/a.py", None)
            .code_with_exits(1, 4, 3, &[(2, 0), (1, 0), (1, 0)])
            .arcs(
                1,
                &[
                    (4, 5, layout::ARC_CONCLUDED, 2),
                    (4, 6, layout::ARC_CONCLUDED, 1),
                    (6, 5, layout::ARC_CONCLUDED, 2),
                ],
            ),
    )
    .unwrap();
    let arcs: Vec<_> = process.files[0].arcs.iter().collect();
    assert_eq!(arcs, [(4, 5)]);
}

#[test]
fn the_agents_last_word_is_the_state() {
    let process =
        read(StoreBuilder::new(1, [1; 16]).state(b"evaluation-hook-taken", b"by x")).unwrap();
    assert_eq!(process.state, "evaluation-hook-taken");
    assert_eq!(process.notes[0].text, "by x");
    let silent = StoreBuilder::new(1, [1; 16]).recorder(layout::RECORDER_NONE);
    assert_eq!(read(silent).unwrap().state, "not-recording");
}

#[test]
fn stores_of_later_versions_are_refused_by_name() {
    let error = read(StoreBuilder::new(1, [1; 16]).version(9)).unwrap_err();
    assert!(
        error.contains("7-00.hits") && error.contains("format version 9"),
        "{error}"
    );
    let error =
        read(StoreBuilder::new(1, [1; 16]).record(layout::CRITICAL | 0x4d, 0, 0, b"")).unwrap_err();
    assert!(error.contains("0x8000004d"), "{error}");
    assert!(read(StoreBuilder::new(1, [1; 16]).record(77, 0, 0, b"")).is_ok());
}

#[test]
fn a_folder_gives_its_processes_failures_and_wrecks() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs_err::write(folder.path().join(name), bytes).unwrap();
    write(
        "5-aa.hits",
        &StoreBuilder::new(5, [5; 16]).start(20, 0).finish(),
    );
    write(
        "4-bb.hits",
        &StoreBuilder::new(4, [4; 16]).start(10, 0).finish(),
    );
    write("6-cc.hits", b"something else");
    write("9-0123456789abcdef.failed-reference-tracing-build", b"");
    write("notes.txt", b"not looked at");
    let gathered = read_hit_stores(folder.path()).unwrap();
    let pids: Vec<u32> = gathered
        .processes
        .iter()
        .map(|process| process.pid)
        .collect();
    assert_eq!(pids, [4, 5, 9]);
    assert_eq!(gathered.processes[2].state, "reference-tracing-build");
    assert_eq!(gathered.unreadable.len(), 1);
    assert!(gathered.unreadable[0].path.ends_with("6-cc.hits"));
}

#[test]
fn what_workers_ran_alike_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    for (pid, last) in [(7, 2), (8, 1)] {
        let store = StoreBuilder::new(pid, [u8::try_from(pid).unwrap(); 16])
            .process(b"python3", b"/", b"web", &[b"python3", b"app.py"])
            .file(1, b"/a.py", None)
            .code(1, 1, &[2])
            .file(2, b"/b.py", None)
            .code(2, 1, &[last]);
        let name = format!("{pid}-00.hits");
        fs_err::write(folder.path().join(name), store.finish()).unwrap();
    }
    let gathered = read_hit_stores(folder.path()).unwrap();
    let [one, other] = gathered.processes.as_slice() else {
        panic!("{gathered:?}")
    };
    assert!(Arc::ptr_eq(&one.files[0], &other.files[0]));
    assert_ne!(one.files[1], other.files[1]);
}
