//! `swath kubernetes inject` as a filter between programs, and the container that it adds.

use std::process::{Command, Stdio};

use swath_test::finish;

use crate::sandbox::Sandbox;

const WEB: &str = "\
# Source: web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers: [{name: web, image: web}]
";
/// A document that is nobody's business, in letters that no terminal should see.
const OTHER: &str = "---\r\n# \u{202e}comment\u{1b}[0m\nkind: ConfigMap\ndata: {\"y\": 'no'}";

const IMAGE: [&str; 2] = ["--image", "registry/swath:1"];

/// The command line that injects a file.
fn inject<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["kubernetes", "inject", "-f", file];
    arguments.extend(more);
    arguments
}

#[test]
fn what_is_no_workload_passes_as_it_is() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("all.yaml", &format!("{WEB}{OTHER}"));
    let mut command = sandbox.command(&inject("-", &IMAGE));
    command.stdin(Stdio::from(std::fs::File::open(&file).unwrap()));
    let filtered = finish(command);
    assert_eq!(filtered.code, 0, "{}", filtered.stderr);
    assert!(
        filtered
            .stdout
            .starts_with("# Source: web.yaml\napiVersion")
    );
    assert!(filtered.stdout.ends_with(OTHER), "{}", filtered.stdout);
    insta::assert_snapshot!(filtered.stderr, @r"
    Injected Deployment/web: web
        Note a PYTHONPATH that an image sets is not seen here: name it with `--python-path`, or it is replaced
    ");
    // Of a file, the same; and a second time nothing.
    let of_file = sandbox.swath(&inject("all.yaml", &IMAGE));
    assert_eq!(of_file.stdout, filtered.stdout);
    sandbox.write("again.yaml", &filtered.stdout);
    let again = sandbox.swath(&inject("again.yaml", &[]));
    assert_eq!((again.code, &again.stdout), (0, &filtered.stdout));
    insta::assert_snapshot!(again.stderr, @"        Left Deployment/web: it has the agent already");
}

#[test]
fn the_checkout_says_what_is_recorded() {
    let sandbox = Sandbox::new();
    sandbox.write("web.yaml", WEB);
    let settings = |more: &[&str]| {
        let mut arguments = IMAGE.to_vec();
        arguments.extend(more);
        let output = sandbox.swath(&inject("web.yaml", &arguments));
        let mut lines = output.stdout.lines();
        lines.find(|line| line.contains("SWATH_AGENT_SETTINGS"));
        lines.next().unwrap().trim().to_owned()
    };
    let none = r#"value: "{\"branch\":false,\"attribution\":false,\"own_packages\":[]}""#;
    assert_eq!(settings(&[]), none);
    let both = r#"value: "{\"branch\":true,\"attribution\":true,\"own_packages\":[]}""#;
    assert_eq!(settings(&["--branch", "--attribution"]), both);
    sandbox.write(".coveragerc", "[run]\nbranch = true\n");
    sandbox.write("src/shop/__init__.py", "");
    let here = r#"value: "{\"branch\":true,\"attribution\":false,\"own_packages\":[\"shop\"]}""#;
    assert_eq!(settings(&[]), here);
}

#[test]
fn what_cannot_be_done_is_said_and_nothing_is_printed() {
    let sandbox = Sandbox::new();
    sandbox.write("web.yaml", WEB);
    sandbox.write("bad.yaml", "kind: Pod\nspec:\n  containers: [\n---\n");
    sandbox.write("config.yaml", "kind: ConfigMap\n");
    let said = |arguments: &[&str]| {
        let output = sandbox.swath(arguments);
        assert_eq!(
            (output.code, output.stdout.as_str()),
            (1, ""),
            "{arguments:?}"
        );
        output.stderr
    };
    insta::assert_snapshot!(said(&inject("web.yaml", &[])), @r"
    error[no-swath-image]: Deployment/web would be measured, and no image that holds swath is named

    hint: name one with `--image REGISTRY/swath:TAG`; the Containerfile in the archives for musl makes it
    ");
    insta::assert_snapshot!(said(&inject("gone.yaml", &IMAGE)), @"error[manifest-not-readable]: the manifests of `gone.yaml` cannot be read: failed to open file `gone.yaml`: No such file or directory (os error 2)");
    insta::assert_snapshot!(said(&inject("bad.yaml", &IMAGE)), @"error[manifest-not-readable]: line 4 of the manifests is not valid YAML: while parsing a node, did not find expected node content");
    insta::assert_snapshot!(said(&inject("web.yaml", &["--run", "pull/17"])), @r"
    error[bad-run-name]: `pull/17` cannot name a run: it is not a valid label

    hint: use at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends
    ");
    insta::assert_snapshot!(said(&inject("web.yaml", &["--measure", "w***"])), @r"
    error[bad-container-pattern]: `w***` is not a pattern of containers: File pattern can't include 'w***'

    hint: write `WORKLOAD/CONTAINER`, as in `--measure 'web/*'`
    ");
    let output = sandbox.swath(&inject("web.yaml", &["--store", "s3://b"]));
    assert!(output.stderr.contains("--run"), "{}", output.stderr);
    // What is done although something is odd.
    let odd = |arguments: &[&str]| {
        let output = sandbox.swath(arguments);
        assert_eq!(output.code, 0, "{}", output.stderr);
        output.stderr
    };
    insta::assert_snapshot!(odd(&inject("config.yaml", &[])), @r"
    warning[no-container-matches]: the manifests hold no workload that runs containers
      they were passed on as they are
    ");
    insta::assert_snapshot!(odd(&inject("web.yaml", &["--measure", "wbe"])), @r"
            Left Deployment/web: no container is measured; not `web`, which no --measure names
    warning[no-container-matches]: `--measure wbe` matches no container

    hint: write `WORKLOAD/CONTAINER`, as in `--measure 'web/*'`
    ");
}

#[test]
fn a_volume_is_filled_whatever_the_umask_and_a_pod_starts_whatever_goes_wrong() {
    let sandbox = Sandbox::new();
    let volume = sandbox.project().join("volume");
    fs_err::create_dir(&volume).unwrap();
    let prepare = |variables: &[(&str, &str)], containers: &str| {
        let script = format!("umask 077 && exec \"$0\" fleet prepare volume {containers}");
        let mut command = Command::new("sh");
        sandbox.prepare(&mut command);
        command.args(["-c", &script, env!("CARGO_BIN_EXE_swath")]);
        command.envs(variables.iter().copied());
        let finished = finish(command);
        assert_eq!((finished.code, finished.stdout.as_str()), (0, ""));
        finished.stderr
    };
    let places = r#"{"web":{"name":"web","command":["web","--api-token"],"args":["s3cr3t"]}}"#;
    let said = prepare(&[("SWATH_PLACES", places)], "web");
    insta::assert_snapshot!(said, @"    Prepared web");
    let place = sandbox.read("volume/web/place.json");
    assert!(
        place.contains("--api-token") && !place.contains("s3cr3t"),
        "{place}"
    );
    let others = Command::new("find")
        .arg(&volume)
        .args(["-mindepth", "1", "-not", "-perm", "-o=r"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&others.stdout), "");
    sandbox.write("volume/db", "no folder");
    insta::assert_snapshot!(prepare(&[], "db"), @r"
    error[pod-not-prepared]: `volume/db` cannot be filled: `db`: Not a directory (os error 20)
      the pod starts without the agent and is not measured
    ");
    insta::assert_snapshot!(prepare(&[], "../web"), @r"
    error[pod-not-prepared]: `../web` is no name of a container
      the pod starts without the agent and is not measured
    ");
    insta::assert_snapshot!(prepare(&[("SWATH_AGENT_SETTINGS", "branch")], "web"), @r"
    error[pod-not-prepared]: the variable `SWATH_AGENT_SETTINGS` is not what this swath writes: expected value at line 1 column 1
      the pod starts without the agent and is not measured
    ");
}
