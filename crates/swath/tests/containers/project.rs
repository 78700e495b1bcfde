//! A project in a folder of its own, whose containers, networks and images go with it.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use swath_test::{
    Requirements, Venv, base_image_with, coverage_requirements, example_requirements, image_python,
    skip, temp_dir, venv,
};
use tempfile::TempDir;

pub(crate) struct Project {
    folder: TempDir,
    cache: TempDir,
    pub(crate) name: String,
    pub(crate) base: String,
    venv: Venv,
}

impl Project {
    /// None, and a named skip, where no engine answers.
    pub(crate) fn new(test: &str) -> Option<Project> {
        Project::with(test, &Requirements::default())
    }

    /// With more packages in its base image.
    pub(crate) fn with(test: &str, more: &Requirements) -> Option<Project> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let Some(python) = image_python() else {
            skip(test, "no CPython that an image can be made of");
            return None;
        };
        let base = base_image_with(python, more, test)?;
        let venv = venv(
            python,
            &example_requirements().and(&coverage_requirements()),
        )?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Some(Project {
            folder: temp_dir(),
            cache: temp_dir(),
            name: format!("swathtest{}x{number}", std::process::id()),
            base,
            venv,
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn image(&self) -> String {
        format!("swath-test/{}:1", self.name)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        swath_test::write_file(self.folder().join(path), text);
    }

    /// Writes the Dockerfile, with the label by which its containers are found again.
    pub(crate) fn write_dockerfile(&self, text: &str) {
        let text = format!("{text}\nLABEL swath-test={}\n", self.name);
        self.write("Dockerfile", &text);
    }

    /// A command in the project's folder, with coverage.py on its path.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap_or_default();
        let bin = self.venv.folder().join("bin");
        command
            .args(arguments)
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("XDG_CACHE_HOME", self.cache.path())
            .env("PROJECT", &self.name)
            .env("IMAGE", self.image())
            .env("BASE", &self.base)
            .env("NO_COLOR", "1")
            .env_remove("PYTHONPATH");
        command
    }

    pub(crate) fn succeeds(&self, program: &str, arguments: &[&str]) -> String {
        text(&self.command(program, arguments).output().unwrap())
    }

    /// `swath run --json run.json -- COMMAND`: what it printed, and its account.
    pub(crate) fn swath(&self, options: &[&str], command: &[&str]) -> (Output, Value) {
        let mut arguments = vec!["run", "--json", "run.json"];
        arguments.extend(options);
        arguments.push("--");
        arguments.extend(command);
        let output = self
            .command(env!("CARGO_BIN_EXE_swath"), &arguments)
            .output()
            .unwrap();
        let account = fs_err::read_to_string(self.folder().join("run.json"));
        let account = account.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
        (output, account)
    }

    /// The names of what `docker` lists with these arguments.
    pub(crate) fn listed(arguments: &[&str]) -> Vec<String> {
        let output = Command::new("docker").args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.split_whitespace().map(str::to_owned).collect()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        // Containers inherit the labels of their image.
        let of_image = format!("label=swath-test={}", self.name);
        let of_project = format!("label=com.docker.compose.project={}", self.name);
        let of_network = format!("network={}_default", self.name);
        let mut volumes = Vec::new();
        for filter in [&of_image, &of_project, &of_network] {
            for id in Project::listed(&["ps", "-aq", "--filter", filter]) {
                let format = "{{range .Mounts}}{{.Name}} {{end}}";
                volumes.extend(Project::listed(&["inspect", "-f", format, &id]));
                Project::listed(&["rm", "-fv", &id]);
            }
        }
        volumes.extend(Project::listed(&[
            "volume",
            "ls",
            "-q",
            "--filter",
            &of_project,
        ]));
        for volume in volumes {
            Project::listed(&["volume", "rm", &volume]);
        }
        Project::listed(&["network", "rm", &format!("{}_default", self.name)]);
        Project::listed(&["rmi", "-f", &self.image()]);
        // What an earlier build of it left without a name.
        let unnamed = format!("label=swath-test={}", self.name);
        Project::listed(&["image", "prune", "-f", "--filter", &unnamed]);
    }
}

/// What a command printed; it must have succeeded.
pub(crate) fn text(output: &Output) -> String {
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{}: {text}", output.status);
    text
}
