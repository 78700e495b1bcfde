//! The example under gunicorn: CPU seconds of the service for a batch of requests.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use swath_test::{Example, Guard, Python, Signal, wait_until};

use super::Samples;
use super::tool::Tool;

/// Requests of one sample.
pub(super) const REQUESTS: u32 = 600;
/// Clients that send them, each over one connection.
const CLIENTS: u32 = 2;
const POINTS: u32 = 20;
/// Says which processes serve which tool's copy.
const MARK: &str = "XY_BENCH";

/// A copy of the example that runs under one tool.
pub(super) struct Server {
    pub(super) tool: Tool,
    example: Example,
    guard: Guard,
    mark: String,
}

/// Starts the service under every tool at once and asks each in turn, `rounds` times.
pub(super) fn measure(python: &Python, swath: &Path, rounds: u32) -> Result<Samples> {
    let mut servers = Vec::new();
    for tool in Tool::ALL {
        if tool.venv(python).is_none() {
            continue;
        }
        let started = Server::start(tool, python, swath, false);
        match started {
            Ok(server) => servers.push(server),
            Err(error) => println!("  without {}: {error:#}", tool.title()),
        }
    }
    let mut samples = Samples::new();
    for round in 0..=rounds {
        for server in &servers {
            let seconds = server.sample(&|_| None)?;
            // The first round warms up.
            if round > 0 {
                samples.entry(server.tool).or_default().push(seconds);
            }
        }
    }
    for mut server in servers {
        server.stop();
    }
    Ok(samples)
}

impl Server {
    /// Starts the service, ready to be asked. With `attribution` it is recorded for which test code
    /// runs; coverage.py, which knows no requests, looks for functions of tests.
    pub(super) fn start(
        tool: Tool,
        python: &Python,
        swath: &Path,
        attribution: bool,
    ) -> Result<Self> {
        let example = Example::copy_with(python, &tool.requirements()).context("no environment")?;
        let log = File::create(example.folder().join("service.log"))?;
        let mark = format!("{tool:?}-{}", example.folder().display());
        let mut command = service_command(tool, &example, swath, attribution)?;
        command
            .env(MARK, &mark)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let guard = Guard::spawn(&mut command)?;
        let mut server = Self {
            tool,
            example,
            guard,
            mark,
        };
        server.wait()?;
        server.prepare()?;
        Ok(server)
    }

    fn wait(&mut self) -> Result<()> {
        let mut early = None;
        let (guard, example) = (&mut self.guard, &self.example);
        wait_until(Duration::from_mins(1), "the service to be ready", || {
            early = guard.ended();
            early.is_some() || example.is_ready()
        });
        let log = fs_err::read_to_string(example.folder().join("service.log")).unwrap_or_default();
        ensure!(
            early.is_none(),
            "it ended early: {}",
            log.lines().last().unwrap_or("silently")
        );
        Ok(())
    }

    /// Adds the points that the requests ask for.
    fn prepare(&self) -> Result<()> {
        for number in 0..POINTS {
            put(&self.example.url(), number)?;
        }
        Ok(())
    }

    /// Sends one batch; the CPU seconds that the service took for it. `test` names the test that a
    /// request is of, by its number in the batch.
    pub(super) fn sample(&self, test: &(dyn Fn(u32) -> Option<String> + Sync)) -> Result<f64> {
        let before = self.cpu_nanoseconds()?;
        let url = self.example.url();
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|client| {
                    let numbers = client..REQUESTS;
                    scope.spawn(|| send(&url, numbers.step_by(CLIENTS as usize), test))
                })
                .collect();
            clients.into_iter().try_for_each(|client| {
                client
                    .join()
                    .map_err(|_| anyhow::anyhow!("a client panicked"))?
            })
        })?;
        let spent = self.cpu_nanoseconds()?.saturating_sub(before);
        Ok(Duration::from_nanos(spent).as_secs_f64())
    }

    /// CPU time of gunicorn's processes, all their threads, as the scheduler counts it.
    fn cpu_nanoseconds(&self) -> Result<u64> {
        let mark = format!("{MARK}={}", self.mark);
        let mut total = 0;
        let mut workers = 0;
        for entry in fs_err::read_dir("/proc")?.flatten() {
            let process = entry.path();
            let holds = |name: &str, part: &[u8]| {
                fs_err::read(process.join(name))
                    .is_ok_and(|bytes| bytes.windows(part.len()).any(|window| window == part))
            };
            if !holds("environ", mark.as_bytes()) || !holds("cmdline", b"gunicorn") {
                continue;
            }
            if holds("cmdline", b"swath") {
                continue;
            }
            workers += 1;
            for task in fs_err::read_dir(process.join("task"))?.flatten() {
                let text = fs_err::read_to_string(task.path().join("schedstat"))?;
                total += text
                    .split(' ')
                    .next()
                    .and_then(|first| first.parse::<u64>().ok())
                    .unwrap_or(0);
            }
        }
        ensure!(
            workers >= 3,
            "gunicorn has {workers} processes, not a master and two workers"
        );
        Ok(total)
    }

    /// Stops the service.
    pub(super) fn stop(&mut self) {
        let _ = fs_err::remove_file(self.example.folder().join("hold"));
        if !self.tool.is_swath() {
            self.guard.signal(Signal::INT);
        }
        if self.guard.wait(Duration::from_mins(1)).is_none() {
            println!("  {} did not stop and is killed", self.tool.title());
        }
    }
}

fn service_command(
    tool: Tool,
    example: &Example,
    swath: &Path,
    attribution: bool,
) -> Result<Command> {
    let folder = example.folder();
    let mut command = example.service();
    match tool {
        Tool::Nothing => {}
        Tool::CTracer | Tool::SysMonitoring | Tool::CTracerBranch => {
            let settings = folder.join(".coveragerc");
            let wanted = [
                (tool.branch(), "branch = True"),
                (attribution, "dynamic_context = test_function"),
            ];
            for (_, setting) in wanted.iter().filter(|(is_wanted, _)| *is_wanted) {
                let text = fs_err::read_to_string(&settings)?;
                let text = text.replacen("[run]", &format!("[run]\n{setting}"), 1);
                ensure!(text.contains(setting), "the example has no [run]");
                fs_err::write(&settings, text)?;
            }
            let injected = folder.join("by-hand");
            fs_err::create_dir_all(&injected)?;
            let text = "import coverage\ncoverage.process_startup()\n";
            fs_err::write(injected.join("sitecustomize.py"), text)?;
            command
                .env("PYTHONPATH", injected)
                .env("COVERAGE_PROCESS_START", &settings)
                .env("COVERAGE_CORE", tool.coverage_core().unwrap_or_default());
        }
        Tool::SlipCover => {
            let address = example.url().replace("http://", "");
            let mut other = same_environment(&command, &example.venv().python());
            other.args([
                "-m",
                "slipcover",
                "--source",
                "source",
                "--out",
                "slipcover.txt",
            ]);
            other.args([
                "-m",
                "gunicorn",
                "--pythonpath=source",
                "--threads=4",
                "--workers=2",
            ]);
            other.args(["--bind", &address, "xy:app()"]);
            command = other;
        }
        Tool::Swath | Tool::SwathBranch => {
            // The run lasts as long as this file is there.
            fs_err::write(folder.join("hold"), "")?;
            let mut other = same_environment(&command, swath);
            other.arg("run");
            other.args(tool.branch().then_some("--branch"));
            other.args(attribution.then_some("--attribution"));
            other
                .args(["--services", "--", "sh", "-c"])
                .arg("while [ -e hold ]; do sleep 0.2; done");
            command = other;
        }
    }
    Ok(command)
}

/// Another program in the folder and with the variables of `command`.
pub(super) fn same_environment(command: &Command, program: &Path) -> Command {
    let mut other = Command::new(program);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => other.env(name, value),
            None => other.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        other.current_dir(folder);
    }
    other
}

fn put(url: &str, number: u32) -> Result<()> {
    let body = format!(
        r#"{{"x": {number}, "y": {}, "tags": ["bench"]}}"#,
        number * 7 % 13
    );
    ureq::put(format!("{url}/points/bench-{number}"))
        .header("X-Api-Key", "only-for-tests")
        .header("Content-Type", "application/json")
        .send(body)?;
    Ok(())
}

/// A mixture of what clients ask, mostly reading.
fn send(
    url: &str,
    numbers: impl Iterator<Item = u32>,
    test: &(dyn Fn(u32) -> Option<String> + Sync),
) -> Result<()> {
    let agent = ureq::Agent::new_with_defaults();
    for number in numbers {
        let path = match number % 10 {
            0 => {
                put(url, number % POINTS)?;
                continue;
            }
            1..=3 => format!("/points/bench-{}", number % POINTS),
            4..=6 => format!("/search/nearest?x={number}&y=3"),
            7 => "/points?size=10".to_owned(),
            8 => "/search/box?left=0&bottom=0&right=9&top=9".to_owned(),
            _ => "/export.csv".to_owned(),
        };
        let mut request = agent.get(format!("{url}{path}"));
        if let Some(test) = test(number) {
            request = request.header("baggage", format!("swath.test={test}"));
        }
        request.call()?.body_mut().read_to_vec()?;
    }
    Ok(())
}
