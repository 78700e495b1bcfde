//! Test runners name their tests, and queues carry them: what ran in which phase of which test, and how it ended.

use std::time::Duration;

use swath_test::{Guard, free_port, venv};

use crate::log::Log;
use crate::stage::{Stage, python_for_all, requirements};

fn stage(test: &str) -> Option<Stage> {
    let Some(python) = python_for_all() else {
        swath_test::skip(test, "no CPython");
        return None;
    };
    Some(Stage::new(venv(python, &requirements())?))
}

/// Runs a suite, which may fail, and compares what it did.
fn check(test: &str, words: &str, story: &str) -> Option<(Stage, Log)> {
    let stage = stage(test)?;
    let log = run(&stage, test, words);
    assert_eq!(log.story().trim(), trimmed(story), "{}", stage.output(test));
    Some((stage, log))
}

fn run(stage: &Stage, test: &str, words: &str) -> Log {
    let mut command = stage.command(test, "suites", words);
    stage.run(test, &mut command);
    let log = stage.log(test);
    log.assert_balanced(test);
    log
}

fn trimmed(story: &str) -> String {
    let lines: Vec<&str> = story.trim().lines().map(str::trim).collect();
    lines.join("\n")
}

const PYTEST: &str = "python -m pytest -q --tb=short -p no:cacheprovider --rootdir .";

#[test]
fn pytest_tells_phases_apart() {
    check(
        "pytest_tells_phases_apart",
        &format!("{PYTEST} test_pytest.py -k not(long)and(not(process))"),
        r"
        shared fixture: test_pytest.py::test_parameters[a b]|setup
        own fixture: test_pytest.py::test_parameters[a b]|setup
        parameters: test_pytest.py::test_parameters[a b]|run
        thread: test_pytest.py::test_parameters[a b]|run
        = passed: test_pytest.py::test_parameters[a b]|run
        end of own fixture: test_pytest.py::test_parameters[a b]|teardown
        own fixture: test_pytest.py::test_parameters[\xfc,;=\n]|setup
        parameters: test_pytest.py::test_parameters[\xfc,;=\n]|run
        thread: test_pytest.py::test_parameters[\xfc,;=\n]|run
        = passed: test_pytest.py::test_parameters[\xfc,;=\n]|run
        end of own fixture: test_pytest.py::test_parameters[\xfc,;=\n]|teardown
        fails: test_pytest.py::test_fails|run
        = failed: test_pytest.py::test_fails|run
        skips: test_pytest.py::test_skips|run
        = skipped: test_pytest.py::test_skips|run
        = error: test_pytest.py::test_error|setup
        run 1: test_pytest.py::test_again|run
        = failed: test_pytest.py::test_again|run
        run 2: test_pytest.py::test_again|run
        = passed: test_pytest.py::test_again|run
        end of shared fixture: test_pytest.py::test_again|teardown
        ",
    );
}

#[test]
fn processes_and_applications_of_a_test_belong_to_it() {
    check(
        "processes_and_applications_of_a_test_belong_to_it",
        &format!("{PYTEST} test_pytest.py -k process"),
        "
        fork: test_pytest.py::test_process|run
        spawn: test_pytest.py::test_process|run
        pool: test_pytest.py::test_process|run
        = passed: test_pytest.py::test_process|run
        here: test_pytest.py::test_of_an_application_in_this_process|run GET /here/{n}
        = passed: test_pytest.py::test_of_an_application_in_this_process|run
        point 7: test_pytest.py::test_of_django_in_this_process|run GET /points/{n}
        = passed: test_pytest.py::test_of_django_in_this_process|run
        ",
    );
}

#[test]
fn a_long_name_is_cut_and_stays_unique() {
    let test = "a_long_name_is_cut_and_stays_unique";
    let Some(stage) = stage(test) else { return };
    let log = run(&stage, test, &format!("{PYTEST} test_pytest.py -k long"));
    let (place, context) = log.ran().into_iter().next().unwrap();
    assert_eq!(place, "long");
    let (name, hash) = context[1].rsplit_once('#').unwrap();
    assert_eq!(context[1].len(), 1024);
    assert!(name.starts_with("test_pytest.py::test_long[xxx"), "{name}");
    assert!(hash.ends_with("|run") && hash.len() == 20, "{hash}");
}

#[test]
fn unittest_tells_phases_apart() {
    let name = "unittest_tells_phases_apart";
    let checked = check(
        name,
        "python test_unittest.py",
        "
        async set-up: __main__.Async.test_async|setup
        async: __main__.Async.test_async|run
        = passed: __main__.Async.test_async|run
        set-up: __main__.Sync.test_fails|setup
        fails: __main__.Sync.test_fails|run
        tear-down: __main__.Sync.test_fails|teardown
        clean-up: __main__.Sync.test_fails|teardown
        = failed: __main__.Sync.test_fails|run
        set-up: __main__.Sync.test_parts|setup
        part 0: __main__.Sync.test_parts|run
        part 1: __main__.Sync.test_parts|run
        tear-down: __main__.Sync.test_parts|teardown
        clean-up: __main__.Sync.test_parts|teardown
        = failed: __main__.Sync.test_parts|run
        set-up: __main__.Sync.test_passes|setup
        passes: __main__.Sync.test_passes|run
        tear-down: __main__.Sync.test_passes|teardown
        clean-up: __main__.Sync.test_passes|teardown
        = passed: __main__.Sync.test_passes|run
        set-up: __main__.Sync.test_raises|setup
        raises: __main__.Sync.test_raises|run
        tear-down: __main__.Sync.test_raises|teardown
        clean-up: __main__.Sync.test_raises|teardown
        = error: __main__.Sync.test_raises|run
        ",
    );
    if let Some((stage, _)) = checked {
        let output = stage.output(name);
        assert!(output.contains("FAILED (failures=2, errors=1, skipped=1)"));
        assert!(!output.contains("swath_attribution"), "{output}");
    }
}

#[test]
fn pytest_names_the_tests_of_unittest() {
    let test = "pytest_names_the_tests_of_unittest";
    let Some(stage) = stage(test) else { return };
    let log = run(&stage, test, &format!("{PYTEST} test_unittest.py"));
    let passes: Vec<_> = log
        .ran()
        .into_iter()
        .filter(|(place, _)| place == "passes")
        .collect();
    assert_eq!(passes[0].1[1], "test_unittest.py::Sync::test_passes|run");
    let output = stage.output(test);
    assert!(!output.contains("swath_attribution"), "{output}");
}

#[test]
fn behave_names_scenarios() {
    check(
        "behave_names_scenarios",
        "behave",
        "
        passes: features/points.feature::passes
        = passed: features/points.feature::passes
        fails: features/points.feature::fails
        = failed: features/points.feature::fails
        one: features/points.feature::rows -- @1.1
        = passed: features/points.feature::rows -- @1.1
        two: features/points.feature::rows -- @1.2
        = passed: features/points.feature::rows -- @1.2
        ",
    );
}

#[test]
fn robot_framework_names_test_cases() {
    check(
        "robot_framework_names_test_cases",
        "robot --output none --log none --report none points.robot",
        "
        passes: Points.Passes
        = passed: Points.Passes
        fails: Points.Fails
        = failed: Points.Fails
        skips: Points.Skips
        = skipped: Points.Skips
        ",
    );
}

/// What ran for whom, whatever the order of the workers.
fn sorted(log: &Log) -> Vec<String> {
    let mut ran: Vec<String> = log
        .ran()
        .into_iter()
        .map(|(place, context)| format!("{place}: {}", context[1..].join(" ")))
        .collect();
    ran.sort();
    ran
}

#[test]
fn celery_carries_tests_to_its_workers() {
    let test = "celery_carries_tests_to_its_workers";
    let Some(stage) = stage(test) else { return };
    let log = run(&stage, test, &format!("{PYTEST} test_celery.py"));
    assert_eq!(
        sorted(&log),
        [
            "inner 1: test_celery.py::test_worker[1]|run TASK tasks.inner",
            "inner 2: test_celery.py::test_worker[2]|run TASK tasks.inner",
            "inner 3: test_celery.py::test_eager|run TASK tasks.inner",
            "outer 1: test_celery.py::test_worker[1]|run TASK tasks.outer",
            "outer 2: test_celery.py::test_worker[2]|run TASK tasks.outer",
            "outer 3: test_celery.py::test_eager|run TASK tasks.outer",
        ],
        "{}",
        stage.output(test)
    );
    let offers = log.notes("offer");
    assert!(offers.contains("TASK tasks.never"), "{offers:?}");
}

#[test]
fn rq_carries_tests_to_its_workers() {
    let test = "rq_carries_tests_to_its_workers";
    let port = free_port();
    let mut redis = std::process::Command::new("redis-server");
    redis.args(["--port", &port.to_string(), "--save", ""]);
    redis.stdout(std::process::Stdio::null());
    let Ok(mut redis) = Guard::spawn(&mut redis) else {
        return swath_test::skip(test, "redis-server");
    };
    let Some(stage) = stage(test) else { return };
    stage.wait_for_server(test, &mut redis, port);
    let mut command = stage.command(test, "suites", &format!("{PYTEST} test_rq.py"));
    command.env("STAND_IN_PORT", port.to_string());
    stage.run(test, &mut command);
    assert_eq!(
        sorted(&stage.log(test)),
        [
            "job 1: test_rq.py::test_one|run TASK tasks.job",
            "job 2: test_rq.py::test_other|run TASK tasks.job",
        ],
        "{}",
        stage.output(test)
    );
    redis.signal(swath_test::Signal::TERM);
    redis.wait(Duration::from_secs(5));
}
