//! Three pods, everything goes wrong that may, and nothing is missing.

use std::time::Duration;

use swath_test::{free_port, wait_until};

use crate::pods::{Pod, gather, service_venv, write_checkout};
use crate::sandbox::{Finished, Sandbox};
use crate::store::Store;

/// What the pods are asked; together it is what one service is asked.
const REQUESTS: [&str; 4] = ["/", "/price/7", "/price/700", "/late"];

/// The number of `swath run` on one instance of the service.
fn by_run(venv: &swath_test::Venv) -> Finished {
    let sandbox = Sandbox::new();
    write_checkout(&sandbox);
    let port = free_port();
    let call = |path| format!("urllib.request.urlopen('http://127.0.0.1:{port}{path}').read()");
    let calls = REQUESTS.map(call).join("\n");
    let drive = sandbox.write("drive.py", &format!("import urllib.request\n{calls}\n"));
    let service = format!(
        "web={} -w2 --bind 127.0.0.1:{port} shop.app:app",
        venv.bin("gunicorn").display()
    );
    let ready = format!("http://127.0.0.1:{port}/");
    let mut command = sandbox.command(&["run", "--service", &service, "--ready", &ready, "--"]);
    command.arg(venv.python()).arg(drive);
    crate::sandbox::finish(command)
}

#[test]
fn killed_pods_a_store_that_is_down_and_a_killed_shipper_lose_nothing() {
    let test = "killed_pods_a_store_that_is_down_and_a_killed_shipper_lose_nothing";
    let (Some(store), Some(venv)) = (Store::start(test), service_venv(test)) else {
        return;
    };
    let sandbox = Sandbox::new();
    write_checkout(&sandbox);
    let base = swath_test::temp_dir();
    let mut pods = ["a", "b", "c"].map(|name| Pod::new(base.path(), &format!("web-{name}")));
    for pod in &mut pods {
        pod.serve(&sandbox, &venv);
        pod.ship(&sandbox, &store);
    }
    let key = |pod: &str| format!("runs/1/pods/shop/uid-web-{pod}/web/index.json");
    wait_until(
        Duration::from_mins(1),
        "the first index of each pod",
        || {
            let keys = store.keys("runs/1/pods/");
            ["a", "b", "c"].iter().all(|pod| keys.contains(&key(pod)))
        },
    );
    pods[0].get(REQUESTS[1]);
    // Killed between segments and index, as far as a test can: the next one goes on from what is there.
    pods[1].get(REQUESTS[2]);
    pods[1].kill_ship();
    pods[1].ship(&sandbox, &store);
    store.cut(true);
    pods[2].get(REQUESTS[3]);
    pods[2].kill_service();
    let refused = store.refused();
    wait_until(
        Duration::from_mins(1),
        "tries of each while the store is down",
        || store.refused() > refused + 6 && pods[2].log().contains("warning[not-shipped]"),
    );
    store.cut(false);
    pods[0].kill_service();
    pods[1].kill_service();
    for pod in &mut pods {
        assert_eq!(pod.end_ship(), Some(0), "{}", pod.log());
    }
    let gathered = gather(
        &sandbox,
        &store,
        &["--require-complete", "--json", "account.json"],
    );
    let context = format!("{}{}", gathered.stdout, gathered.stderr);
    assert_eq!(gathered.code, 0, "{context}");
    assert!(gathered.stderr.contains("Complete 9 of 9"), "{context}");
    assert!(!gathered.stderr.contains("warning["), "{context}");
    let run = by_run(&venv);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(gathered.stdout, run.stdout, "the number of one instance");
    assert!(run.stdout.contains("shop/prices.py"), "{}", run.stdout);
    let account = sandbox.read("account.json");
    assert!(account.contains(r#""service": "web""#) && account.contains(r#""name": "web-a""#));
    sandbox.assert_nothing_left();

    // A pod that never sent a word is known by what is expected alone.
    for (expected, code) in [("web=3", 0), ("web=4", 3), ("worker=1", 3)] {
        let done = gather(
            &sandbox,
            &store,
            &["--require-complete", "--expect", expected],
        );
        assert_eq!(done.code, code, "{expected}: {}", done.stderr);
        let is_said = done.stderr.contains("warning[instances-missing]");
        assert_eq!(is_said, code == 3, "{}", done.stderr);
    }
    gather(&sandbox, &store, &[]);

    // A report that is made later says the same, and nothing that looks like a secret was sent.
    let report = sandbox.swath(&["report", "-m"]);
    assert!(
        report.stdout.contains("Complete: 9 of 9"),
        "{}",
        report.stdout
    );
    for key in store.keys("runs/1/") {
        let bytes = store.get(&key);
        let bytes = if key.contains("segments/") {
            inflated(&bytes)
        } else {
            bytes
        };
        let secret = b"s3cr3t-of-the-shop";
        assert!(
            !bytes.windows(secret.len()).any(|part| part == secret),
            "{key}"
        );
    }
}

/// What a segment holds, by another program's reading.
fn inflated(bytes: &[u8]) -> Vec<u8> {
    let python = swath_test::newest_python().unwrap();
    let file = swath_test::temp_dir();
    let path = file.path().join("segment");
    swath_test::write_file(&path, bytes);
    let code = "import sys, zlib; sys.stdout.buffer.write(zlib.decompress(open(sys.argv[1], 'rb').read(), -15))";
    let mut command = python.command();
    let output = command.args(["-c", code]).arg(&path).output().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn a_role_of_the_service_account_is_enough() {
    let test = "a_role_of_the_service_account_is_enough";
    let Some(store) = Store::start(test) else {
        return;
    };
    let sandbox = Sandbox::new();
    let base = swath_test::temp_dir();
    let pod = Pod::new(base.path(), "web-a");
    let token = sandbox.write("token", "e30.e30.e30\n");
    let with_role = |command: &mut std::process::Command| {
        command
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY")
            .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/swath")
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", &token);
    };
    let mut command = pod.ship_command(&sandbox, &store, &["--once"]);
    with_role(&mut command);
    let shipped = crate::sandbox::finish(command);
    assert_eq!(shipped.code, 0, "{}", shipped.stderr);
    assert_eq!(store.keys("runs/1/").len(), 2);
    let mut command = pod.ship_command(&sandbox, &store, &["--once"]);
    with_role(&mut command);
    command.env_remove("AWS_ROLE_ARN");
    let shipped = crate::sandbox::finish(command);
    assert_eq!(shipped.code, 125, "{}", shipped.stderr);
    assert!(
        shipped
            .stderr
            .contains("error[store-failed]: there are no credentials")
    );
}
