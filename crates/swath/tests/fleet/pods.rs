//! Folders as the pods of a cluster have them, and the service that runs in them.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use fs_err as fs;
use swath_store::settings;
use swath_test::{
    Guard, Requirements, Venv, free_port, newest_python, skip, venv, wait_until, write_file,
};

use crate::sandbox::Sandbox;
use crate::store::{BUCKET, Store};

/// Where the store has the run of a test.
pub(crate) const RUN: &str = "runs/1";

const SHOP: &str = r#"from flask import Flask

import shop.prices

app = Flask(__name__)


@app.get("/")
def index():
    return "here"


@app.get("/price/<int:number>")
def price(number):
    if number > 100:
        return str(shop.prices.many(number))
    return str(shop.prices.few(number))


@app.get("/late")
def late():
    text = "late"
    return text


@app.get("/never")
def never():
    return "never"
"#;
const PRICES: &str = "def few(number):
    return number * 3


def many(number):
    reduced = number * 2
    return reduced


def none():
    return 0
";

/// What the service needs; none, and a named skip, where it cannot be had.
pub(crate) fn service_venv(test: &str) -> Option<Venv> {
    let Some(python) = newest_python() else {
        skip(test, "no CPython 3.8 or newer");
        return None;
    };
    venv(python, &Requirements::from(["flask>=3", "gunicorn>=23"]))
}

/// Writes the service's sources.
pub(crate) fn write_shop(folder: &Path) {
    write_file(folder.join("shop/__init__.py"), "");
    write_file(folder.join("shop/app.py"), SHOP);
    write_file(folder.join("shop/prices.py"), PRICES);
}

/// The address that the service of a sandbox serves.
pub(crate) fn write_checkout(sandbox: &Sandbox) {
    write_shop(&sandbox.project());
    sandbox.write(".coveragerc", "[run]\nsource = shop\n");
}

/// A pod: its volume, its image's file system, its service and its shipping container.
pub(crate) struct Pod {
    folder: PathBuf,
    name: String,
    port: u16,
    service: Option<Guard>,
    ship: Option<Guard>,
}

impl Pod {
    /// A pod whose volume is made as an init container makes it.
    pub(crate) fn new(base: &Path, name: &str) -> Pod {
        let folder = base.join(name);
        let container = folder.join("volume/web");
        let data = container.join("data");
        fs::create_dir_all(&data).unwrap();
        fs::set_permissions(&data, std::fs::Permissions::from_mode(0o1777)).unwrap();
        let mut own = Vec::new();
        for (key, value) in [
            (settings::BRANCH, &b"0"[..]),
            (settings::COVER_PYLIB, b"0"),
            (settings::DATA, data.as_os_str().as_bytes()),
        ] {
            settings::write(key, value, |bytes| own.extend_from_slice(bytes));
        }
        for (name, content) in swath_agent::files(false) {
            write_file(container.join("agent").join(name), content);
        }
        write_file(container.join("agent").join(settings::FILE_NAME), own);
        let place = r#"{"name": "web", "image": "shop:1", "command": ["gunicorn"], "args": ["shop.app:app"]}"#;
        write_file(container.join("place.json"), place);
        write_shop(&folder.join("srv/app"));
        Pod {
            folder,
            name: name.to_owned(),
            port: free_port(),
            service: None,
            ship: None,
        }
    }

    /// Starts its service, with two workers.
    pub(crate) fn serve(&mut self, sandbox: &Sandbox, venv: &Venv) {
        let mut command = venv.command("gunicorn");
        sandbox.prepare(&mut command);
        command
            .args([
                "-w2",
                "--bind",
                &format!("127.0.0.1:{}", self.port),
                "shop.app:app",
            ])
            .args(["--env", "API_TOKEN=s3cr3t-of-the-shop"])
            .current_dir(self.folder.join("srv/app"))
            .env("PYTHONPATH", self.folder.join("volume/web/agent"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.service = Some(Guard::spawn(&mut command).unwrap());
        wait_until(Duration::from_mins(1), "the pod's service", || {
            ureq::get(self.url("/")).call().is_ok()
        });
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn get(&self, path: &str) {
        ureq::get(self.url(path)).call().unwrap();
    }

    /// Kills all of the service at once.
    pub(crate) fn kill_service(&mut self) {
        if let Some(service) = &self.service {
            service.signal_group(swath_test::Signal::KILL);
        }
        self.service = None;
    }

    /// What its shipping container runs.
    pub(crate) fn ship_command(
        &self,
        sandbox: &Sandbox,
        store: &Store,
        options: &[&str],
    ) -> std::process::Command {
        let from = self.folder.join("volume");
        let to = format!("s3://{BUCKET}/{RUN}");
        let mut command = sandbox.command(&["ship", "--from", from.to_str().unwrap(), "--to", &to]);
        store.point(&mut command);
        command
            .args(options)
            .env("SWATH_POD", &self.name)
            .env("SWATH_POD_UID", format!("uid-{}", self.name))
            .env("SWATH_NAMESPACE", "shop")
            .env("SWATH_NODE", "node-1")
            .env("SWATH_WORKLOAD", "Deployment/web");
        command
    }

    /// Starts its shipping container; what it writes goes into its log.
    pub(crate) fn ship(&mut self, sandbox: &Sandbox, store: &Store) {
        let mut command = self.ship_command(sandbox, store, &["--every=100ms", "--grace=1s"]);
        let log = fs::File::options();
        let mut log = log;
        let log = log.create(true).append(true).open(self.log_path()).unwrap();
        command.stdout(Stdio::null()).stderr(log.into_file());
        self.ship = Some(Guard::spawn(&mut command).unwrap());
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("ship.log")
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap()
    }

    pub(crate) fn kill_ship(&mut self) {
        if let Some(ship) = &self.ship {
            ship.signal(swath_test::Signal::KILL);
        }
        self.ship = None;
    }

    /// Ends the shipping as a cluster does; its exit code.
    pub(crate) fn end_ship(&mut self) -> Option<i32> {
        let mut ship = self.ship.take().unwrap();
        ship.signal(swath_test::Signal::TERM);
        swath_test::wait_for(Duration::from_mins(1), "the end of the shipping", || {
            ship.ended()
        })
        .code()
    }
}

/// Gathers the run, in the checkout.
pub(crate) fn gather(
    sandbox: &Sandbox,
    store: &Store,
    options: &[&str],
) -> crate::sandbox::Finished {
    let mut command = sandbox.command(&["gather"]);
    store.point(&mut command);
    command.args(options).arg(format!("s3://{BUCKET}/{RUN}"));
    crate::sandbox::finish(command)
}
