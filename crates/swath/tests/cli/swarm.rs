//! `swath swarm inject` as a filter before `docker stack deploy`, and what is said where there is no
//! Swarm.

use std::process::Stdio;

use swath_test::{engine, finish, skip};

use crate::sandbox::Sandbox;

const STACK: &str = "\
# The shop.
version: '3.7'
services:
  web: {image: shop}
  db: {image: postgres}
";

const RUN: [&str; 6] = [
    "--image",
    "registry/swath:1",
    "--store",
    "s3://coverage/shop",
    "--run",
    "42",
];

/// The command line that injects a file.
fn inject<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["swarm", "inject", "-f", file];
    arguments.extend(RUN);
    arguments.extend(more);
    arguments
}

#[test]
fn the_configs_of_a_stack_are_files_beside_it() {
    let sandbox = Sandbox::new();
    sandbox.write("src/shop/__init__.py", "");
    sandbox.write(".coveragerc", "[run]\nbranch = true\n");
    let file = sandbox.write("stack.yml", STACK);
    let mut command = sandbox.command(&inject("-", &["--measure", "web"]));
    command.stdin(Stdio::from(std::fs::File::open(&file).unwrap()));
    let filtered = finish(command);
    assert_eq!(filtered.code, 0, "{}", filtered.stderr);
    insta::assert_snapshot!(filtered.stderr, @r"
    Injected web
        Left db: no --measure names it
        Note a PYTHONPATH that an image or an `env_file` sets is not seen here: name it with `--python-path`, or it is replaced
    ");
    // Every config is a file whose content is the agent's.
    let declared = |text: &str| {
        let files = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("file: "));
        let files = files.map(|file| file.trim_matches('"').to_owned());
        files.collect::<Vec<_>>()
    };
    let files = declared(&filtered.stdout);
    let contents: Vec<Vec<u8>> = files
        .iter()
        .map(|file| fs_err::read(sandbox.project().join(file)).unwrap())
        .collect();
    for (name, content) in swath_agent::files(false) {
        let target = format!("target: /swath/agent/{name}");
        assert!(filtered.stdout.contains(&target), "{}", filtered.stdout);
        assert!(contents.iter().any(|one| one == content), "{name}");
    }
    let settings = String::from_utf8_lossy(contents.last().unwrap()).into_owned();
    insta::assert_snapshot!(settings, @r#"
    branch 1 1
    cover-pylib 1 0
    own-pkg 4 shop
    data-below 12 /swath/tasks
    data {{printf "/swath/tasks/42/%s/%s/data" .Task.Name (index .Service.Labels "swath.dev/injected") | len}} /swath/tasks/42/{{.Task.Name}}/{{index .Service.Labels "swath.dev/injected"}}/data
    "#);
    // Of a file, the same; and a second time nothing.
    let of_file = sandbox.swath(&inject("stack.yml", &["--measure", "web"]));
    assert_eq!(of_file.stdout, filtered.stdout);
    sandbox.write("again.yml", &filtered.stdout);
    let again = sandbox.swath(&inject("again.yml", &["--configs", "unused"]));
    assert_eq!((again.code, &again.stdout), (0, &filtered.stdout));
    assert!(!sandbox.project().join("unused").exists());
    insta::assert_snapshot!(again.stderr, @r"
        Left web: the stack has the agent already, for run 42
        Left db: the stack has the agent already, for run 42
    ");
    // Another run has other settings, and the rest is the same: a config does not change.
    let mut arguments = inject("stack.yml", &["--measure", "web"]);
    let place = arguments.iter().position(|word| *word == "42").unwrap();
    arguments[place] = "43";
    let other = declared(&sandbox.swath(&arguments).stdout);
    let differ: Vec<_> = other.iter().filter(|file| !files.contains(file)).collect();
    assert_eq!(differ.len(), 1, "{other:?}");
}

#[test]
fn what_cannot_be_done_is_said_and_nothing_is_printed() {
    let sandbox = Sandbox::new();
    sandbox.write("stack.yml", STACK);
    sandbox.write("bad.yml", "services:\n  web: [\n");
    sandbox.write("tag.yml", "services: !reset {}\n");
    sandbox.write("other.yml", "volumes: {}\n");
    let said = |arguments: &[&str]| {
        let output = sandbox.swath(arguments);
        let got = (output.code, output.stdout.as_str());
        assert_eq!(got, (1, ""), "{arguments:?}");
        output.stderr
    };
    insta::assert_snapshot!(said(&inject("gone.yml", &[])), @"error[manifest-not-readable]: the stack file `gone.yml` cannot be read: failed to open file `gone.yml`: No such file or directory (os error 2)");
    insta::assert_snapshot!(said(&inject("bad.yml", &[])), @"error[manifest-not-readable]: line 3 of the stack file is not valid YAML: while parsing a node, did not find expected node content");
    insta::assert_snapshot!(said(&inject("tag.yml", &[])), @"error[manifest-not-readable]: line 1 of the stack file is not valid YAML: it has the tag `!reset`, which the text would lose");
    insta::assert_snapshot!(said(&inject("stack.yml", &["--measure", "w***"])), @r"
    error[bad-container-pattern]: `w***` is not a pattern of services: File pattern can't include 'w***'

    hint: write the name of a service, as in `--measure 'web*'`
    ");
    insta::assert_snapshot!(said(&inject("stack.yml", &["--configs", "stack.yml"])), @r"
    error[configs-not-written]: the files of the agent cannot be written to `stack.yml`: failed to create directory `stack.yml`: File exists (os error 17)

    hint: name another folder with `--configs FOLDER`
    ");
    // What is done although something is odd.
    let odd = |arguments: &[&str]| {
        let output = sandbox.swath(arguments);
        assert_eq!(output.code, 0, "{}", output.stderr);
        output.stderr
    };
    insta::assert_snapshot!(odd(&inject("other.yml", &[])), @r"
    warning[no-container-matches]: the stack file holds no service
      it was passed on as it is
    ");
    let told = odd(&inject("stack.yml", &["--measure", "wbe"]));
    assert!(told.contains("warning[no-container-matches]: `--measure wbe` matches no service"));
}

#[test]
fn the_tasks_of_a_node_are_shipped_with_what_a_secret_says_of_the_store() {
    let sandbox = Sandbox::new();
    let store = format!("file://{}/42", sandbox.project().join("store").display());
    let ship = |more: &[&str], variables: &[(&str, &str)]| {
        let mut arguments = vec![
            "ship", "--tasks", "--once", "--from", "tasks", "--to", &store,
        ];
        arguments.extend(more);
        let mut command = sandbox.command(&arguments);
        command.envs(variables.iter().copied());
        finish(command)
    };
    let named = [("SWATH_NAMESPACE", "shop"), ("SWATH_NODE", "node-1")];
    // Nothing yet is no error: the first task makes the folder.
    let done = ship(&[], &named);
    insta::assert_snapshot!(done.stderr.replace(&store, "STORE"), @r"
       Shipping the tasks of shop on node-1 to STORE
        Shipped everything that was recorded
    ");
    assert_eq!(done.code, 0);
    assert!(ship(&[], &[]).stderr.contains("error[pod-unnamed]"));
    let odd = ship(&[], &[("SWATH_NAMESPACE", "../x")]);
    assert!(
        odd.stderr.contains("error[bad-store-url]"),
        "{}",
        odd.stderr
    );
    sandbox.write("variables", "# the store\nAWS_ACCESS_KEY_ID=key=1\n\n");
    assert_eq!(ship(&["--variables", "variables"], &named).code, 0);
    sandbox.write("variables", "AWS_ACCESS_KEY_ID\n");
    insta::assert_snapshot!(ship(&["--variables", "variables"], &named).stderr, @r"
    error[store-variables]: the variables of `variables` cannot be read: a line has no `=`

    hint: write lines NAME=VALUE
    ");
}

#[test]
fn an_engine_that_manages_no_swarm_says_so_before_the_tests() {
    if let Err(error) = engine() {
        let test = "an_engine_that_manages_no_swarm_says_so_before_the_tests";
        return skip(test, &format!("{error:#}"));
    }
    let sandbox = Sandbox::new();
    let done = sandbox.swath(&["run", "--swarm", "shop", "--", "touch", "began"]);
    assert_eq!(done.code, 125, "{}", done.stderr);
    let refused = "error[docker-failed]: `docker stack ps` said: Error response from daemon: This node is not a swarm manager";
    assert!(done.stderr.contains(refused), "{}", done.stderr);
    assert!(!sandbox.project().join("began").exists());
}

#[test]
fn the_settings_name_the_fleet_of_their_own_tests() {
    let sandbox = Sandbox::new();
    let settings = |fleet: &str| {
        sandbox.write("swath.toml", &format!("test = \"touch began\"\n{fleet}\n"));
    };
    let refused = |arguments: &[&str], words: &str| {
        let done = sandbox.swath(arguments);
        assert_eq!(done.code, 125, "{}", done.stderr);
        assert!(done.stderr.contains(words), "{}", done.stderr);
        assert!(!sandbox.project().join("began").exists());
    };
    settings("fleet = \"coverage/42\"");
    refused(&["run"], "error[bad-store-url]: `coverage/42`");
    settings("swarm = \"a b\"");
    refused(
        &["run"],
        "error[usage]: `swarm = \"a b\"` in the settings: `a b` is not the name of a stack",
    );
    settings("kubernetes = \"Shop\"");
    refused(
        &["run"],
        "error[usage]: `kubernetes = \"Shop\"` in the settings",
    );
    // The command line wins, and other tests are run without it.
    refused(&["run", "--fleet=nothing"], "error[usage]: `kubernetes");
    refused(
        &["run", "--services", "--", "touch", "began"],
        "error[usage]",
    );
    let done = sandbox.swath(&["run", "--", "touch", "began"]);
    let words = "the fleet of swath.toml is left out of this run; --services starts it";
    assert!(done.stderr.contains(words), "{}", done.stderr);
    assert!(sandbox.project().join("began").exists());
}
