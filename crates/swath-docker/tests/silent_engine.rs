//! An engine that stops answering, at each point of its life: swath ends, and says so.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "stand_in/engine.rs"]
mod stand_in;
#[path = "stand_in/delivery.rs"]
mod stand_in_delivery;

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use swath_docker::{ContainerNote, Delivery, Endpoint, Gathered, Limits, Proxy};
use swath_test::temp_dir;

use crate::stand_in::{CONTAINER, Fault, StandIn};
use crate::stand_in_delivery::delivery;

/// Nothing that ends takes so long, be the machine as busy as it may.
const LIMIT: Duration = Duration::from_mins(1);
/// A client that gives up: it waits longer than the proxy, so that it sees what the proxy does.
const CLIENT: Duration = Duration::from_secs(8);

fn limits() -> Limits {
    Limits {
        silence: Duration::from_secs(1),
        silence_at_end: Duration::from_secs(1),
    }
}

fn start(folder: &Path, engine: &Path) -> Proxy {
    let delivery = Delivery {
        limits: limits(),
        ..delivery("r1", folder)
    };
    let endpoint = Endpoint::Unix(engine.to_owned());
    Proxy::start(&folder.join("docker.sock"), endpoint, delivery, || ()).unwrap()
}

/// What a client gets back; nothing when it gave up.
fn ask(folder: &Path, request: &str, body: &str) -> Option<String> {
    let mut client = UnixStream::connect(folder.join("docker.sock")).unwrap();
    client.set_read_timeout(Some(CLIENT)).unwrap();
    let length = body.len();
    write!(
        client,
        "{request} HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}

fn finish(proxy: Proxy, what: &str) -> Gathered {
    let begun = Instant::now();
    let gathered = proxy.finish();
    assert!(begun.elapsed() < LIMIT, "{what}: {:?}", begun.elapsed());
    gathered
}

fn is_told(gathered: &Gathered) -> bool {
    let is_gap = |note: &ContainerNote| {
        matches!(
            note,
            ContainerNote::EngineSilent { .. }
                | ContainerNote::Failed { .. }
                | ContainerNote::NotInjected { .. }
        )
    };
    gathered.notes.iter().any(is_gap) || gathered.containers.iter().any(|one| one.problem.is_some())
}

fn has_data(gathered: &Gathered) -> bool {
    let of_service = gathered.containers.iter().find(|one| one.id == CONTAINER);
    of_service.is_some_and(|one| one.data.join("1-0f.hits").is_file())
}

/// A client that creates a container and starts it.
fn work(folder: &Path) {
    ask(
        folder,
        "POST /v1.41/containers/create?name=web",
        "{\"Image\":\"x\"}",
    );
    ask(
        folder,
        &format!("POST /v1.41/containers/{CONTAINER}/start"),
        "",
    );
}

#[test]
fn a_run_ends_and_says_so_wherever_its_engine_stops_answering() {
    let points = [
        ("GET", "/images/*/json"),
        ("POST", "/volumes/create"),
        ("POST", "/containers/create"),
        ("GET", "/containers/*/json"),
        ("PUT", "/containers/*/archive"),
        ("GET", "/containers/*/archive"),
        ("DELETE", "/containers/*"),
        ("DELETE", "/volumes/*"),
        ("GET", "/events"),
        ("GET", "/volumes"),
        ("GET", "/containers/json"),
    ];
    let faults = [
        Fault::Silence,
        Fault::HalfHead,
        Fault::HalfBody,
        Fault::Drip,
        Fault::Close,
    ];
    let runs = points
        .into_iter()
        .flat_map(|point| faults.map(|fault| (point, fault)));
    let threads = runs.map(|(point, fault)| {
        std::thread::spawn(move || {
            let what = format!("{point:?} {fault:?}");
            let folder = temp_dir();
            let engine = StandIn::with(folder.path(), Some(point), fault);
            if point == ("DELETE", "/volumes/*") {
                // A volume goes with its container.
                engine.set_goes();
            }
            let proxy = start(folder.path(), &engine.socket);
            work(folder.path());
            let gathered = finish(proxy, &what);
            assert!(
                has_data(&gathered) || is_told(&gathered),
                "{what}: neither data nor a word: {gathered:?}"
            );
            assert!(engine.met() > 0, "{what}: nobody asked for that");
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().unwrap();
    }
}

#[test]
fn a_healthy_stand_in_gives_the_data() {
    let folder = temp_dir();
    let engine = StandIn::healthy(folder.path());
    let proxy = start(folder.path(), &engine.socket);
    work(folder.path());
    let gathered = finish(proxy, "healthy");
    assert!(
        has_data(&gathered) && !gathered.containers[0].running,
        "{gathered:?}"
    );
    assert!(
        gathered
            .notes
            .iter()
            .all(|note| matches!(note, ContainerNote::VolumeStays { .. })),
        "{gathered:?}"
    );
}

#[test]
fn an_engine_that_accepts_nobody_is_named() {
    let folder = temp_dir();
    let socket = folder.path().join("engine.sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    // Its queue is full; more connections than any queue holds are not to be had.
    let mut waiting = Vec::new();
    let (sender, receiver) = std::sync::mpsc::channel();
    let path = socket.clone();
    std::thread::spawn(move || {
        while let Ok(client) = UnixStream::connect(&path) {
            if sender.send(client).is_err() {
                return;
            }
        }
    });
    while let Ok(client) = receiver.recv_timeout(Duration::from_millis(500)) {
        waiting.push(client);
    }
    let proxy = start(folder.path(), &socket);
    let answer = ask(folder.path(), "GET /_ping", "").unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    let gathered = finish(proxy, "nobody accepted");
    assert!(
        matches!(gathered.notes[..], [ContainerNote::EngineSilent { .. }]),
        "{gathered:?}"
    );
}

#[test]
fn an_engine_that_stops_after_the_tests_is_waited_for_once() {
    let folder = temp_dir();
    let engine = StandIn::with(
        folder.path(),
        Some(("GET", "/containers/*/archive")),
        Fault::Silence,
    );
    engine.set_faulty(false);
    let proxy = start(folder.path(), &engine.socket);
    for _ in 0..5 {
        work(folder.path());
    }
    engine.set_faulty(true);
    let gathered = finish(proxy, "stops at the end");
    assert!(has_data(&gathered) || is_told(&gathered), "{gathered:?}");
}

#[test]
fn who_gives_up_waits_no_longer() {
    let folder = temp_dir();
    let engine = StandIn::with(folder.path(), Some(("GET", "/events")), Fault::Silence);
    let delivery = Delivery {
        limits: Limits {
            silence: Duration::from_hours(1),
            silence_at_end: Duration::from_hours(1),
        },
        ..delivery("r1", folder.path())
    };
    let endpoint = Endpoint::Unix(engine.socket.clone());
    let socket = folder.path().join("docker.sock");
    let proxy = Proxy::start(&socket, endpoint, delivery, || ()).unwrap();
    ask(folder.path(), "GET /_ping", "").unwrap();
    let give_up = proxy.give_up();
    let finishing = std::thread::spawn(move || finish(proxy, "given up"));
    give_up.now();
    let gathered = finishing.join().unwrap();
    assert!(is_told(&gathered), "{gathered:?}");
}

#[test]
fn a_client_that_went_away_leaves_no_connection_to_a_silent_engine() {
    let folder = temp_dir();
    let engine = StandIn::with(folder.path(), Some(("GET", "/_ping")), Fault::Silence);
    let proxy = start(folder.path(), &engine.socket);
    for _ in 0..50 {
        let mut client = UnixStream::connect(folder.path().join("docker.sock")).unwrap();
        write!(client, "GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n").unwrap();
    }
    swath_test::wait_until(LIMIT, "50 requests", || {
        engine.seen("GET /_ping").len() == 50
    });
    swath_test::wait_until(LIMIT, "the connections to end", || engine.held() == 0);
    finish(proxy, "clients gone");
}

#[test]
fn an_encoded_path_does_not_get_past_the_proxy() {
    let folder = temp_dir();
    let engine = StandIn::healthy(folder.path());
    let proxy = start(folder.path(), &engine.socket);
    for target in ["/%63ontainers/create", "/containers/create"] {
        let answer = ask(
            folder.path(),
            &format!("POST {target}"),
            "{\"Image\":\"x\"}",
        )
        .unwrap();
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        let seen = engine.seen(&format!("POST {target}"));
        assert!(
            seen.iter().any(|(_, body)| body.contains("swath.run")),
            "{target}: {seen:?}"
        );
    }
    finish(proxy, "encoded");
}

#[test]
fn a_second_request_on_a_connection_does_not_get_past_the_proxy() {
    let folder = temp_dir();
    let engine = StandIn::healthy(folder.path());
    let proxy = start(folder.path(), &engine.socket);
    let create = "POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 13\r\n\r\n{\"Image\":\"x\"}";
    for upgrade in ["", "Upgrade: tcp\r\nConnection: Upgrade\r\n"] {
        let mut client = UnixStream::connect(folder.path().join("docker.sock")).unwrap();
        client.set_read_timeout(Some(CLIENT)).unwrap();
        let ping = format!("GET /_ping HTTP/1.1\r\nHost: d\r\n{upgrade}\r\n");
        client
            .write_all(format!("{ping}{create}").as_bytes())
            .unwrap();
        let mut answer = String::new();
        // What was not read makes the end of the connection an error.
        let _ = client.read_to_string(&mut answer);
        assert!(answer.contains("200 OK"), "{answer}");
    }
    assert_eq!(engine.seen("GET /_ping").len(), 2);
    assert_eq!(engine.seen("POST /containers/create"), []);
    finish(proxy, "two requests");
}

#[test]
fn bodies_beyond_the_limit_are_passed_on_or_refused_and_never_held() {
    let folder = temp_dir();
    let engine = StandIn::healthy(folder.path());
    let mut list = b"[\"".to_vec();
    list.resize(40 << 20, b'x');
    list.extend_from_slice(b"\"]");
    engine.set_list(list.clone());
    let proxy = start(folder.path(), &engine.socket);
    let answer = ask(folder.path(), "GET /containers/json", "").unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(body.as_bytes() == list, "{} bytes", body.len());
    let body = format!("{{\"Image\":\"{}\"}}", "x".repeat(20 << 20));
    let mut client = UnixStream::connect(folder.path().join("docker.sock")).unwrap();
    client.set_read_timeout(Some(CLIENT)).unwrap();
    let head = format!(
        "POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    client.write_all(head.as_bytes()).unwrap();
    client.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(engine.seen("POST /containers/create"), []);
    finish(proxy, "long bodies");
}

#[test]
fn an_endless_answer_to_swath_itself_is_cut() {
    let folder = temp_dir();
    let engine = StandIn::with(
        folder.path(),
        Some(("GET", "/images/*/json")),
        Fault::Endless,
    );
    let proxy = start(folder.path(), &engine.socket);
    work(folder.path());
    let gathered = finish(proxy, "endless");
    assert!(is_told(&gathered), "{gathered:?}");
}
