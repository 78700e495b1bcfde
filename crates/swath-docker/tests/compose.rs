//! Compose through the proxy: up, run, exec, down, and containers that are there already.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "stand_in/delivery.rs"]
mod stand_in_delivery;

use std::process::{Command, Stdio};

use swath_docker::{Endpoint, Gathered, Proxy};
use swath_test::{Compose, base_image, composes_for, image_python, skip, temp_dir};
use tempfile::TempDir;

use crate::stand_in_delivery::delivery;

struct Project {
    folder: TempDir,
    name: String,
    compose: Vec<String>,
}

impl Project {
    fn new(compose: &Compose, image: &str, number: usize) -> Project {
        let folder = temp_dir();
        let text = format!(
            "version: '3.7'\nservices:\n  web:\n    image: {image}\n    init: true\n    command: [python, -c, 'import time; time.sleep(600)']\n"
        );
        fs_err::write(folder.path().join("docker-compose.yml"), text).unwrap();
        Project {
            folder,
            name: format!("swathproxy{}x{number}", std::process::id()),
            compose: compose.words.clone(),
        }
    }

    /// Compose with these arguments; without a proxy straight to the engine.
    fn compose(&self, proxy: Option<&Proxy>, arguments: &[&str]) -> String {
        let (program, first) = self.compose.split_first().unwrap();
        let mut command = Command::new(program);
        command
            .args(first)
            .args(["--project-name", &self.name])
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        if let Some(proxy) = proxy {
            command.env("DOCKER_HOST", proxy.address());
        }
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn proxy(&self, run: &str) -> Proxy {
        let folder = self.folder.path().join(run);
        fs_err::create_dir(&folder).unwrap();
        let delivery = delivery(&format!("{}-{run}", self.name), &folder);
        let endpoint = Endpoint::in_effect(&|name| std::env::var(name).ok()).unwrap();
        Proxy::start(&folder.join("docker.sock"), endpoint, delivery, || ()).unwrap()
    }

    /// The id and the first variable of the service's container.
    fn container(&self) -> (String, bool) {
        let id = self.compose(None, &["ps", "-q", "web"]).trim().to_owned();
        let output = Command::new("docker")
            .args(["inspect", &id])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (id, text.contains("/swath/agent"))
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        self.compose(None, &["down", "-t", "0", "--remove-orphans"]);
        for run in ["one", "two"] {
            let name = format!("name=swath-{}-{run}", self.name);
            let listed = Command::new("docker")
                .args(["volume", "ls", "-q", "--filter", &name])
                .output();
            for volume in String::from_utf8_lossy(&listed.unwrap().stdout).split_whitespace() {
                let _ = Command::new("docker")
                    .args(["volume", "rm", volume])
                    .output();
            }
        }
    }
}

fn foreground(gathered: &Gathered) -> Vec<bool> {
    gathered
        .containers
        .iter()
        .map(swath_docker::ContainerRecord::in_foreground)
        .collect()
}

#[test]
fn what_is_there_already_is_created_anew_and_cleanly_again() {
    let test = "what_is_there_already_is_created_anew_and_cleanly_again";
    let commands = composes_for(test);
    let Some(python) = image_python().filter(|_| !commands.is_empty()) else {
        return skip(test, "no Compose found, or no CPython for an image");
    };
    let Some(image) = base_image(python, test) else {
        return;
    };
    for (number, compose) in commands.iter().enumerate() {
        let project = Project::new(compose, &image, number);
        project.compose(None, &["up", "-d"]);
        let (plain, carries) = project.container();
        assert!(!carries);

        let one = project.proxy("one");
        project.compose(Some(&one), &["up", "-d"]);
        let (first, carries) = project.container();
        assert!(first != plain && carries, "created anew with the agent");
        project.compose(Some(&one), &["up", "-d"]);
        assert_eq!(project.container().0, first, "its own are up to date");
        let said = project.compose(Some(&one), &["exec", "-T", "web", "sh", "-c", "echo in"]);
        assert_eq!(said, "in\n");
        let said = project.compose(
            Some(&one),
            &["run", "--rm", "-T", "web", "sh", "-c", "echo once"],
        );
        assert!(said.contains("once"), "{said}");
        let gathered = one.finish();
        assert_eq!(foreground(&gathered).len(), 2);
        assert!(foreground(&gathered).contains(&true) && foreground(&gathered).contains(&false));

        let two = project.proxy("two");
        project.compose(Some(&two), &["up", "-d"]);
        let (second, carries) = project.container();
        assert!(second != first && carries, "another run's is out of date");
        two.finish();

        project.compose(None, &["up", "-d"]);
        let (last, carries) = project.container();
        assert!(last != second && !carries, "clean again");
    }
}
