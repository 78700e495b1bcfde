use super::*;

fn words(words: &str) -> Vec<String> {
    words.split(' ').map(str::to_owned).collect()
}

fn start(how: &str, command: &str) -> Spawn {
    Spawn {
        how: how.to_owned(),
        executable: "/usr/bin/python3".to_owned(),
        command: words(command),
        has_agent_on_path: true,
        has_agent_preloaded: false,
        is_of_itself: false,
    }
}

fn process(pid: u32, parent_pid: u32, command: &str) -> StoredProcess {
    StoredProcess {
        pid,
        parent_pid,
        command: words(command),
        ..StoredProcess::default()
    }
}

fn unseen(processes: &[StoredProcess]) -> Vec<String> {
    let mut record = ContainerRecord::default();
    record.name = "web".to_owned();
    unseen_in(&record, processes)
}

fn unseen_in(record: &ContainerRecord, processes: &[StoredProcess]) -> Vec<String> {
    let unseen = unseen_in_container(record, processes, &[]).into_iter();
    unseen.map(|process| process.command.join(" ")).collect()
}

#[test]
fn a_start_that_two_events_name_is_one_start() {
    let spawned = [
        start("subprocess.Popen", "python a.py"),
        start("os.posix_spawn", "python a.py"),
        start("os.posix_spawn", "python a.py"),
        start("subprocess.Popen", "python b.py"),
    ];
    let kept = each_once(&spawned)
        .into_iter()
        .map(|spawn| (spawn.how.as_str(), spawn.command[1].as_str()))
        .collect::<Vec<_>>();
    assert_eq!(
        kept,
        [
            ("subprocess.Popen", "a.py"),
            ("os.posix_spawn", "a.py"),
            ("subprocess.Popen", "b.py")
        ]
    );
}

/// Of two starts in a container one failed, and the other is measured with options in front.
#[test]
fn what_has_a_starts_very_arguments_was_that_start() {
    let mut parent = process(7, 1, "python3 kid.py");
    parent.spawned = vec![
        start("subprocess.Popen", "python3 two.py"),
        start("subprocess.Popen", "python3 -X dev two.py"),
    ];
    let child = process(8, 7, "python3 -X dev two.py");
    assert_eq!(unseen(&[parent, child]), ["python3 two.py"]);
}

#[test]
fn neither_a_process_nor_its_fork_is_what_it_started() {
    let mut parent = process(7, 1, "python3 kid.py");
    parent.spawned = vec![start("subprocess.Popen", "python3 kid.py")];
    let mut fork = process(8, 7, "python3 kid.py");
    fork.fork_parent = Some("7-0123456789abcdef".to_owned());
    assert_eq!(unseen(&[parent, fork]), ["python3 kid.py"]);
}

#[test]
fn silence_of_an_interpreter_that_is_known_in_a_container_says_that_the_start_failed() {
    let mut parent = process(7, 1, "python3 kid.py");
    parent.state = MEASURED.to_owned();
    parent.executable = "/usr/bin/python3".to_owned();
    parent.spawned = vec![start("subprocess.Popen", "python3 two.py")];
    let mut record = ContainerRecord::default();
    record.failures_are_noted = true;
    let unseen = |change: fn(&mut StoredProcess, &mut ContainerRecord)| {
        let (mut parent, mut record) = (parent.clone(), record.clone());
        change(&mut parent, &mut record);
        unseen_in(&record, &[parent])
    };
    assert_eq!(unseen(|_, _| ()), [""; 0]);
    let named = "python3 two.py";
    assert_eq!(
        unseen(|_, record| record.failures_are_noted = false),
        [named]
    );
    assert_eq!(
        unseen(|parent, _| parent.executable = "/opt/bin/python3".to_owned()),
        [named]
    );
    // As by a name that leads to the interpreter of the process.
    let by_another_name = |parent: &mut StoredProcess, _: &mut ContainerRecord| {
        parent.executable = "/opt/bin/python3".to_owned();
        parent.spawned[0].is_of_itself = true;
    };
    assert_eq!(unseen(by_another_name), [""; 0]);
    assert_eq!(
        unseen(|parent, _| {
            parent.spawned[0].is_of_itself = true;
            parent.state = "no-code-extra".to_owned();
        }),
        [named]
    );
    assert_eq!(
        unseen(|parent, _| parent.state = "no-code-extra".to_owned()),
        [named]
    );
    assert_eq!(
        unseen(|parent, _| parent.spawned[0].has_agent_on_path = false),
        [named]
    );
    let isolated = "python3 -I two.py";
    assert_eq!(
        unseen(|parent, _| parent.spawned[0].command = words("python3 -I two.py")),
        [isolated]
    );
    // The loader's way leads into what the process itself is.
    parent.spawned[0].command = words(isolated);
    parent.spawned[0].has_agent_on_path = false;
    parent.spawned[0].has_agent_preloaded = true;
    assert_eq!(unseen_in(&record, &[parent.clone()]), [isolated]);
    parent.spawned[0].is_of_itself = true;
    assert_eq!(unseen_in(&record, &[parent]), [""; 0]);
}

#[test]
fn what_was_seen_without_the_agent_is_named_once() {
    let mut parent = process(7, 1, "python3 kid.py");
    parent.spawned = vec![
        start("subprocess.Popen", "python3 two.py"),
        start("subprocess.Popen", "python3 two.py"),
    ];
    let seen = not_measured(&words("/usr/bin/python3.13 two.py"), Some("web"));
    let unseen = unseen_in_container(&ContainerRecord::default(), &[parent], &[seen]);
    assert_eq!(unseen.len(), 1);
}

/// A name without a folder is tried in each folder of the search path.
#[test]
fn of_programs_that_were_to_take_a_process_over_the_last_one_may_have() {
    let mut parent = process(7, 1, "python3 kid.py");
    parent.spawned = vec![start(EXEC, "python3 two.py"), start(EXEC, "python3 two.py")];
    assert_eq!(unseen(&[parent.clone()]), [""; 0], "it went on");
    parent.closed = StoreEnding::Exec;
    assert_eq!(unseen(&[parent.clone()]), ["python3 two.py"]);
    let successor = process(7, 1, "python3 two.py");
    assert_eq!(unseen(&[parent, successor]), [""; 0]);
}
