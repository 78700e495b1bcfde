//! What a command line says of a process: whether it is a Python, how it was started, what it runs.

pub(crate) mod wrapper;

pub(crate) use swath_model::is_python_name;

/// Programs and modules that run tests; documented in `docs/reference/roles.md`.
const TEST_RUNNERS: [&str; 18] = [
    "pytest",
    "py.test",
    "unittest",
    "behave",
    "robot",
    "pabot",
    "nose",
    "nose2",
    "trial",
    "stestr",
    "ward",
    "green",
    "avocado",
    "radish",
    "lettuce",
    "tavern-ci",
    "locust",
    "schemathesis",
];

/// The names by which a test runner is recognised.
pub fn test_runners() -> &'static [&'static str] {
    &TEST_RUNNERS
}

/// What a Python was asked to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PythonSubject {
    /// `-m NAME`.
    Module(String),
    /// A file.
    Script(String),
    /// `-c` code.
    Code(String),
    /// Standard input, or nothing.
    Interactive,
}

/// A Python command line, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PythonCommand {
    /// `-I` was given.
    pub(crate) isolated: bool,
    /// `-E` was given.
    pub(crate) ignores_environment: bool,
    /// `-S` was given.
    pub(crate) without_site: bool,
    /// What it runs.
    pub(crate) subject: PythonSubject,
    /// The arguments of what it runs.
    pub(crate) arguments: Vec<String>,
}

/// The last component of a path.
pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a program of this name is a shell.
pub(crate) fn is_shell(path: &str) -> bool {
    matches!(
        base_name(path).trim_start_matches('-'),
        "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh"
    )
}

impl PythonCommand {
    /// Takes apart the command line of a Python; `arguments` begins with the program.
    pub(crate) fn parse(arguments: &[String]) -> PythonCommand {
        let mut command = PythonCommand {
            isolated: false,
            ignores_environment: false,
            without_site: false,
            subject: PythonSubject::Interactive,
            arguments: Vec::new(),
        };
        let mut rest = arguments.iter().skip(1);
        while let Some(argument) = rest.next() {
            let options = match argument.strip_prefix('-') {
                None | Some("") => {
                    command.subject = PythonSubject::Script(argument.clone());
                    break;
                }
                Some(long) if long.starts_with('-') => {
                    if long == "-check-hash-based-pycs" {
                        rest.next();
                    }
                    continue;
                }
                Some(options) => options,
            };
            if command.read_short_options(options, &mut rest) {
                break;
            }
        }
        command.arguments = rest.cloned().collect();
        command
    }

    /// Reads one word of short options; true when it named what to run.
    fn read_short_options<'a>(
        &mut self,
        options: &str,
        rest: &mut impl Iterator<Item = &'a String>,
    ) -> bool {
        for (index, option) in options.char_indices() {
            let attached = &options[index + option.len_utf8()..];
            let mut value = || {
                if attached.is_empty() {
                    rest.next().cloned().unwrap_or_default()
                } else {
                    attached.to_owned()
                }
            };
            match option {
                'I' => self.isolated = true,
                'E' => self.ignores_environment = true,
                'S' => self.without_site = true,
                'c' => {
                    self.subject = PythonSubject::Code(value());
                    return true;
                }
                'm' => {
                    self.subject = PythonSubject::Module(value());
                    return true;
                }
                'W' | 'X' | 'Q' => {
                    value();
                    return false;
                }
                _ => {}
            }
        }
        false
    }

    /// Whether it runs tests.
    pub(crate) fn is_test_runner(&self) -> bool {
        let name = match &self.subject {
            PythonSubject::Module(name) => name.split('.').next().unwrap_or(name),
            PythonSubject::Script(path) => match script_name(path) {
                // `pytest/__main__.py`, as `python -m` shows itself in some tools.
                "__main__" => path.rsplit('/').nth(1).unwrap_or_default(),
                name if is_test_script(name) => return true,
                name => name,
            },
            PythonSubject::Code(_) | PythonSubject::Interactive => return false,
        };
        if TEST_RUNNERS.contains(&name) {
            return true;
        }
        match name {
            "manage" | "django" | "django-admin" => {
                self.arguments.first().is_some_and(|a| a == "test")
            }
            // `coverage run -m pytest` and `swath run -m pytest` run it in their own process.
            "coverage" => self
                .arguments
                .iter()
                .skip(1)
                .any(|a| TEST_RUNNERS.contains(&base_name(a))),
            _ => false,
        }
    }
}

/// Whether a script is called as tests are.
fn is_test_script(name: &str) -> bool {
    let words = || name.split(['_', '-']);
    let is_test = |word: &str| matches!(word, "test" | "tests" | "runtests");
    words().next().is_some_and(is_test) || words().next_back().is_some_and(is_test)
}

fn script_name(path: &str) -> &str {
    let name = base_name(path);
    name.strip_suffix(".py").unwrap_or(name)
}

/// Whether a command line, Python or not, runs tests.
pub(crate) fn is_test_runner(arguments: &[String]) -> bool {
    let Some(program) = arguments.first() else {
        return false;
    };
    if is_python_name(program) {
        return PythonCommand::parse(arguments).is_test_runner();
    }
    TEST_RUNNERS.contains(&script_name(program))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn isolation_flags_are_read_alone_and_joined() {
        let command = PythonCommand::parse(&words("python -Wd -X dev -Im pkg.mod --x -S"));
        assert!(command.isolated && !command.without_site);
        assert_eq!(command.subject, PythonSubject::Module("pkg.mod".to_owned()));
        assert_eq!(command.arguments, words("--x -S"));
        assert!(PythonCommand::parse(&words("python -u -E prog.py -I")).ignores_environment);
        assert!(!PythonCommand::parse(&words("python prog.py -I")).isolated);
        assert!(PythonCommand::parse(&words("python -Sc pass")).without_site);
    }

    #[test]
    fn test_runners_are_known_in_every_spelling() {
        for line in [
            "/v/bin/python /v/bin/pytest -q",
            "python3 -m pytest",
            "python -m unittest discover",
            "pytest",
            "python manage.py test",
            "python -m coverage run -m pytest",
            "python -W error -m pytest.__main__",
            "python test_shop.py",
            "python3 ci/run_tests.py --fast",
            "python tests.py",
        ] {
            assert!(is_test_runner(&words(line)), "{line}");
        }
        for line in [
            "python app.py pytest",
            "gunicorn xy:app()",
            "python manage.py runserver",
            "python -c x",
            "python latest.py",
            "python contest-data.py",
            "make test",
        ] {
            assert!(!is_test_runner(&words(line)), "{line}");
        }
    }
}
