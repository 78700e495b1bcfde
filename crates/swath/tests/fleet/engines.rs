//! A Swarm of one or two engines of its own, each in a network namespace that is joined to the other's:
//! what runs on this machine besides does not see it.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fs_err as fs;
use swath_test::{Guard, Signal, engine, is_root, skip, temp_dir, wait_until};
use tempfile::TempDir;

/// The names of the engines.
const NODES: [&str; 2] = ["a", "b"];
/// A node that is busy is not given up: its tasks would be started again.
const HEARTBEAT: &str = "--dispatcher-heartbeat=30s";
/// An engine may take so long to be there, and to end.
const LIMIT: Duration = Duration::from_mins(1);

/// Tests of one process have their own.
static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// The engines; they go with it, and all that they have.
pub(crate) struct Swarm {
    folder: TempDir,
    /// Those that there are.
    nodes: &'static [&'static str],
    engines: Vec<Guard>,
    name: String,
}

impl Swarm {
    /// Two engines; none, and a named skip, where they cannot be had.
    pub(crate) fn start(test: &str) -> Option<Swarm> {
        let swarm = Swarm::of(&NODES, test)?;
        let [first, second] = NODES;
        let token = swarm.docker(first, &["swarm", "join-token", "--quiet", "worker"]);
        let manager = format!("{}:2377", address(first));
        let own = address(second);
        let mut join = vec!["swarm", "join", "--token", token.trim()];
        join.extend(["--advertise-addr", &own, "--listen-addr", &own, &manager]);
        swarm.docker(second, &join);
        Some(swarm)
    }

    /// The same of one engine.
    pub(crate) fn start_one(test: &str) -> Option<Swarm> {
        Swarm::of(&NODES[..1], test)
    }

    /// The engines, of which the first manages a Swarm.
    fn of(nodes: &'static [&'static str], test: &str) -> Option<Swarm> {
        let missing = if is_root() {
            let programs = ["dockerd", "ip", "nsenter"];
            programs
                .into_iter()
                .find(|program| !is_there(program))
                .map(str::to_owned)
        } else {
            Some("root, for engines of its own".to_owned())
        };
        let missing = missing.or_else(|| engine().err().map(|error| format!("{error:#}")));
        if let Some(missing) = missing {
            skip(test, &missing);
            return None;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut swarm = Swarm {
            folder: temp_dir(),
            nodes,
            engines: Vec::new(),
            name: format!("swath-{}-{number}", std::process::id()),
        };
        swarm.join_namespaces();
        swarm.start_engines();
        let [first, _] = NODES;
        let address_of_first = address(first);
        let listen = [
            "--advertise-addr",
            &address_of_first,
            "--listen-addr",
            &address_of_first,
        ];
        swarm.docker(
            first,
            &[&["swarm", "init", HEARTBEAT], &listen[..]].concat(),
        );
        Some(swarm)
    }

    fn namespace(&self, node: &str) -> String {
        format!("{}-{node}", self.name)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The engine of a node, as `DOCKER_HOST` names it; the first one manages the Swarm.
    pub(crate) fn host(&self, node: &str) -> String {
        format!("unix://{}", self.path(&format!("{node}.sock")).display())
    }

    /// A command in the network of the first node.
    pub(crate) fn inside(&self, program: &Path) -> Command {
        let mut command = self.inside_of(NODES[0]);
        command.arg(program).env("DOCKER_HOST", self.host(NODES[0]));
        command
    }

    fn inside_of(&self, node: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}", self.namespace(node)));
        command
    }

    /// Two namespaces with one cable. No way leads out of them: an engine that looked for a newer image
    /// would wait for an answer.
    fn join_namespaces(&self) {
        for node in NODES {
            run(Command::new("ip").args(["netns", "add", &self.namespace(node)]));
        }
        let [first, second] = NODES.map(|node| self.namespace(node));
        run(Command::new("ip")
            .args(["link", "add", "cable", "netns", &first, "type", "veth"])
            .args(["peer", "name", "cable", "netns", &second]));
        for node in NODES {
            let own = format!("{}/24", address(node));
            for arguments in [
                vec!["link", "set", "lo", "up"],
                vec!["address", "add", &own, "dev", "cable"],
                vec!["link", "set", "cable", "up"],
            ] {
                run(self.inside_of(node).arg("ip").args(arguments));
            }
        }
    }

    fn start_engines(&mut self) {
        fs::write(self.path("daemon.json"), "{}").unwrap();
        let mut format = Command::new("docker");
        let driver = run(format.args(["info", "--format", "{{.Driver}}"]));
        for node in self.nodes {
            let log = fs::File::create(self.path(&format!("{node}.log"))).unwrap();
            let option = |name: &str, value: &str| format!("--{name}={value}");
            let own = |name: &str| self.path(&format!("{node}-{name}")).display().to_string();
            let mut command = self.inside_of(node);
            command.arg("dockerd").args([
                option(
                    "config-file",
                    &self.path("daemon.json").display().to_string(),
                ),
                option("data-root", &own("data")),
                option("exec-root", &own("exec")),
                option("pidfile", &own("pid")),
                option("host", &self.host(node)),
                option("storage-driver", driver.trim()),
                option("cgroup-parent", &format!("/{}", self.namespace(node))),
            ]);
            command
                .stdin(Stdio::null())
                .stdout(log.file().try_clone().unwrap());
            command.stderr(log.into_file());
            self.engines.push(Guard::spawn(&mut command).unwrap());
        }
        for node in self.nodes {
            wait_until(LIMIT, "an engine", || {
                self.try_docker(node, &["version"]).status.success()
            });
        }
    }

    fn try_docker(&self, node: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new("docker");
        command.arg("--host").arg(self.host(node)).args(arguments);
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// What an engine's client prints; it must succeed.
    pub(crate) fn docker(&self, node: &str, arguments: &[&str]) -> String {
        told(arguments, &self.try_docker(node, arguments))
    }

    /// Gives both engines an image of this machine's.
    pub(crate) fn load(&self, image: &str) {
        let archive = self.path("image.tar").display().to_string();
        run(Command::new("docker").args(["save", "--output", &archive, image]));
        for node in self.nodes {
            self.docker(node, &["load", "--quiet", "--input", &archive]);
        }
    }

    /// Kills what is left of a node's containers.
    fn kill_containers(&self, node: &str) {
        let inside = format!("*/{}/*", self.namespace(node));
        let mut find = Command::new("find");
        find.arg("/sys/fs/cgroup").args(["-path", &inside]);
        find.args(["-name", "cgroup.procs", "-exec", "cat", "{}", "+"]);
        let listed = find
            .output()
            .map(|output| output.stdout)
            .unwrap_or_default();
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let processes: BTreeSet<&str> = listed.split_whitespace().collect();
        if !processes.is_empty() {
            let _ = Command::new("kill").arg("-9").args(processes).output();
        }
    }

    /// How the processes of a node are known: the command lines of its engine's name files in this folder
    /// that begin with the node's name, and those of its containers are in this control group.
    pub(crate) fn marks(&self, node: &str) -> [String; 2] {
        let folder = self.folder.path().display().to_string();
        [folder, self.namespace(node)]
    }

    /// A folder that the tasks of both nodes can write to.
    pub(crate) fn shared_folder(&self) -> PathBuf {
        let folder = self.path("store");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
        folder
    }
}

impl Drop for Swarm {
    fn drop(&mut self) {
        for node in self.nodes {
            self.try_docker(node, &["swarm", "leave", "--force"]);
        }
        // An engine that ends takes its containers along.
        for engine in &mut self.engines {
            engine.signal(Signal::TERM);
            engine.wait(LIMIT);
        }
        // One that was killed leaves them.
        for node in self.nodes {
            self.kill_containers(node);
        }
        let below = self.folder.path().display().to_string();
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let mut left: Vec<&str> = mounts
            .lines()
            .filter_map(|line| line.split(' ').nth(1))
            .collect();
        left.retain(|path| path.starts_with(&below));
        for path in left.into_iter().rev() {
            let _ = Command::new("umount").args(["--lazy", path]).output();
        }
        for node in NODES {
            let name = self.namespace(node);
            let _ = Command::new("ip").args(["netns", "delete", &name]).output();
            let groups = [
                "-depth",
                "-type",
                "d",
                "-path",
                &format!("*/{name}*"),
                "-exec",
                "rmdir",
                "{}",
                ";",
            ];
            let _ = Command::new("find")
                .arg("/sys/fs/cgroup")
                .args(groups)
                .output();
        }
    }
}

/// The address of a node.
pub(crate) fn address(node: &str) -> String {
    let place = NODES.iter().position(|one| *one == node).unwrap() + 1;
    format!("10.77.0.{place}")
}

fn is_there(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

/// What a command prints; it must succeed.
fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    told(command, &output)
}

fn told(asked: impl std::fmt::Debug, output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{asked:?}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
