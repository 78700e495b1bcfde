//! From what is found in a project to one proposal.

use std::collections::BTreeSet;
use std::path::Path;

use swath_config::SwathConfig;

use crate::application::Application;
use crate::compose_file::ComposeFile;
use crate::dependencies::{Dependencies, normal_name, pyproject};
use crate::django::DjangoProject;
use crate::health::{health_path, port_of_tests};
use crate::makefile::{TestTarget, test_target};
use crate::procfile::{self, Procfile};
use crate::project::{Project, SourceFile};
use crate::proposal::{ComposeProposal, Proposal, ServiceProposal};
use crate::server;
use crate::source::source;
use crate::system_tests::SystemTests;
use crate::task_runner::TaskRunner;
use crate::written_settings::WrittenSettings;

/// The port that a service gets where nothing names one.
const PORT: u16 = 8000;

/// What is there beside the project.
#[derive(Debug, Clone, Default)]
pub struct Circumstances {
    /// The packages in the environment that the project runs in ([`crate::installed_packages`]).
    pub installed: BTreeSet<String>,
    /// Containers can be started here.
    pub has_docker: bool,
}

/// Looks at the project in `root`, and says how it could be measured.
#[must_use]
pub fn propose(root: &Path, circumstances: &Circumstances) -> Proposal {
    let project = &Project::new(root);
    let sources = project.sources();
    let dependencies = Dependencies::of(project, &circumstances.installed);
    let tests = SystemTests::find(project, sources, &dependencies);
    let target = test_target(project);
    let served = Served::find(project, sources);
    let mut proposal = Proposal::default();
    of_source(&mut proposal, project, &served);
    // What somebody wrote is no guess, and needs none beside it.
    match WrittenSettings::of(root) {
        WrittenSettings::None => {}
        WrittenSettings::Read(config) => {
            of_settings(&mut proposal, *config, root);
            return proposal;
        }
        WrittenSettings::Unusable(_) => return proposal,
    }
    let runner = match (&target, &tests) {
        (None, None) => TaskRunner::find(project),
        _ => None,
    };
    of_tests(
        &mut proposal,
        tests.as_ref(),
        target.as_ref(),
        runner.as_ref(),
    );
    let by_target = target.as_ref().is_some_and(|target| target.brings_up);
    if by_target || runner.as_ref().is_some_and(|runner| runner.brings_up) {
        proposal.tests_start_services = true;
        proposal.remarks.extend(project.unreadable());
        return proposal;
    }
    let survey = Survey {
        project,
        sources,
        dependencies: &dependencies,
        served: &served,
        named_port: tests.as_ref().and_then(|tests| port_of_tests(&tests.texts)),
    };
    let compose = ComposeFile::find(project).filter(|file| file.built().next().is_some());
    let compose = match compose {
        Some(file) if !circumstances.has_docker => {
            proposal.remarks.push(format!(
                "{} builds the services, and there is no `docker` command here",
                file.name()
            ));
            None
        }
        other => other,
    };
    match compose {
        Some(file) => survey.of_compose(&mut proposal, &file),
        None => survey.of_services(&mut proposal),
    }
    proposal.remarks.extend(project.unreadable());
    proposal
}

/// Takes in what the settings say, which are there already.
fn of_settings(proposal: &mut Proposal, config: SwathConfig, root: &Path) {
    proposal.test = config.test.map(shell_words::join);
    proposal.services = config
        .services
        .into_iter()
        .map(|service| {
            let folder = service.directory.as_deref();
            let folder = folder.and_then(|folder| folder.strip_prefix(root).ok()?.to_str());
            ServiceProposal {
                name: service.name,
                command: shell_words::join(service.command),
                ready: None,
                environment: service.environment,
                folder: folder
                    .filter(|folder| !folder.is_empty())
                    .map(str::to_owned),
            }
        })
        .collect();
    proposal.compose = config.compose.map(|project| ComposeProposal {
        files: project
            .files
            .iter()
            .map(|file| file.display().to_string())
            .collect(),
        test_service: project.test_service,
        ..ComposeProposal::default()
    });
}

/// What is served.
struct Served {
    django: Option<DjangoProject>,
    application: Option<Application>,
}

impl Served {
    fn find(project: &Project, sources: &[SourceFile]) -> Self {
        let django = DjangoProject::find(project);
        let application = if django.is_none() {
            Application::find(project, sources)
        } else {
            None
        };
        Self {
            django,
            application,
        }
    }

    /// The folder that it is imported from, and its module.
    fn place(&self) -> (&str, Option<&str>) {
        match (&self.django, &self.application) {
            (Some(django), _) => (
                &django.folder,
                django.wsgi.as_deref().or(django.asgi.as_deref()),
            ),
            (None, Some(application)) => (&application.import_root, Some(&application.module)),
            (None, None) => ("", None),
        }
    }
}

fn of_source(proposal: &mut Proposal, project: &Project, served: &Served) {
    let (root, module) = served.place();
    let found = source(project, root, module);
    proposal.source = found.folders;
    proposal.omit = found.omit;
    if let Some(application) = &served.application {
        let call = if application.is_factory { "()" } else { "" };
        proposal.found.push(format!(
            "{}: `{}{call}` in {}",
            application.framework, application.object, application.file
        ));
    }
    if let Some(django) = &served.django {
        let at = if django.folder.is_empty() {
            "manage.py".to_owned()
        } else {
            format!("{}/manage.py", django.folder)
        };
        proposal.found.push(format!("Django: {at}"));
    }
}

fn of_tests(
    proposal: &mut Proposal,
    tests: Option<&SystemTests>,
    target: Option<&TestTarget>,
    runner: Option<&TaskRunner>,
) {
    match (target, tests) {
        (Some(target), _) => {
            proposal.test = Some(format!("make {}", shell_words::quote(&target.name)));
            let what = if target.brings_up {
                "which starts what it tests"
            } else {
                "which runs the system tests"
            };
            proposal.found.push(format!("makefile: `{}`, {what}", target.name));
        }
        (None, Some(tests)) => {
            proposal.test = Some(tests.command.clone());
            proposal.found.push(format!("system tests: {}", tests.place));
        }
        (None, None) if runner.is_some() => {}
        (None, None) => proposal.remarks.push(
            "no system tests were found: no folder such as tests/system or e2e, and no test that calls a server"
                .to_owned(),
        ),
    }
    if let Some(runner) = runner {
        proposal.test = Some(runner.command.clone());
        let what = if runner.brings_up {
            ", which starts what it tests"
        } else {
            ""
        };
        proposal
            .found
            .push(format!("{}: `{}`{what}", runner.file, runner.command));
        proposal.remarks.extend(runner.remark.clone());
    }
}

/// What the services of a project are derived from.
struct Survey<'a> {
    project: &'a Project,
    sources: &'a [SourceFile],
    dependencies: &'a Dependencies,
    served: &'a Served,
    /// The port that the tests call.
    named_port: Option<u16>,
}

impl Survey<'_> {
    fn port(&self) -> u16 {
        self.named_port.unwrap_or(PORT)
    }

    fn url(&self, port: u16) -> String {
        format!("http://127.0.0.1:{port}{}", health_path(self.sources))
    }

    fn of_compose(&self, proposal: &mut Proposal, file: &ComposeFile) {
        let names: Vec<&str> = file.built().map(|service| service.name.as_str()).collect();
        proposal
            .found
            .push(format!("{}: {}", file.name(), names.join(", ")));
        let unchecked = file.built().filter(|service| !service.has_health_check);
        let ready =
            unchecked.filter_map(|service| Some((service.name.clone(), self.url(service.port?))));
        let mut compose = ComposeProposal {
            files: file.files.iter().map(|&file| file.to_owned()).collect(),
            ready: ready.collect(),
            ..ComposeProposal::default()
        };
        if let Some(tests) = file.test_service() {
            compose.test_service = Some(tests.name.clone());
            compose.profile = tests.profiles.first().cloned();
            proposal
                .found
                .push(format!("{}: `{}` runs the tests", file.name(), tests.name));
            // Its own command runs them.
            proposal.test = None;
            proposal
                .remarks
                .retain(|remark| !remark.starts_with("no system tests"));
        }
        proposal.compose = Some(compose);
    }

    fn of_services(&self, proposal: &mut Proposal) {
        let text = self.project.read("Procfile").unwrap_or_default();
        let Procfile {
            processes,
            unusable,
        } = procfile::parse(&text, self.port());
        proposal.remarks.extend(unusable.iter().map(|name| {
            format!("the command of `{name}` in the Procfile has a quote that is not closed")
        }));
        if !processes.is_empty() {
            let names: Vec<&str> = processes
                .iter()
                .map(|process| process.name.as_str())
                .collect();
            proposal
                .found
                .push(format!("Procfile: {}", names.join(", ")));
            proposal.services = processes
                .into_iter()
                .map(|process| self.of_process(process))
                .collect();
            return;
        }
        let served = if let Some(django) = &self.served.django {
            Some(server::of_django(django, self.dependencies, self.port()))
        } else if let Some(application) = &self.served.application {
            let service = server::of_application(
                application,
                self.dependencies,
                self.is_installed(),
                self.port(),
            );
            if service.is_none() {
                proposal.remarks.push(format!(
                    "no server for {} was found: neither the project's dependencies nor the environment has one",
                    application.framework
                ));
            }
            service
        } else {
            proposal.remarks.push(
                "no web application was found: no manage.py, Procfile or compose file that builds services, and no \
                 `app = Flask(…)`, `FastAPI(…)` or the like"
                    .to_owned(),
            );
            None
        };
        if let Some((mut service, server)) = served {
            proposal.found.push(format!("server: {server}"));
            service.ready = Some(self.url(self.port()));
            proposal.services.push(service);
        }
    }

    fn of_process(&self, process: procfile::ProcessType) -> ServiceProposal {
        let is_web = process.name == "web";
        let port = port_of_command(&process.command).unwrap_or(self.port());
        let mut environment = process.environment;
        let (root, _) = self.served.place();
        let has_path = environment.iter().any(|(name, _)| name == "PYTHONPATH");
        if root == "src" && !has_path && !self.is_installed() {
            environment.push(("PYTHONPATH".to_owned(), "src".to_owned()));
        }
        ServiceProposal {
            name: process.name,
            ready: is_web.then(|| self.url(port)),
            command: process.command,
            environment,
            folder: None,
        }
    }

    /// Whether the project itself is installed in its environment.
    fn is_installed(&self) -> bool {
        let name = pyproject(self.project)
            .and_then(|table| Some(normal_name(table.get("project")?.get("name")?.as_str()?)));
        name.is_some_and(|name| self.dependencies.has_installed(&name))
    }
}

/// The port that a command line names: `:8000`, `--port 8000`, `-p8000`.
fn port_of_command(command: &str) -> Option<u16> {
    let words = shell_words::split(command).ok()?;
    let mut is_port = false;
    for word in &words {
        let value = word
            .split_once('=')
            .map_or(word.as_str(), |(_, value)| value);
        let short = word.strip_prefix("-p").and_then(|port| port.parse().ok());
        let number = if is_port || word.starts_with("--port=") {
            value.parse().ok()
        } else if short.is_some() {
            short
        } else if word.contains("://") {
            // The address of something else, such as a broker.
            None
        } else {
            value
                .rsplit_once(':')
                .and_then(|(_, port)| port.parse().ok())
        };
        if number.is_some() {
            return number;
        }
        is_port = matches!(word.as_str(), "--port" | "-p");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLASK: &str =
        "from flask import Flask\napp = Flask(__name__)\n@app.get('/health')\ndef f(): pass\n";
    const TEST: &str = "import requests\nrequests.get('http://localhost:5001/')\n";

    fn look(files: &[(&str, &str)], has_docker: bool) -> Proposal {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            swath_test::write_file(folder.path().join(name), text);
        }
        let circumstances = Circumstances {
            installed: BTreeSet::new(),
            has_docker,
        };
        propose(folder.path(), &circumstances)
    }

    #[test]
    fn a_web_application_is_served_where_its_tests_call_it() {
        let found = look(
            &[
                ("app.py", FLASK),
                ("requirements.txt", "flask\ngunicorn\n"),
                ("tests/system/test_a.py", TEST),
            ],
            false,
        );
        assert_eq!(found.test.as_deref(), Some("pytest tests/system"));
        let [web] = &found.services[..] else {
            panic!("one service is expected: {found:?}");
        };
        assert_eq!(
            web.command,
            "gunicorn --workers=2 --bind=127.0.0.1:5001 app:app"
        );
        assert_eq!(web.ready.as_deref(), Some("http://127.0.0.1:5001/health"));
        assert_eq!(found.source, ["."]);
        assert_eq!(found.remarks, [""; 0]);
    }

    #[test]
    fn a_package_that_is_not_installed_is_found_in_src() {
        let found = look(
            &[
                ("src/shop/__init__.py", ""),
                (
                    "src/shop/main.py",
                    "from fastapi import FastAPI\napp = FastAPI()\n",
                ),
                (
                    "pyproject.toml",
                    "[project]\nname = 'shop'\ndependencies = ['fastapi', 'uvicorn']\n",
                ),
            ],
            false,
        );
        let [web] = &found.services[..] else {
            panic!("one service is expected: {found:?}");
        };
        assert_eq!(web.command, "uvicorn --port=8000 shop.main:app");
        assert_eq!(
            web.environment,
            [("PYTHONPATH".to_owned(), "src".to_owned())]
        );
        assert_eq!(found.source, ["src"]);
        assert!(
            found.test.is_none() && found.remarks[0].starts_with("no system tests"),
            "{found:?}"
        );
    }

    #[test]
    fn a_procfile_comes_before_a_guess_and_a_compose_file_before_both() {
        let compose =
            "services:\n  api:\n    build: .\n    ports: ['8080:80']\n  db: {image: postgres}\n";
        let files = [
            ("app.py", FLASK),
            (
                "Procfile",
                "web: gunicorn -b 0.0.0.0:$PORT app:app\nworker: python work.py\n",
            ),
            ("compose.yml", compose),
            ("tests/e2e/test_a.py", ""),
        ];
        let found = look(&files, false);
        let names: Vec<&str> = found
            .services
            .iter()
            .map(|service| service.name.as_str())
            .collect();
        assert_eq!(names, ["web", "worker"]);
        assert_eq!(found.services[1].ready, None);
        assert!(found.remarks[0].contains("compose.yml"), "{found:?}");
        let found = look(&files, true);
        let project = found.compose.unwrap();
        assert_eq!(
            project.ready,
            [("api".to_owned(), "http://127.0.0.1:8080/health".to_owned())]
        );
        assert!(found.services.is_empty());
    }

    #[test]
    fn a_target_that_starts_everything_needs_no_services() {
        let found = look(
            &[
                ("app.py", FLASK),
                ("requirements.txt", "gunicorn"),
                (
                    "Makefile",
                    "test-system:\n\tdocker compose up -d\n\tpytest\n",
                ),
            ],
            true,
        );
        assert_eq!(found.test.as_deref(), Some("make test-system"));
        assert!(!found.starts_services(), "{found:?}");
    }

    #[test]
    fn tox_and_nox_run_tests_that_nothing_plainer_runs() {
        let tox = ("tox.ini", "[testenv:e2e]\ncommands = pytest checks\n");
        let nox = ("noxfile.py", "@nox.session\ndef e2e(session):\n    pass\n");
        let found = look(&[("app.py", FLASK), tox, nox], false);
        assert_eq!(found.test.as_deref(), Some("tox -e e2e"));
        assert!(found.remarks[0].contains("`pass_env = PYTHONPATH`"));
        assert!(
            !found
                .remarks
                .iter()
                .any(|remark| remark.starts_with("no system tests"))
        );
        let found = look(&[("app.py", FLASK), nox], false);
        assert_eq!(found.test.as_deref(), Some("nox -s e2e"));
        let files = [
            ("app.py", FLASK),
            tox,
            nox,
            ("tests/system/test_a.py", TEST),
        ];
        let found = look(&files, false);
        assert_eq!(found.test.as_deref(), Some("pytest tests/system"));
        assert!(!found.remarks.iter().any(|remark| remark.contains("tox")));
    }

    #[test]
    fn django_is_served_by_what_is_there() {
        let files = [
            (
                "site/manage.py",
                "os.environ.setdefault(\"DJANGO_SETTINGS_MODULE\", \"shop.settings\")",
            ),
            ("site/shop/__init__.py", ""),
            ("site/shop/wsgi.py", "application = get_wsgi_application()"),
        ];
        let command = |requirement: &str| {
            let files = [&files[..], &[("requirements.txt", requirement)]].concat();
            let mut found = look(&files, false);
            let web = found.services.pop().unwrap();
            assert_eq!(web.folder.as_deref(), Some("site"));
            assert_eq!(found.source, ["site"]);
            web.command
        };
        assert_eq!(
            command("gunicorn"),
            "gunicorn --workers=2 --bind=127.0.0.1:8000 shop.wsgi"
        );
        assert_eq!(
            command("django"),
            "python manage.py runserver --noreload 127.0.0.1:8000"
        );
    }

    #[test]
    fn ports_of_commands_are_found() {
        for (command, port) in [
            ("gunicorn -b 0.0.0.0:5000 app:app", Some(5000)),
            ("uvicorn app:app --port 9000", Some(9000)),
            ("flask run --port=7000", Some(7000)),
            ("flask run -p7000", Some(7000)),
            ("flask run -p 7000", Some(7000)),
            ("gunicorn -p gunicorn.pid app:app", None),
            ("serve --broker=redis://localhost:6379 --bind :80", Some(80)),
            ("gunicorn app:app", None),
        ] {
            assert_eq!(port_of_command(command), port, "{command}");
        }
    }

    #[test]
    fn what_somebody_wrote_is_not_guessed_again() {
        let settings = "test = 'pytest -k \"a b\"'\n[services.web]\ncommand = 'serve'\n";
        let found = look(&[("app.py", FLASK), ("swath.toml", settings)], true);
        assert_eq!(found.test.as_deref(), Some("pytest -k 'a b'"));
        assert_eq!(found.services[0].command, "serve");
        assert_eq!(found.remarks, [""; 0]);
        assert_eq!(found.source, ["."]);
    }

    #[test]
    fn what_cannot_be_read_is_named_and_what_is_missing_is_not() {
        let folder = tempfile::tempdir().unwrap();
        swath_test::write_file(folder.path().join("app.py"), FLASK);
        fs_err::write(folder.path().join("Procfile"), [0xff, 0xfe]).unwrap();
        let found = propose(folder.path(), &Circumstances::default());
        let named: Vec<&String> = found
            .remarks
            .iter()
            .filter(|remark| remark.contains("cannot be read"))
            .collect();
        assert_eq!(named.len(), 1, "{found:?}");
        assert!(named[0].contains("`Procfile`") && named[0].contains("UTF-8"));
    }
}
