//! A chromium of its own for one test, driven over the `WebDriver` protocol.
//!
//! The protocol is a handful of JSON calls; a crate for it would bring fifty others.

#![expect(
    clippy::unwrap_used,
    reason = "a step of the driver that fails ends the test"
)]

use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::debootstrap::install;
use crate::{Guard, free_port, is_root, skip, temp_dir, wait_for, wait_until};

/// How long the page may take to be as a test expects it.
const LIMIT: Duration = Duration::from_secs(20);

/// How the browser treats pages.
#[derive(Clone, Copy, Debug, Default)]
pub struct BrowserSettings {
    /// Scripts do not run.
    pub no_scripts: bool,
    /// The width of a phone.
    pub narrow: bool,
    /// A dark system.
    pub dark: bool,
}

/// A browser with one window; dropping it ends it.
pub struct Browser {
    session: String,
    agent: ureq::Agent,
    _driver: Guard,
    profile: TempDir,
}

impl Browser {
    /// Starts a browser with a new profile; `None`, with a named skip, where there is none.
    pub fn start(test: &str, settings: BrowserSettings) -> Option<Self> {
        if !installed() {
            skip(test, "chromium and chromium-driver");
            return None;
        }
        let profile = temp_dir();
        let port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .env("HOME", profile.path())
            .spawn_guarded();
        let agent = ureq::Agent::new_with_config(
            ureq::Agent::config_builder()
                .http_status_as_error(false)
                .timeout_global(Some(Duration::from_mins(1)))
                .build(),
        );
        let base = format!("http://127.0.0.1:{port}");
        wait_until(LIMIT, "chromedriver is ready", || {
            agent.get(format!("{base}/status")).call().is_ok()
        });
        let mut browser = Self {
            session: base,
            agent,
            _driver: driver,
            profile,
        };
        let created = browser.post("/session", &capabilities(&browser, settings));
        let id = created["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("{created}"));
        browser.session = format!("{}/session/{id}", browser.session);
        Some(browser)
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.session);
        let mut answer = self
            .agent
            .post(&url)
            .content_type("application/json")
            .send(body.to_string())
            .unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        let value: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let value = value["value"].clone();
        assert!(value.get("error").is_none(), "{path} {body}: {value}");
        value
    }

    /// Opens an address and waits until it is loaded.
    pub fn open(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    /// What a script returns; the driver may run one where the page may not.
    pub fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What an asynchronous script hands to its last argument.
    pub fn run_later(&self, script: &str) -> Value {
        self.post("/execute/async", &json!({ "script": script, "args": [] }))
    }

    /// The text that a script returns.
    pub fn text(&self, script: &str) -> String {
        let value = self.run(script);
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    }

    /// Calls a method of the browser's own tools, for what no page can do: media, sizes, zoom.
    pub fn devtools(&self, method: &str, parameters: &Value) {
        let body = json!({ "cmd": method, "params": parameters });
        self.post("/goog/cdp/execute", &body);
    }

    /// Presses keys one after the other, in the focused element.
    pub fn press(&self, keys: &str) {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })))
            .collect();
        let body = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] });
        self.post("/actions", &body);
    }

    /// Clicks the first element that a selector finds.
    pub fn click(&self, selector: &str) {
        let found = self.post(
            "/element",
            &json!({ "using": "css selector", "value": selector }),
        );
        let id = found
            .as_object()
            .and_then(|it| it.values().next())
            .and_then(Value::as_str);
        self.post(&format!("/element/{}/click", id.unwrap()), &json!({}));
    }

    /// Waits until a script returns what is expected.
    #[track_caller]
    pub fn expect(&self, script: &str, expected: &str) {
        let mut last = String::new();
        let caller = std::panic::Location::caller();
        let start = std::time::Instant::now();
        let met = wait_for(LIMIT * 2, "an answer of the browser", || {
            last = self.text(script);
            if last == expected {
                return Some(true);
            }
            (start.elapsed() > LIMIT).then_some(false)
        });
        assert!(met, "{caller}: {script} gave {last:?}, not {expected:?}");
    }
}

fn capabilities(browser: &Browser, settings: BrowserSettings) -> Value {
    let window = if settings.narrow {
        "360,740"
    } else {
        "1200,900"
    };
    let mut arguments: Vec<String> = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("--window-size={window}"));
    arguments.push(format!(
        "--user-data-dir={}",
        browser.profile.path().join("profile").display()
    ));
    if settings.dark {
        arguments.push("--force-dark-mode".to_owned());
    }
    let mut options = json!({ "args": arguments });
    if settings.no_scripts {
        options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
    }
    json!({ "capabilities": { "alwaysMatch": { "browserName": "chrome", "goog:chromeOptions": options } } })
}

trait SpawnGuarded {
    fn spawn_guarded(&mut self) -> Guard;
}

impl SpawnGuarded for Command {
    fn spawn_guarded(&mut self) -> Guard {
        Guard::spawn(self).expect("chromedriver was found before")
    }
}

/// Whether both programs are there, after an attempt to install them.
fn installed() -> bool {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    let there = || {
        ["chromium", "chromedriver"]
            .iter()
            .all(|name| responds(name, &["--version"]))
    };
    *INSTALLED.get_or_init(|| {
        let install = || install(&["chromium", "chromium-driver"]);
        there() || (is_root() && install().is_ok() && there())
    })
}

fn responds(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
