//! A proposal as `swath.toml`.

use std::fmt::Write as _;

use crate::proposal::{ComposeProposal, Proposal, ServiceProposal};

/// What stands where no service was found.
const NO_SERVICE: &str = "
# What the tests call, unless they start it themselves:
# [services.web]
# command = \"gunicorn --bind=127.0.0.1:8000 app:wsgi\"
# ready = \"http://127.0.0.1:8000/\"
";

/// The text of a `swath.toml` that says what the proposal says.
pub(crate) fn render(proposal: &Proposal) -> String {
    let mut text =
        String::from("# How `swath run` tests this project and measures what the tests reach.\n");
    match &proposal.test {
        Some(test) => {
            let _ = writeln!(text, "test = {}", quoted(test));
        }
        None if proposal.has_tests() => {}
        None => text.push_str("# test = \"pytest tests/system\"\n"),
    }
    if let Some(compose) = &proposal.compose {
        render_compose(&mut text, compose);
    }
    for service in &proposal.services {
        render_service(&mut text, service);
    }
    if !proposal.starts_services() && !proposal.tests_start_services {
        text.push_str(NO_SERVICE);
    }
    text
}

fn render_compose(text: &mut String, compose: &ComposeProposal) {
    let files: Vec<String> = compose.files.iter().map(|file| quoted(file)).collect();
    let files = match files.as_slice() {
        [file] => file.clone(),
        files => format!("[{}]", files.join(", ")),
    };
    let _ = write!(text, "\n[compose]\nfile = {files}\n");
    let named = [
        ("test-service", &compose.test_service),
        ("profile", &compose.profile),
    ];
    for (key, value) in named {
        if let Some(value) = value {
            let _ = writeln!(text, "{key} = {}", quoted(value));
        }
    }
    if !compose.ready.is_empty() {
        let _ = writeln!(text, "ready = {}", inline(&compose.ready));
    }
}

fn render_service(text: &mut String, service: &ServiceProposal) {
    let _ = write!(
        text,
        "\n[services.{}]\ncommand = {}\n",
        key(&service.name),
        quoted(&service.command)
    );
    if let Some(ready) = &service.ready {
        let _ = writeln!(text, "ready = {}", quoted(ready));
    }
    if !service.environment.is_empty() {
        let _ = writeln!(text, "environment = {}", inline(&service.environment));
    }
    if let Some(folder) = &service.folder {
        let _ = writeln!(text, "cwd = {}", quoted(folder));
    }
}

fn inline(pairs: &[(String, String)]) -> String {
    let pairs = pairs.iter();
    let pairs = pairs.map(|(name, value)| format!("{} = {}", key(name), quoted(value)));
    format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn key(name: &str) -> String {
    toml_edit::Key::new(name).to_string()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use swath_config::SwathConfig;

    use super::*;

    #[test]
    fn what_is_written_is_what_swath_reads() {
        let proposal = Proposal {
            test: Some("pytest -k 'a \"b\"'".to_owned()),
            services: vec![ServiceProposal {
                name: "web.1".to_owned(),
                command: "gunicorn 'app:make()'".to_owned(),
                ready: Some("http://127.0.0.1:8000/".to_owned()),
                environment: vec![("A".to_owned(), "b\\c".to_owned())],
                folder: Some("backend".to_owned()),
            }],
            compose: Some(ComposeProposal {
                files: vec!["compose.yml".to_owned(), "b.yml".to_owned()],
                test_service: Some("tests".to_owned()),
                profile: Some("tests".to_owned()),
                ready: vec![("api".to_owned(), "tcp:127.0.0.1:1".to_owned())],
            }),
            ..Proposal::default()
        };
        let text = render(&proposal);
        let config = SwathConfig::parse(&text, Path::new("swath.toml"), &[]).unwrap();
        assert_eq!(config.test.unwrap(), ["pytest", "-k", "a \"b\""], "{text}");
        let web = &config.services[0];
        assert_eq!(
            (web.name.as_str(), web.command[1].as_str()),
            ("web.1", "app:make()")
        );
        assert_eq!(web.environment, [("A".to_owned(), "b\\c".to_owned())]);
        let compose = config.compose.unwrap();
        assert_eq!(compose.test_service.as_deref(), Some("tests"));
        assert_eq!((compose.ready.len(), compose.files.len()), (1, 2));
        let nothing = render(&Proposal::default());
        assert!(
            SwathConfig::parse(&nothing, Path::new("swath.toml"), &[])
                .unwrap()
                .test
                .is_none()
        );
    }
}
