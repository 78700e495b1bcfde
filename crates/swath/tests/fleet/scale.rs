//! Many pods: what replicas have in common is stored once. What they cost, `cargo xtask bench fleet`
//! measures.

use std::path::Path;
use std::time::Duration;

use swath_data::SourceHash;
use swath_fleet::{ObjectStore, PodDocument, RunLocation, Shipper, ShipperSettings};
use swath_store::StoreBuilder;
use swath_test::{finish_within, scale, temp_dir, write_file};

use crate::sandbox::Sandbox;

const SOURCE: &str = "def index():\n    return 1\n\n\ndef never():\n    return 2\n";
/// Gathering takes no longer.
const LIMIT: Duration = Duration::from_mins(10);
/// The applications that the pods are of.
const APPLICATIONS: u32 = 10;
/// How many modules each of them has, and how many lines each module.
const MODULES: u32 = 200;
const LINES: usize = 50;
/// How different the replicas of an application are in what they ran.
const VARIANTS: u32 = 50;

/// The hit store of one worker of one pod: workers differ in the header, and replicas in what they
/// ran of some modules.
fn hit_store(pod: u32, worker: u8) -> Vec<u8> {
    let application = pod % APPLICATIONS;
    let variant = pod / APPLICATIONS % VARIANTS;
    let mut id = [worker; 16];
    id[..4].copy_from_slice(&pod.to_le_bytes());
    let mut store = StoreBuilder::new(u32::from(worker) + 7, id)
        .process(
            b"/usr/bin/python3",
            b"/srv/app",
            b"",
            &[b"gunicorn", b"shop.app:app"],
        )
        .file(
            1,
            b"/srv/app/shop/app.py",
            Some(SourceHash::of(SOURCE.as_bytes()).0),
        )
        .code(1, 1, &[2, 2, 0, 0, 2, 1]);
    let hash = SourceHash::of(module().as_bytes()).0;
    for number in 0..MODULES {
        let path = format!("/srv/app/app_{application}/module_{number}.py");
        let mut lines = [2; LINES];
        lines[LINES - 1] = if variant >> (number % 32) & 1 == 1 {
            1
        } else {
            2
        };
        store = store
            .file(number + 2, path.as_bytes(), Some(hash))
            .code(number + 2, 1, &lines);
    }
    store.finish()
}

fn module() -> String {
    "x = 1\n".repeat(LINES)
}

fn ship(pod: u32, volume: &Path, run: &str) {
    for worker in 0..2 {
        let path = volume.join(format!("web/data/{worker}-00ff.hits"));
        write_file(path, hit_store(pod, worker));
    }
    let run: RunLocation = run.parse().unwrap();
    let settings = ShipperSettings {
        from: volume.to_owned(),
        interval: Duration::from_secs(2),
        grace: Duration::ZERO,
        once: true,
        until_idle: None,
    };
    let document = PodDocument {
        namespace: "shop".to_owned(),
        name: format!("web-{pod}"),
        uid: format!("uid-{pod}"),
        workload: format!("Deployment/web-{}", pod % APPLICATIONS),
        ..PodDocument::default()
    };
    let store = ObjectStore::open(&run, &|_| None).unwrap();
    let mut shipper = Shipper::new(store, settings, document).unwrap();
    shipper.ship(&mut |_| false, &mut |_| {}).unwrap();
}

#[test]
fn pods_share_their_segments() {
    let pods = scale().pick(20, 1_000);
    let sandbox = Sandbox::new();
    sandbox.write("shop/app.py", SOURCE);
    for application in 0..APPLICATIONS {
        for number in 0..MODULES {
            let path = format!("app_{application}/module_{number}.py");
            sandbox.write(&path, &module());
        }
    }
    sandbox.write(".coveragerc", "[report]\nskip_covered = true\n");
    let (volume, store) = (temp_dir(), temp_dir());
    let run = format!("file://{}/run", store.path().display());
    for pod in 0..pods {
        ship(pod, volume.path(), &run);
    }
    let segments = fs_err::read_dir(store.path().join("run/segments")).unwrap();
    let different = usize::try_from(pods.min(APPLICATIONS * VARIANTS)).unwrap();
    assert_eq!(segments.count(), different, "workers of a pod ran the same");
    let command = sandbox.command(&["gather", "--require-complete", &run]);
    let done = finish_within(command, LIMIT);
    let context = format!("{}{}", done.stdout, done.stderr);
    assert_eq!(done.code, 0, "{context}");
    let complete = format!("Complete {0} of {0} Python processes", pods * 2);
    assert!(done.stderr.contains(&complete), "{context}");
    assert!(
        done.stdout
            .contains("shop/app.py       4      1    75%   6"),
        "{context}"
    );
}
