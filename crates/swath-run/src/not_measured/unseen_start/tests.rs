use super::*;

#[test]
fn a_start_that_two_events_name_is_one_start() {
    let start = |how: &str, argument: &str| Spawn {
        how: how.to_owned(),
        executable: "python".to_owned(),
        command: vec!["python".to_owned(), argument.to_owned()],
        has_agent_on_path: false,
        has_agent_preloaded: false,
    };
    let spawned = [
        start("subprocess.Popen", "a.py"),
        start("os.posix_spawn", "a.py"),
        start("os.posix_spawn", "a.py"),
        start("subprocess.Popen", "b.py"),
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
