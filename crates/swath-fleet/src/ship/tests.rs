use std::path::Path;

use fs_err as fs;
use swath_store::StoreBuilder;
use swath_test::{temp_dir, write_file};

use super::*;
use crate::{FetchedPod, Fleet, PodState, RunLocation};

/// The hit store of a process that ran so many code objects.
fn hit_store(pid: u32, codes: usize, closed: u32) -> Vec<u8> {
    let mut store = StoreBuilder::new(pid, [u8::try_from(pid).unwrap(); 16])
        .closed(closed)
        .process(
            b"/usr/bin/python",
            b"/srv",
            b"",
            &[b"web", b"--token", b"s3cr3t"],
        )
        .file(1, b"/srv/a.py", Some([7; 20]));
    for line in 0..codes {
        let line = u32::try_from(line * 1000).unwrap();
        store = store.code(1, line, &[2; 900]);
    }
    store.finish()
}

fn shipper(pod: &str, from: &Path, to: &Path) -> Shipper {
    let run: RunLocation = format!("file://{}", to.display()).parse().unwrap();
    let settings = ShipperSettings {
        from: from.to_owned(),
        interval: Duration::from_millis(10),
        grace: Duration::from_millis(200),
        once: true,
        until_idle: None,
    };
    let pod = PodDocument {
        namespace: "shop".to_owned(),
        name: format!("web-{pod}"),
        uid: format!("uid-{pod}"),
        workload: "Deployment/web".to_owned(),
        ..PodDocument::default()
    };
    let store = ObjectStore::open(&run, &|_| None).unwrap();
    Shipper::new(store, settings, pod).unwrap()
}

fn fetch(from: &Path, into: &Path) -> Vec<(FetchedPod, PodState)> {
    let run: RunLocation = format!("file://{}", from.display()).parse().unwrap();
    let fleet = Fleet::new(ObjectStore::open(&run, &|_| None).unwrap());
    let pods = fleet.list().unwrap().pods;
    let fetched = pods.iter().map(|pod| {
        let (document, state) = fleet.describe(pod).unwrap();
        let fetched = fleet.fetch(pod, document, &into.join(&pod.uid));
        (fetched.unwrap(), state)
    });
    fetched.collect()
}

fn segments(run: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(run.join("segments")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn end(shipper: &mut Shipper) {
    let mut wait = |time| {
        std::thread::sleep(time);
        false
    };
    shipper.ship(&mut wait, &mut |_| {}).unwrap();
}

#[test]
fn what_was_recorded_comes_back_and_what_is_equal_is_sent_once() {
    let (pods, run, back) = (temp_dir(), temp_dir(), temp_dir());
    for pod in ["a", "b"] {
        let data = pods.path().join(pod).join("web/data");
        let pid = u32::from(pod.as_bytes()[0]);
        write_file(
            data.join(format!("{pid}-00ff.hits")),
            hit_store(pid, 300, 1),
        );
        write_file(data.join("9-00aa.failed-no-room"), "");
        end(&mut shipper(pod, &pods.path().join(pod), run.path()));
    }
    // Two stores of five pieces, which differ in their headers only.
    assert_eq!(segments(run.path()).len(), 5);
    let fetched = fetch(run.path(), back.path());
    assert_eq!(fetched.len(), 2);
    for (pod, state) in &fetched {
        assert_eq!(*state, PodState::Ended(Goodbye { open: 0 }));
        let [container] = pod.containers.as_slice() else {
            panic!("{pod:?}")
        };
        assert!(container.problem.is_none() && container.damaged.is_empty());
        let read = swath_data::read_hit_stores(&container.data).unwrap();
        assert!(read.unreadable.is_empty());
        let states: Vec<&str> = read
            .processes
            .iter()
            .map(|one| one.state.as_str())
            .collect();
        assert!(states.contains(&"no-room") && states.contains(&"measured"));
        let whole = read
            .processes
            .iter()
            .find(|one| one.state == "measured")
            .unwrap();
        assert_eq!(whole.files[0].hit.iter().count(), 300 * 900 - 1);
        assert!(whole.command.iter().all(|word| !word.contains("s3cr3t")));
    }
    let held = fs::read(run.path().join("pods/shop/uid-a/pod.json")).unwrap();
    assert!(!String::from_utf8_lossy(&held).contains("s3cr3t"));
}

#[test]
fn only_what_changed_is_sent_again_and_a_new_process_goes_on() {
    let (pod, run) = (temp_dir(), temp_dir());
    let path = pod.path().join("web/data/7-00ff.hits");
    write_file(&path, hit_store(7, 300, 0));
    let mut first = shipper("a", pod.path(), run.path());
    assert_eq!(first.round().unwrap().segments, 5);
    let quiet = first.round().unwrap();
    assert_eq!((quiet.segments, quiet.bytes, quiet.changing), (0, 0, 0));
    drop(first);
    let mut second = shipper("a", pod.path(), run.path());
    let again = second.round().unwrap();
    assert_eq!(
        (again.segments, again.bytes),
        (0, 0),
        "it reads what is there"
    );
    write_file(&path, hit_store(7, 301, 0));
    let grown = second.round().unwrap();
    assert_eq!((grown.segments, grown.changing), (1, 1));
    let key = run.path().join("pods/shop/uid-a/web/index.json");
    let index = IndexDocument::parse("k", &fs::read(key).unwrap()).unwrap();
    assert_eq!(index.sequence, 2);
}

#[test]
fn missing_and_damaged_segments_are_named_and_the_rest_is_kept() {
    let (pod, run) = (temp_dir(), temp_dir());
    write_file(
        pod.path().join("web/data/7-00ff.hits"),
        hit_store(7, 300, 1),
    );
    end(&mut shipper("a", pod.path(), run.path()));
    let key = run.path().join("pods/shop/uid-a/web/index.json");
    let index = IndexDocument::parse("k", &fs::read(&key).unwrap()).unwrap();
    let third = run
        .path()
        .join("segments")
        .join(&index.stores["7-00ff.hits"].pieces[2]);
    let told = |what: &str| {
        let back = temp_dir();
        let fetched = fetch(run.path(), back.path());
        let container = &fetched[0].0.containers[0];
        assert!(
            container.damaged[0].contains(what),
            "{:?}",
            container.damaged
        );
        let read = swath_data::read_hit_stores(&container.data).unwrap();
        let lines = read.processes[0].files[0].hit.iter().count();
        assert!((100_000..200_000).contains(&lines), "{lines} of two pieces");
    };
    fs::write(&third, b"something else").unwrap();
    told("is damaged");
    let other = segments(run.path())
        .into_iter()
        .find(|path| *path != third)
        .unwrap();
    fs::copy(other, &third).unwrap();
    told("is damaged");
    fs::remove_file(&third).unwrap();
    told("is missing");
    fs::remove_file(&key).unwrap();
    let back = temp_dir();
    let fetched = fetch(run.path(), back.path());
    let problem = fetched[0].0.containers[0].problem.as_deref();
    assert!(problem.unwrap().contains("no index"), "{problem:?}");
}

#[test]
fn names_of_an_index_are_no_paths() {
    let (pod, run, back) = (temp_dir(), temp_dir(), temp_dir());
    write_file(pod.path().join("web/data/7-00ff.hits"), hit_store(7, 1, 1));
    end(&mut shipper("a", pod.path(), run.path()));
    let key = run.path().join("pods/shop/uid-a/web/index.json");
    let mut index = IndexDocument::parse("k", &fs::read(&key).unwrap()).unwrap();
    let store = index.stores["7-00ff.hits"].clone();
    for name in ["../../x.hits", "/tmp/x.hits", "a/b.hits", ".x.hits"] {
        index.stores.insert(name.to_owned(), store.clone());
    }
    let bad = StoreDocument {
        pieces: vec!["../../pods/x".to_owned()],
        ..store
    };
    index.stores.insert("8-00ff.hits".to_owned(), bad);
    fs::write(&key, index.render().unwrap()).unwrap();
    let fetched = fetch(run.path(), back.path());
    assert_eq!(fetched[0].0.containers[0].damaged.len(), 5);
    let made: Vec<_> = fs::read_dir(&fetched[0].0.containers[0].data)
        .unwrap()
        .collect();
    assert_eq!(made.len(), 2);
}

#[test]
fn a_process_that_goes_on_is_waited_for_and_counted() {
    let (pod, run, back) = (temp_dir(), temp_dir(), temp_dir());
    let path = pod.path().join("web/data/7-00ff.hits");
    write_file(&path, hit_store(7, 1, 0));
    let mut shipper = shipper("a", pod.path(), run.path());
    shipper.settings.once = false;
    let mut codes = 1;
    let mut wait = |time: Duration| {
        std::thread::sleep(time.min(Duration::from_millis(20)));
        codes += 1;
        write_file(&path, hit_store(7, codes, 0));
        codes == 3
    };
    shipper.ship(&mut wait, &mut |_| {}).unwrap();
    let fetched = fetch(run.path(), back.path());
    assert_eq!(fetched[0].1, PodState::Ended(Goodbye { open: 1 }));
}

#[test]
fn a_store_that_fails_is_tried_again_and_told_of_once() {
    let (pod, run) = (temp_dir(), temp_dir());
    write_file(pod.path().join("web/data/7-00ff.hits"), hit_store(7, 1, 1));
    let blocked = run.path().join("run");
    fs::write(&blocked, "in the way").unwrap();
    let mut shipper = shipper("a", pod.path(), &blocked);
    shipper.settings.once = false;
    let (mut waits, mut told) = (0, Vec::new());
    let mut wait = |_| {
        waits += 1;
        if waits == 3 {
            fs::remove_file(&blocked).unwrap();
        }
        waits == 5
    };
    let mut tell = |error: Option<&StoreError>| told.push(error.is_some());
    shipper.ship(&mut wait, &mut tell).unwrap();
    assert_eq!(told, [true, false]);
    assert!(blocked.join("pods/shop/uid-a/web/index.json").is_file());
}

#[test]
fn stores_of_fork_children_come_back_and_what_they_share_is_sent_once() {
    let (pods, run, back) = (temp_dir(), temp_dir(), temp_dir());
    let place = |pid: u32| {
        let mut place = hit_store(pid, 3, 0);
        place.resize(swath_store::layout::PLACE_LENGTH, 0);
        place
    };
    for (pod, pids) in [("a", [1_u32, 2]), ("b", [3, 4])] {
        let mut file = swath_store::layout::FORKS_MAGIC.to_vec();
        file.extend_from_slice(&swath_store::layout::FORMAT_VERSION.to_le_bytes());
        file.extend_from_slice(&2_u32.to_le_bytes());
        file.resize(swath_store::layout::PLACE_LENGTH, 0);
        for pid in pids {
            file.extend_from_slice(&place(pid));
        }
        file.extend_from_slice(&vec![0; swath_store::layout::PLACE_LENGTH]);
        write_file(pods.path().join(pod).join("web/data/9-00ff.hits"), file);
        end(&mut shipper(pod, &pods.path().join(pod), run.path()));
    }
    assert_eq!(
        segments(run.path()).len(),
        2,
        "one of four children, one of an empty place"
    );
    for (pod, _) in fetch(run.path(), back.path()) {
        let container = &pod.containers[0];
        assert!(container.damaged.is_empty(), "{:?}", container.damaged);
        let read = swath_data::read_hit_stores(&container.data).unwrap();
        assert_eq!(read.processes.len(), 2);
        assert!(
            read.processes
                .iter()
                .all(|one| one.files[0].hit.iter().count() == 2699)
        );
        let length = fs::metadata(container.data.join("9-00ff.hits"))
            .unwrap()
            .len();
        assert_eq!(length, 4 * 16384);
    }
}

#[test]
fn a_pod_that_runs_is_waited_for_until_it_has_sent_everything_twice() {
    let (pod, run) = (temp_dir(), temp_dir());
    write_file(pod.path().join("web/data/7-00ff.hits"), hit_store(7, 1, 0));
    let mut shipper = shipper("a", pod.path(), run.path());
    shipper.round().unwrap();
    let location: RunLocation = format!("file://{}", run.path().display()).parse().unwrap();
    let fleet = Fleet::new(ObjectStore::open(&location, &|_| None).unwrap());
    let pods = fleet.list().unwrap().pods;
    let mut waits = 0;
    let mut pause = || {
        waits += 1;
        shipper.last_beat = None;
        shipper.beat(true).unwrap();
    };
    let described = fleet.wait_for(&pods, &mut pause).unwrap();
    assert_eq!((described[0].1, waits), (PodState::Running, 2));

    // One that is silent meanwhile is lost.
    shipper.pod.heartbeat = 1;
    shipper.last_beat = None;
    shipper.beat(false).unwrap();
    let pods = fleet.list().unwrap().pods;
    let mut pause = || std::thread::sleep(Duration::from_millis(2));
    let described = fleet.wait_for(&pods, &mut pause).unwrap();
    assert!(matches!(described[0].1, PodState::Lost(_)), "{described:?}");
}

#[test]
fn a_folder_that_is_not_there_is_said_at_once() {
    let run: RunLocation = "file:///nowhere/run".parse().unwrap();
    let settings = ShipperSettings {
        from: "/nowhere/swath".into(),
        interval: Duration::from_secs(2),
        grace: Duration::ZERO,
        once: false,
        until_idle: None,
    };
    let pod = PodDocument {
        namespace: "shop".to_owned(),
        uid: "u".to_owned(),
        ..PodDocument::default()
    };
    let store = ObjectStore::open(&run, &|_| None).unwrap();
    let error = Shipper::new(store, settings, pod).unwrap_err();
    assert!(error.to_string().contains("/nowhere/swath") && !error.is_passing());
}

/// A shipper of all tasks of a node, in a store that is a folder.
fn node_shipper(from: &Path, to: &Path) -> TaskShipper {
    let run: RunLocation = format!("file://{}", to.display()).parse().unwrap();
    let settings = ShipperSettings {
        from: from.to_owned(),
        interval: Duration::from_millis(10),
        grace: Duration::ZERO,
        once: true,
        until_idle: None,
    };
    let node = PodDocument {
        namespace: "shop".to_owned(),
        node: "node-1".to_owned(),
        ..PodDocument::default()
    };
    let place = DeclaredContainer {
        image: "shop:1".to_owned(),
        args: vec!["--token".to_owned(), "s3cr3t".to_owned()],
        ..DeclaredContainer::default()
    };
    let places = BTreeMap::from([("web".to_owned(), place)]);
    let store = ObjectStore::open(&run, &|_| None).unwrap();
    TaskShipper::new(store, settings, node, places).unwrap()
}

fn end_node(shipper: &mut TaskShipper) {
    let mut wait = |time| {
        std::thread::sleep(time);
        false
    };
    shipper.ship(&mut wait, &mut |_| {}).unwrap();
}

#[test]
fn each_task_of_a_node_is_a_pod_of_its_service() {
    let (tasks, run, back) = (temp_dir(), temp_dir(), temp_dir());
    let data = |task: &str| tasks.path().join("42").join(task).join("web/data");
    let from = tasks.path().join("42");
    // Before the first task there is no folder of the run.
    let mut shipper = node_shipper(&from, run.path());
    assert_eq!(Sender::round(&mut shipper).unwrap(), Round::default());
    write_file(
        data("shop_web.1.aaa").join("7-00aa.hits"),
        hit_store(7, 30, 1),
    );
    write_file(
        data("shop_web.2.bbb").join("7-00bb.hits"),
        hit_store(7, 30, 0),
    );
    // What others lay there is nobody's, and what an agent has only begun is not lost.
    write_file(from.join("notes"), "x");
    fs::create_dir_all(from.join("shop_web.3.ccc/web")).unwrap();
    std::os::unix::fs::symlink(from.join("shop_web.1.aaa"), from.join("linked.ddd")).unwrap();
    end_node(&mut shipper);
    let fetched = fetch(run.path(), back.path());
    let pods: Vec<_> = fetched
        .iter()
        .map(|(pod, state)| {
            (
                pod.document.name.as_str(),
                pod.document.uid.as_str(),
                *state,
            )
        })
        .collect();
    let ended = PodState::Ended(Goodbye { open: 0 });
    assert_eq!(
        pods,
        [("shop_web.1", "aaa", ended), ("shop_web.2", "bbb", ended)]
    );
    for (pod, _) in &fetched {
        let document = &pod.document;
        assert_eq!(document.engine, crate::Engine::Swarm);
        assert_eq!(document.workload, "Service/web");
        let place = &document.containers[0];
        assert_eq!(
            (place.image.as_str(), place.args[1].as_str()),
            ("shop:1", "***")
        );
        let read = swath_data::read_hit_stores(&pod.containers[0].data).unwrap();
        assert_eq!(read.processes.len(), 1);
    }
}

#[test]
fn a_task_whose_processes_have_ended_is_not_read_again_until_there_is_another() {
    let (tasks, run) = (temp_dir(), temp_dir());
    let data = tasks.path().join("shop_web.1.aaa/web/data");
    write_file(data.join("7-00aa.hits"), hit_store(7, 30, 1));
    let mut shipper = node_shipper(tasks.path(), run.path());
    assert_eq!(Sender::round(&mut shipper).unwrap().segments, 1);
    // Nobody changes what has ended: this shows that it is not looked at.
    write_file(data.join("7-00aa.hits"), hit_store(7, 40, 1));
    let settled = Sender::round(&mut shipper).unwrap();
    assert_eq!((settled.stores, settled.segments), (1, 0));
    write_file(data.join("8-00bb.hits"), hit_store(8, 50, 0));
    let round = Sender::round(&mut shipper).unwrap();
    assert_eq!((round.stores, round.segments, round.open), (2, 2, 1));
    // One that runs is looked at each time.
    write_file(data.join("8-00bb.hits"), hit_store(8, 60, 0));
    assert_eq!(Sender::round(&mut shipper).unwrap().segments, 1);
}
