//! `swath swarm inject` as a filter before `docker stack deploy`, and what is said where there is no
//! Swarm.

use std::process::Stdio;

use swath_test::{SwarmEngine, engine, finish, skip};

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

#[test]
fn what_ships_for_services_of_the_tests_has_an_image_and_a_store() {
    let sandbox = Sandbox::new();
    let refused = |options: &[&str], words: &str| {
        let arguments = [&["run"], options, &["--", "touch", "began"]].concat();
        let done = sandbox.swath(&arguments);
        assert_eq!(done.code, 125, "{}", done.stderr);
        assert!(done.stderr.contains(words), "{}", done.stderr);
        assert!(!sandbox.project().join("began").exists());
    };
    refused(
        &["--swarm-image=swath:1"],
        "error[usage]: `swarm-image` is of no use without `swarm-store`",
    );
    refused(
        &["--swarm-store-secret=store"],
        "error[usage]: `swarm-store-secret` is of no use without `swarm-image` and `swarm-store`",
    );
    refused(
        &["--swarm-image=swath:1", "--swarm-store=coverage"],
        "error[bad-store-url]: `coverage/run`",
    );
    // What the file says counts for whatever is run.
    sandbox.write("swath.toml", "swarm-store = \"s3://coverage/shop\"\n");
    refused(
        &[],
        "error[usage]: `swarm-store` is of no use without `swarm-image`",
    );
}

/// A store that answers each method with one status, and lists nothing.
fn store(answers: &'static [(&'static str, u16)]) -> String {
    use std::io::{Read as _, Write as _};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut head = [0; 4096];
            let length = client.read(&mut head).unwrap_or(0);
            let line = String::from_utf8_lossy(&head[..length]).into_owned();
            let status = answers
                .iter()
                .find(|(method, _)| line.starts_with(method))
                .map_or(500, |(_, status)| *status);
            let body = if status == 200 {
                r#"<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>false</IsTruncated></ListBucketResult>"#
            } else {
                "<Error><Code>AccessDenied</Code></Error>"
            };
            let _ = write!(
                client,
                "HTTP/1.1 {status} said\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
}

#[test]
fn the_store_of_services_of_the_tests_is_tried_before_them() {
    let sandbox = Sandbox::new();
    let engine = SwarmEngine::start(&sandbox.temporary());
    engine.set_nodes(2);
    let run = |endpoint: &str, url: &str| {
        let url = format!("--swarm-store={url}");
        let mut command =
            sandbox.command(&["run", "--swarm-image=swath:1", &url, "--", "touch", "began"]);
        let host = format!("unix://{}", engine.socket().display());
        command.env("DOCKER_HOST", host);
        command.env("AWS_ENDPOINT_URL", endpoint);
        command.env("SWATH_STORE_ANONYMOUS", "1");
        let done = finish(command);
        let began = sandbox.project().join("began");
        let has_begun = began.exists();
        let _ = fs_err::remove_file(began);
        (done, has_begun)
    };
    let (done, has_begun) = run(&store(&[("GET", 403)]), "s3://coverage/shop");
    assert!(!has_begun && done.code == 125, "{}", done.stderr);
    insta::assert_snapshot!(sandbox.normal(&done.stderr), @r"
    error[store-failed]: `--swarm-store s3://coverage/shop` cannot be used: the object store refused to list `probe-`: 403 AccessDenied
      log: [ROOT]/cache/swath/runs/[RUN]/swath.log

    hint: give `swath run` the right to list and to read there: it fetches what was shipped
    ");
    let folder = sandbox.project().join("store");
    let url = format!("file://{}", folder.display());
    let (done, has_begun) = run("", &url);
    assert!(!has_begun && done.code == 125, "{}", done.stderr);
    let said = format!(
        "error[store-failed]: `--swarm-store {url}` cannot be used: the object store could not be looked into"
    );
    assert!(done.stderr.contains(&said), "{}", done.stderr);
    assert!(
        done.stderr.contains("hint: name a folder"),
        "{}",
        done.stderr
    );
    // On one node nothing goes there.
    engine.set_nodes(1);
    let (done, has_begun) = run("", &url);
    assert!(has_begun, "{}", done.stderr);
    engine.set_nodes(2);
    // Who only fetches needs no right to write.
    let (done, has_begun) = run(&store(&[("GET", 200), ("PUT", 403)]), "s3://coverage/shop");
    assert!(has_begun, "{}", done.stderr);
    fs_err::create_dir(&folder).unwrap();
    let (done, has_begun) = run("", &url);
    assert!(has_begun, "{}", done.stderr);
    assert_eq!(fs_err::read_dir(&folder).unwrap().count(), 0);
}
