//! `swath kubernetes webhook` as API servers ask it: over TLS, with reviews as they send them.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use saphyr::{LoadableYamlNode as _, Yaml};
use swath_test::{
    Guard, Requirements, Signal, finish, newest_python, skip, venv, wait_for, wait_until,
};

use crate::sandbox::Sandbox;

const LIMIT: Duration = Duration::from_mins(1);
/// The name of the webhook for API servers.
const NAME: &str = "swath-webhook.swath.svc";
const IMAGE: &str = "--image=registry/swath:1";

/// Reviews as API servers send them, by the names of their files. Two are what one of Kubernetes 1.20
/// sent; the others follow the schema, with the fields of newer ones.
const REVIEWS: [(&str, &str); 5] = [
    ("deployment", include_str!("reviews/deployment.json")),
    ("job", include_str!("reviews/job.json")),
    ("pod_v1beta1", include_str!("reviews/pod_v1beta1.json")),
    ("recorded_v1", include_str!("reviews/recorded_v1.json")),
    (
        "recorded_v1beta1",
        include_str!("reviews/recorded_v1beta1.json"),
    ),
];

/// A folder with a new certificate and its key; without `openssl`, a named skip.
fn certified(test: &str) -> Option<Sandbox> {
    let sandbox = Sandbox::new();
    if let Err(error) = Command::new("openssl").arg("version").output() {
        skip(test, &format!("`openssl` cannot be started: {error}"));
        return None;
    }
    certify(&sandbox);
    Some(sandbox)
}

/// Writes a new certificate and its key, as the guide has it.
fn certify(sandbox: &Sandbox) {
    let mut command = Command::new("openssl");
    let name = format!("subjectAltName=DNS:{NAME}");
    command
        .current_dir(sandbox.project())
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "365",
        ])
        .args(["-subj", "/CN=swath-webhook", "-addext", &name])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "tls.key", "-out", "tls.crt"]);
    let made = finish(command);
    assert_eq!(made.code, 0, "{}", made.stderr);
}

/// A webhook that is served, and what it says.
struct Served<'a> {
    sandbox: &'a Sandbox,
    guard: Guard,
    address: SocketAddr,
    log: PathBuf,
}

/// What came back for a request.
#[derive(Debug)]
struct Answer {
    status: u16,
    body: String,
}

type Connection = StreamOwned<ClientConnection, TcpStream>;

impl<'a> Served<'a> {
    /// One with these arguments beside its certificate.
    fn start(sandbox: &'a Sandbox, arguments: &[&str]) -> Served<'a> {
        let mut command = sandbox.command(&["kubernetes", "webhook"]);
        command.args(arguments);
        Served::of(sandbox, command)
    }

    fn of(sandbox: &'a Sandbox, mut command: Command) -> Served<'a> {
        let log = sandbox.project().join("webhook.log");
        let file = fs_err::File::create(&log).unwrap();
        command.args([
            "--certificate=tls.crt",
            "--key=tls.key",
            "--listen=127.0.0.1:0",
        ]);
        command.stdout(Stdio::null()).stderr(file.into_parts().0);
        let mut guard = Guard::spawn(&mut command).unwrap();
        let address = wait_for(LIMIT, "the webhook", || {
            let said = fs_err::read_to_string(&log).unwrap();
            assert!(guard.ended().is_none(), "{said}");
            let (_, rest) = said.split_once("Listening on ")?;
            rest.split_once('\n')?.0.parse().ok()
        });
        Served {
            sandbox,
            guard,
            address,
            log,
        }
    }

    fn said(&self) -> String {
        fs_err::read_to_string(&self.log).unwrap()
    }

    fn wait_for_word(&self, word: &str) {
        wait_until(LIMIT, word, || self.said().contains(word));
    }

    /// A connection that trusts the certificate in the folder, and none else.
    fn connect(&self) -> Connection {
        let authority = self.sandbox.read("tls.crt");
        let mut trusted = RootCertStore::empty();
        let authority = CertificateDer::from_pem_slice(authority.as_bytes()).unwrap();
        trusted.add(authority).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(trusted)
            .with_no_client_auth();
        let name = ServerName::try_from(NAME).unwrap();
        let client = ClientConnection::new(Arc::new(config), name).unwrap();
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        StreamOwned::new(client, stream)
    }

    fn ask(&self, method: &str, target: &str, body: &str) -> Answer {
        let mut connection = self.connect();
        let length = body.len();
        let _ = connection.write_all(head(method, target, length).as_bytes());
        // A refusal may come before all is written.
        let _ = connection.write_all(body.as_bytes());
        answer(connection)
    }

    fn review(&self, review: &str) -> Answer {
        self.ask("POST", "/mutate?timeout=5s", review)
    }

    /// Tells it to end, and gives its exit code.
    fn end(&mut self) -> Option<i32> {
        self.guard.signal(Signal::TERM);
        self.guard.wait(LIMIT).and_then(|status| status.code())
    }
}

fn head(method: &str, target: &str, length: usize) -> String {
    format!(
        "{method} {target} HTTP/1.1\r\nHost: {NAME}:443\r\nAccept: application/json\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )
}

fn answer(mut connection: impl Read) -> Answer {
    let mut bytes = Vec::new();
    // Some do not wait for a client that never reads to say goodbye.
    let _ = connection.read_to_end(&mut bytes);
    let said = String::from_utf8(bytes).unwrap();
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or((&said, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Answer {
        status: status.unwrap_or_else(|| panic!("no answer: {said:?}")),
        body: body.to_owned(),
    }
}

/// The pod of a review.
fn object(review: &str) -> serde_json::Value {
    let review: serde_json::Value = serde_json::from_str(review).unwrap();
    review["request"]["object"].clone()
}

#[test]
fn an_installed_webhook_gives_pods_what_the_filter_gives_them() {
    let test = "an_installed_webhook_gives_pods_what_the_filter_gives_them";
    let Some(python) = newest_python() else {
        return skip(test, "no CPython from 3.8 found");
    };
    let requirements = Requirements::from(["jsonpatch==1.33", "PyYAML==6.0.3"]);
    let Some(venv) = venv(python, &requirements) else {
        return;
    };
    let Some(sandbox) = certified(test) else {
        return;
    };
    sandbox.write(".coveragerc", "[run]\nbranch = true\n");
    sandbox.write("src/shop/__init__.py", "");
    let options = [
        IMAGE,
        "--run=pr-17",
        "--store=s3://coverage/shop$(A)",
        "--store-secret=bucket",
        "--attribution",
        "--measure=web/w*",
        "--measure=db",
        "--measure=tests",
        "--measure=api",
        "--python-path=web/*=/srv/$(B)",
        "--python-path=/app",
    ];
    let manifests = sandbox.swath(
        &[
            &["kubernetes", "webhook-manifests", "--ca=tls.crt"],
            &options[..],
        ]
        .concat(),
    );
    assert_eq!((manifests.code, manifests.stderr.as_str()), (0, ""));
    let mut command = installed(&sandbox, &manifests.stdout);
    // In the cluster there is no checkout.
    command.current_dir(sandbox.temporary());
    for name in ["tls.crt", "tls.key"] {
        fs_err::copy(sandbox.project().join(name), sandbox.temporary().join(name)).unwrap();
    }
    let mut served = Served::of(&sandbox, command);
    let mut folders = Vec::new();
    for (name, review) in REVIEWS {
        let answered = served.review(review);
        assert_eq!(answered.status, 200, "{answered:?}");
        sandbox.write(&format!("{name}/review.json"), review);
        sandbox.write(&format!("{name}/answer.json"), &answered.body);
        sandbox.write("pod.json", &object(review).to_string());
        let mut filter = vec!["kubernetes", "inject", "-f", "pod.json"];
        // A pod may say its run itself.
        let run = if name == "job" {
            "--run=pr-18"
        } else {
            "--run=pr-17"
        };
        filter.extend(options.map(|option| {
            if option.starts_with("--run") {
                run
            } else {
                option
            }
        }));
        let filtered = sandbox.swath(&filter);
        assert_eq!(filtered.code, 0, "{}", filtered.stderr);
        sandbox.write(&format!("{name}/filtered.yaml"), &filtered.stdout);
        folders.push(sandbox.project().join(name));
    }
    sandbox.write("patched.py", include_str!("reviews/patched.py"));
    let mut judge = venv.command("python");
    judge
        .current_dir(sandbox.project())
        .arg("patched.py")
        .args(&folders);
    let judged = finish(judge);
    assert_eq!(
        (judged.code, judged.stdout.as_str()),
        (
            0,
            "deployment 3\njob 2\npod_v1beta1 2\nrecorded_v1 3\nrecorded_v1beta1 3\n"
        ),
        "{}",
        judged.stderr
    );
    assert_eq!(served.end(), Some(0));
    insta::assert_snapshot!(sandbox.normal(&served.said()), @r"
    Listening on 127.0.0.1:[PORT]
     Injected Deployment/web in shop: web; not `metrics`, which no --measure names; not `migrate`, an init container
     Injected Job/tests in shop: tests
     Injected StatefulSet/db in shop: db (a dry run)
     Injected Deployment/api in shop-test: api; not `migrate`, an init container
     Injected Deployment/api in shop-test: api; not `migrate`, an init container (a dry run)
       Ending after the requests under way
        Ended everything that was asked is answered
    ");
}

/// The command line and the environment that manifests say, without the files of a pod.
fn installed(sandbox: &Sandbox, manifests: &str) -> Command {
    let documents = Yaml::load_from_str(manifests).unwrap();
    let container = &documents[1]["spec"]["template"]["spec"]["containers"][0];
    // What Kubernetes makes of `$$`.
    let value = |value: &Yaml<'_>| value.as_str().unwrap().replace("$$", "$");
    let words: Vec<String> = container["command"]
        .as_sequence()
        .unwrap()
        .iter()
        .map(value)
        .collect();
    let (program, words) = words.split_first().unwrap();
    assert_eq!(program, "swath");
    let files = [
        "--certificate=/certificates/tls.crt",
        "--key=/certificates/tls.key",
    ];
    let words = words.iter().filter(|word| !files.contains(&word.as_str()));
    let mut command = sandbox.command(&[]);
    command.args(words);
    for variable in container["env"].as_sequence().unwrap() {
        command.env(value(&variable["name"]), value(&variable["value"]));
    }
    command
}

#[test]
fn what_cannot_be_measured_is_created_and_what_is_no_review_is_refused() {
    let Some(sandbox) =
        certified("what_cannot_be_measured_is_created_and_what_is_no_review_is_refused")
    else {
        return;
    };
    let mut served = Served::start(&sandbox, &[IMAGE]);
    let (_, review) = REVIEWS[0];
    let windows = review.replacen("\"spec\":{", "\"spec\":{\"os\":{\"name\":\"windows\"},", 1);
    assert_ne!(windows, review);
    let answered = served.review(&windows);
    assert_eq!(answered.status, 200);
    insta::assert_snapshot!(answered.body, @r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"allowed":true,"uid":"8a6a2f1e-5f0f-4d0f-9d5a-0d3a6a1e6f10","warnings":["swath does not measure Deployment/web in shop: it runs on Windows"]}}"#);
    let health = served.ask("GET", "/healthz", "");
    assert_eq!((health.status, health.body.as_str()), (200, "ok\n"));
    for (method, target) in [
        ("GET", "/mutate"),
        ("POST", "/"),
        ("POST", "/healthz"),
        ("PUT", "/mutate"),
    ] {
        assert_eq!(
            served.ask(method, target, review).status,
            404,
            "{method} {target}"
        );
    }
    let damaged = served.review(&review[..review.len() / 2]);
    assert_eq!(damaged.status, 400, "{damaged:?}");
    let other = served.review(&review.replace("admission.k8s.io/v1", "admission.k8s.io/v2"));
    assert_eq!(other.status, 400, "{other:?}");
    // One byte more than is read, said beforehand or not.
    let mut large = "{\"a\":\"".to_owned();
    large.push_str(&"x".repeat((3 << 20) + 1 - large.len()));
    assert_eq!(served.review(&large).status, 413);
    let mut chunked = served.connect();
    let said =
        head("POST", "/mutate", 0).replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let mut bytes = said;
    let _ = write!(bytes, "{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    let _ = chunked.write_all(bytes.as_bytes());
    assert_eq!(answer(chunked).status, 413);
    // No HTTP at all.
    let mut none = served.connect();
    none.write_all(b"\x16\x03\x01 hello\r\n\r\n").unwrap();
    assert_eq!(answer(none).status, 400);
    assert_eq!(served.end(), Some(0));
    insta::assert_snapshot!(served.said().replace(&served.address.to_string(), "[ADDRESS]"), @r"
    Listening on [ADDRESS]
         Left Deployment/web in shop: it runs on Windows
      Refused 404 Not Found: there is /healthz to get, and /mutate to post to
      Refused 404 Not Found: there is /healthz to get, and /mutate to post to
      Refused 404 Not Found: there is /healthz to get, and /mutate to post to
      Refused 404 Not Found: there is /healthz to get, and /mutate to post to
      Refused 400 Bad Request: this is no AdmissionReview: EOF while parsing a string at line 1 column 2015
      Refused 400 Bad Request: this is no AdmissionReview: it is of the kind AdmissionReview of admission.k8s.io/v2
      Refused 413 Payload Too Large: a review has at most 3145728 bytes
      Refused 413 Payload Too Large: a review has at most 3145728 bytes
       Ending after the requests under way
        Ended everything that was asked is answered
    ");
}

#[test]
fn a_certificate_that_changes_is_used_and_a_broken_one_is_not() {
    let Some(sandbox) = certified("a_certificate_that_changes_is_used_and_a_broken_one_is_not")
    else {
        return;
    };
    // As a kubelet does it: the files are links into a folder that is exchanged.
    let exchange = |folder: &str| {
        let link = sandbox.project().join("new");
        std::os::unix::fs::symlink(folder, &link).unwrap();
        fs_err::rename(link, sandbox.project().join("data")).unwrap();
    };
    for (version, files) in ["one", "two"].into_iter().zip([["tls.crt", "tls.key"]; 2]) {
        certify(&sandbox);
        for file in files {
            let text = sandbox.read(file);
            sandbox.write(&format!("{version}/{file}"), &text);
        }
    }
    for file in ["tls.crt", "tls.key"] {
        let path = sandbox.project().join(file);
        fs_err::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(format!("data/{file}"), path).unwrap();
    }
    exchange("one");
    let mut served = Served::start(&sandbox, &[IMAGE]);
    // A client that trusts what is in the folder now.
    let is_trusted = |served: &Served<'_>| {
        let mut connection = served.connect();
        let asked = connection.write_all(head("GET", "/healthz", 0).as_bytes());
        asked.is_ok() && answer(connection).status == 200
    };
    assert!(is_trusted(&served));
    exchange("two");
    wait_until(LIMIT, "the new certificate", || is_trusted(&served));
    // A key that belongs to another certificate, and then none.
    let another = sandbox.read("one/tls.key");
    for (text, word) in [
        (another.as_str(), "KeyMismatch"),
        ("none", "no private key"),
    ] {
        sandbox.write("two/tls.key", text);
        wait_until(LIMIT, word, || {
            assert!(is_trusted(&served), "the one before stays in use");
            served.said().contains(word)
        });
    }
    assert_eq!(served.end(), Some(0));
    insta::assert_snapshot!(served.said().replace(&served.address.to_string(), "[ADDRESS]"), @r"
       Listening on [ADDRESS]
            Read the certificate, which has changed
    warning[certificate-kept]: the certificate has changed and cannot be used: the certificate and the key cannot be used: keys may not be consistent: KeyMismatch
      the one before it stays in use

    hint: name the key that the certificate was made for
    warning[certificate-kept]: the certificate has changed and cannot be used: `tls.key` holds no private key in PEM
      the one before it stays in use

    hint: a secret of the type `kubernetes.io/tls` holds both, as `tls.crt` and `tls.key`
          Ending after the requests under way
           Ended everything that was asked is answered
    ");
    let refused = sandbox.swath(&[
        "kubernetes",
        "webhook",
        IMAGE,
        "--certificate=tls.crt",
        "--key=tls.key",
    ]);
    assert_eq!(refused.code, 1);
    insta::assert_snapshot!(refused.stderr, @r"
    error[webhook-not-served]: `tls.key` holds no private key in PEM

    hint: a secret of the type `kubernetes.io/tls` holds both, as `tls.crt` and `tls.key`
    ");
}

#[test]
fn requests_under_way_are_answered_before_it_ends() {
    let Some(sandbox) = certified("requests_under_way_are_answered_before_it_ends") else {
        return;
    };
    let mut served = Served::start(&sandbox, &[IMAGE]);
    let (_, review) = REVIEWS[1];
    // One that asks no more, and stays.
    let mut idle = served.connect();
    let get = head("GET", "/healthz", 0).replace("Connection: close", "Connection: keep-alive");
    for _ in 0..2 {
        idle.write_all(get.as_bytes()).unwrap();
        let mut said = String::new();
        wait_until(LIMIT, "an answer", || {
            let mut bytes = [0; 512];
            let length = idle.read(&mut bytes).unwrap();
            said.push_str(&String::from_utf8_lossy(&bytes[..length]));
            said.ends_with("\r\n\r\nok\n")
        });
    }
    let (first, rest) = review.split_at(review.len() / 2);
    let mut under_way = served.connect();
    let head = head("POST", "/mutate", review.len());
    under_way
        .write_all(format!("{head}{first}").as_bytes())
        .unwrap();
    // Another one, answered later, shows that the first one has arrived.
    assert_eq!(served.ask("GET", "/healthz", "").status, 200);
    served.guard.signal(Signal::TERM);
    served.wait_for_word("Ending");
    wait_until(LIMIT, "no more connections", || {
        TcpStream::connect(served.address).is_err()
    });
    assert!(served.guard.ended().is_none(), "{}", served.said());
    under_way.write_all(rest.as_bytes()).unwrap();
    let answered = answer(under_way);
    assert_eq!(answered.status, 200);
    assert!(answered.body.contains("JSONPatch"));
    // It was told to end already: a second word would cut off what it still does.
    let status = served.guard.wait(LIMIT);
    assert_eq!(status.and_then(|status| status.code()), Some(0));
    let ended = "Ended everything that was asked is answered";
    assert!(served.said().contains(ended), "{}", served.said());
}

#[test]
fn who_has_not_heard_of_the_end_is_answered() {
    let Some(sandbox) = certified("who_has_not_heard_of_the_end_is_answered") else {
        return;
    };
    let mut served = Served::start(&sandbox, &[IMAGE, "--linger=10m"]);
    served.guard.signal(Signal::TERM);
    served.wait_for_word("Ending");
    assert_eq!(served.review(REVIEWS[1].1).status, 200);
    // A second signal means now.
    assert_eq!(served.end(), Some(0));
    assert!(
        served
            .said()
            .contains("everything that was asked is answered")
    );
    let refused = sandbox.swath(&[
        "kubernetes",
        "webhook",
        IMAGE,
        "--certificate=tls.crt",
        "--key=tls.key",
        "--linger=soon",
    ]);
    assert!(
        refused.stderr.contains("bad-duration"),
        "{}",
        refused.stderr
    );
}

#[test]
fn who_sends_nothing_keeps_nobody_from_asking() {
    let Some(sandbox) = certified("who_sends_nothing_keeps_nobody_from_asking") else {
        return;
    };
    let served = Served::start(&sandbox, &[IMAGE]);
    let (_, review) = REVIEWS[1];
    // Connections without TLS, and with requests whose ends never come: small ones, and more of the
    // large ones than are held at once.
    let silent: Vec<TcpStream> = (0..50)
        .map(|_| TcpStream::connect(served.address).unwrap())
        .collect();
    let unfinished: Vec<Connection> = [10, 2 << 20]
        .repeat(20)
        .into_iter()
        .map(|length| {
            let mut connection = served.connect();
            connection.sock.set_nonblocking(false).unwrap();
            connection
                .sock
                .set_write_timeout(Some(Duration::from_millis(50)))
                .unwrap();
            let head = head("POST", "/mutate", length);
            connection.write_all(head.as_bytes()).unwrap();
            // What waits for its turn is not read to its end.
            let _ = connection.write_all(" ".repeat(length - 1).as_bytes());
            connection
        })
        .collect();
    assert_eq!(served.ask("GET", "/healthz", "").status, 200);
    assert_eq!(served.review(review).status, 200);
    // Nobody had to be sent away for that.
    assert!(!served.said().contains("408"), "{}", served.said());
    drop((silent, unfinished));
}
