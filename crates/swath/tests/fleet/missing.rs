//! What is missing is said, and the rest is there.

use std::time::Duration;

use swath_test::wait_for;

use crate::pods::{Pod, RUN, gather, service_venv, write_checkout};
use crate::sandbox::Sandbox;
use crate::store::Store;

const POD: &str = "runs/1/pods/shop/uid-web-a/pod.json";
const INDEX: &str = "runs/1/pods/shop/uid-web-a/web/index.json";

/// A store with one pod that ran, was killed, and said goodbye.
fn shipped(test: &str) -> Option<(Sandbox, Store)> {
    let (store, venv) = (Store::start(test)?, service_venv(test)?);
    let sandbox = Sandbox::new();
    write_checkout(&sandbox);
    let base = swath_test::temp_dir();
    let mut pod = Pod::new(base.path(), "web-a");
    pod.serve(&sandbox, &venv);
    pod.get("/price/7");
    pod.kill_service();
    let command = pod.ship_command(&sandbox, &store, &["--once"]);
    let done = crate::sandbox::finish(command);
    assert_eq!(done.code, 0, "{}", done.stderr);
    Some((sandbox, store))
}

/// What gathering says; it never says that all is there.
fn told(sandbox: &Sandbox, store: &Store) -> String {
    let gathered = gather(sandbox, store, &["--require-complete"]);
    let context = format!("{}{}", gathered.stdout, gathered.stderr);
    assert_ne!(gathered.code, 0, "{context}");
    assert!(!gathered.stderr.contains(" Complete"), "{context}");
    context
}

fn assert_told(sandbox: &Sandbox, store: &Store, words: &[&str]) {
    let context = told(sandbox, store);
    for word in words {
        assert!(context.contains(word), "{word} in {context}");
    }
}

#[test]
fn every_part_that_is_missing_or_damaged_is_named() {
    let test = "every_part_that_is_missing_or_damaged_is_named";
    let Some((sandbox, store)) = shipped(test) else {
        return;
    };
    let gathered = gather(&sandbox, &store, &["--require-complete"]);
    assert_eq!(gathered.code, 0, "{}{}", gathered.stdout, gathered.stderr);
    let (pod, index) = (store.get(POD), store.get(INDEX));

    // A pod that announced itself and was not heard of again.
    store.delete(INDEX);
    assert_told(
        &sandbox,
        &store,
        &[
            "container-not-gathered",
            "no index of its hit stores followed",
        ],
    );
    store.put(INDEX, b"what is this");
    assert_told(&sandbox, &store, &["container-not-gathered", "is damaged"]);
    store.put(INDEX, &index);

    // A pod that nobody describes.
    store.delete(POD);
    assert_told(
        &sandbox,
        &store,
        &["pod-unknown", "shop/uid-web-a", "is missing"],
    );
    store.put(POD, "[".repeat(100_000).as_bytes());
    assert_told(&sandbox, &store, &["pod-unknown", "is not understood"]);

    // One that said no goodbye, and is silent.
    let text = String::from_utf8(pod.clone()).unwrap();
    let silent = text.replace("\"heartbeat\":10000", "\"heartbeat\":1");
    let silent = silent.replace("\"ended\":{\"open\":0}", "\"ended\":null");
    assert_ne!(silent, text);
    store.put(POD, silent.as_bytes());
    wait_for(Duration::from_secs(30), "the pod's silence", || {
        told(&sandbox, &store).contains("pods-lost").then_some(())
    });

    // One whose processes went on.
    let open = text.replace("\"ended\":{\"open\":0}", "\"ended\":{\"open\":2}");
    store.put(POD, open.as_bytes());
    assert_told(
        &sandbox,
        &store,
        &["pods-cut-short", "2 processes of 1 pod"],
    );
    store.put(POD, &pod);

    // Segments: what somebody else wrote, what is longer than any, what is gone.
    let segments = store.keys(&format!("{RUN}/segments/"));
    for segment in &segments {
        store.put(segment, b"something else");
    }
    assert_told(&sandbox, &store, &["hit-store-unreadable", "is damaged"]);
    for segment in &segments {
        store.put(segment, &vec![0; 1 << 20]);
    }
    assert_told(&sandbox, &store, &["hit-store-unreadable", "is damaged"]);
    for segment in &segments {
        store.delete(segment);
    }
    assert_told(&sandbox, &store, &["hit-store-unreadable", "is missing"]);

    // No pod at all, and no store.
    for key in store.keys("runs/1/pods/") {
        store.delete(&key);
    }
    assert_told(&sandbox, &store, &["error[fleet-empty]"]);
    store.cut(true);
    assert_told(&sandbox, &store, &["error[store-failed]"]);
}
