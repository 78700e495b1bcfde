//! A proposal as the options of `swath run`, for a project without settings.

use crate::proposal::{Proposal, ServiceProposal};

impl ServiceProposal {
    /// The value of `--service`: what the file says in keys of their own, `env` says here.
    #[must_use]
    pub fn as_option(&self) -> String {
        let mut words = Vec::new();
        if let Some(folder) = &self.folder {
            words.extend(["-C".to_owned(), folder.clone()]);
        }
        let variables = self.environment.iter();
        words.extend(variables.map(|(name, value)| format!("{name}={value}")));
        if words.is_empty() {
            return format!("{}={}", self.name, self.command);
        }
        format!(
            "{}=env {} {}",
            self.name,
            shell_words::join(words),
            self.command
        )
    }
}

impl Proposal {
    /// The command line that does what the proposal says, if the tests are known. `with_source` names the source, too.
    #[must_use]
    pub fn command_line(&self, with_source: bool) -> Option<String> {
        let mut words = vec!["swath".to_owned(), "run".to_owned()];
        for service in &self.services {
            words.extend(["--service".to_owned(), service.as_option()]);
            if let Some(ready) = &service.ready {
                words.extend(["--ready".to_owned(), format!("{}={ready}", service.name)]);
            }
        }
        if let Some(compose) = &self.compose {
            for file in &compose.files {
                words.extend(["--compose".to_owned(), file.clone()]);
            }
            if let Some(tests) = &compose.test_service {
                words.extend(["--test-service".to_owned(), tests.clone()]);
            }
            if let Some(profile) = &compose.profile {
                words.extend(["--profile".to_owned(), profile.clone()]);
            }
            for (name, ready) in &compose.ready {
                words.extend(["--ready".to_owned(), format!("{name}={ready}")]);
            }
        }
        if with_source && !self.source.is_empty() {
            words.extend(["--source".to_owned(), self.source.join(",")]);
            if !self.omit.is_empty() {
                words.extend(["--omit".to_owned(), self.omit.join(",")]);
            }
        }
        let words = words.iter().map(|word| quoted(word));
        let line = words.collect::<Vec<_>>().join(" ");
        match &self.test {
            Some(test) => Some(format!("{line} -- {test}")),
            None => self.has_tests().then_some(line),
        }
    }
}

/// A word as people write it for a shell: in double quotes where it holds single ones.
fn quoted(word: &str) -> String {
    if word.contains('\'') && !word.contains(['"', '$', '`', '\\', '!']) {
        format!("\"{word}\"")
    } else {
        shell_words::quote(word).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_says_all_of_it() {
        let proposal = Proposal {
            test: Some("pytest tests/system".to_owned()),
            services: vec![ServiceProposal {
                name: "web".to_owned(),
                command: "gunicorn 'app:make()'".to_owned(),
                ready: Some("http://127.0.0.1:8000/".to_owned()),
                environment: vec![("A".to_owned(), "b c".to_owned())],
                folder: Some("site".to_owned()),
            }],
            source: vec!["site".to_owned()],
            ..Proposal::default()
        };
        let words = shell_words::split(&proposal.command_line(true).unwrap()).unwrap();
        assert_eq!(
            words,
            [
                "swath",
                "run",
                "--service",
                "web=env -C site 'A=b c' gunicorn 'app:make()'",
                "--ready",
                "web=http://127.0.0.1:8000/",
                "--source",
                "site",
                "--",
                "pytest",
                "tests/system"
            ]
        );
        assert_eq!(Proposal::default().command_line(true), None);
    }
}
