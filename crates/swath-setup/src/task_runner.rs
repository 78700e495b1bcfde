//! System tests that only tox or nox can start: the environment or session, and what it keeps from them.

use std::collections::BTreeMap;

use crate::makefile::{is_target_of_system_tests, starts_something};
use crate::project::Project;
use crate::system_tests::is_folder_of_system_tests;

/// The variables by which the agent comes; either is enough.
const BY_PATH: &str = "PYTHONPATH";
const BY_LOADER: &str = "LD_PRELOAD";

/// What runs system tests through tox or nox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaskRunner {
    /// The command, as a shell would read it.
    pub(crate) command: String,
    /// The file that it is derived from.
    pub(crate) file: &'static str,
    /// It starts what it tests.
    pub(crate) brings_up: bool,
    /// What has to be written before it can be measured: one sentence.
    pub(crate) remark: Option<String>,
}

impl TaskRunner {
    /// The environment of tox, or else the session of nox, that is called as system tests are.
    pub(crate) fn find(project: &Project) -> Option<Self> {
        let tox = project.read("tox.ini").and_then(|text| of_tox(&text));
        tox.or_else(|| of_nox(&project.read("noxfile.py")?))
    }
}

/// Whether system tests are called so: `e2e`, `system-tests`, `py312-e2e`.
fn is_name(name: &str) -> bool {
    let is_python = |factor: &str| {
        let version = factor.strip_prefix("py").unwrap_or(factor);
        version.chars().all(|c| c.is_ascii_digit() || c == '.')
    };
    let name = match name.split_once('-') {
        Some((first, rest)) if is_python(first) => rest,
        _ => name,
    };
    is_target_of_system_tests(name) || is_folder_of_system_tests(name)
}

type Sections = BTreeMap<String, BTreeMap<String, String>>;

fn of_tox(text: &str) -> Option<TaskRunner> {
    let sections = sections(text);
    let listed = sections.get("tox").and_then(|tox| {
        let list = tox.get("env_list").or_else(|| tox.get("envlist"))?;
        let names = list.split([',', '\n']).map(str::trim);
        Some(names.map(str::to_owned).collect::<Vec<_>>())
    });
    let with_section = sections.keys().filter_map(|name| {
        let name = name.strip_prefix("testenv:")?;
        Some(name.to_owned())
    });
    let mut names = with_section.chain(listed.unwrap_or_default());
    let name = names.find(|name| !name.contains('{') && is_name(name))?;
    let own = sections.get(&format!("testenv:{name}"));
    let base = sections.get("testenv");
    // tox 4 has an underscore where tox 3 has none.
    let value = |one: &str, other: &str| -> String {
        let of = |section: Option<&BTreeMap<String, String>>| {
            let section = section?;
            section.get(one).or_else(|| section.get(other)).cloned()
        };
        let inherited = of(base).unwrap_or_default();
        match of(own) {
            Some(own) if own.contains("{[testenv]") => own + "\n" + &inherited,
            Some(own) => own,
            None => inherited,
        }
    };
    let passed = value("pass_env", "passenv");
    let is_passed = |variable: &str| {
        let patterns = passed.split(|c: char| c == ',' || c.is_whitespace());
        patterns.into_iter().any(|pattern| {
            let pattern = pattern.to_ascii_uppercase();
            match pattern.strip_suffix('*') {
                Some(start) => variable.starts_with(start),
                None => variable == pattern,
            }
        })
    };
    let set = value("set_env", "setenv");
    let is_replaced = set.lines().any(|line| {
        let name = line.split('=').next().unwrap_or_default();
        name.trim() == BY_PATH && !line.contains("{env:PYTHONPATH")
    });
    let section = match own {
        Some(_) => format!("[testenv:{name}]"),
        None => "[testenv]".to_owned(),
    };
    let remark = if is_passed(BY_LOADER) {
        None
    } else if is_replaced {
        Some(format!(
            "tox replaces PYTHONPATH and shuts out LD_PRELOAD, by which swath measures: add `LD_PRELOAD` to `pass_env` in `{section}` of tox.ini"
        ))
    } else if is_passed(BY_PATH) {
        None
    } else {
        Some(format!(
            "tox shuts out PYTHONPATH and LD_PRELOAD, by which swath measures: add `pass_env = PYTHONPATH` to `{section}` in tox.ini"
        ))
    };
    Some(TaskRunner {
        command: format!("tox -e {}", shell_words::quote(&name)),
        file: "tox.ini",
        brings_up: starts_something(&value("commands", "commands"))
            || starts_something(&value("commands_pre", "commands_pre")),
        remark,
    })
}

/// The values of an ini file, those of several lines as they are.
fn sections(text: &str) -> Sections {
    let mut sections = Sections::new();
    let (mut section, mut key) = (String::new(), String::new());
    for line in text.lines() {
        let content = line.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        let name = content
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let is_more = line.starts_with([' ', '\t']);
        if let Some(name) = name.filter(|_| !is_more) {
            name.trim().clone_into(&mut section);
            key.clear();
            sections.entry(section.clone()).or_default();
            continue;
        }
        let values = sections.entry(section.clone()).or_default();
        if is_more {
            if let Some(value) = values.get_mut(&key) {
                value.push('\n');
                value.push_str(content);
            }
        } else if let Some((name, value)) = content.split_once(['=', ':']) {
            name.trim().clone_into(&mut key);
            values.insert(key.clone(), value.trim().to_owned());
        }
    }
    sections
}

/// A session of nox, which hands its environment on.
fn of_nox(text: &str) -> Option<TaskRunner> {
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let is_session = line.starts_with("@nox.session") || line.starts_with("@session");
        if !is_session {
            continue;
        }
        let mut decorators = line.to_owned();
        let mut function = None;
        for line in lines.by_ref() {
            function = line
                .strip_prefix("def ")
                .and_then(|rest| rest.split_once('('));
            if function.is_some() {
                break;
            }
            decorators.push_str(line);
        }
        let mut body = String::new();
        while let Some(line) =
            lines.next_if(|line| line.is_empty() || line.starts_with([' ', '\t']))
        {
            body.push_str(line);
            body.push('\n');
        }
        let (function, _) = function?;
        let name = said_name(&decorators).unwrap_or_else(|| function.trim().to_owned());
        if is_name(&name) {
            return Some(TaskRunner {
                command: format!("nox -s {}", shell_words::quote(&name)),
                file: "noxfile.py",
                // Words of their own: `session.run("docker", "compose", …)`.
                brings_up: starts_something(&body.replace(['"', '\'', ','], "")),
                remark: None,
            });
        }
    }
    None
}

/// The name that a decorator gives: `name="e2e"`.
fn said_name(decorators: &str) -> Option<String> {
    let (_, rest) = decorators.split_once("name")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (name, _) = rest[1..].split_once(quote)?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(found: Option<TaskRunner>) -> Option<String> {
        found.map(|found| found.command)
    }

    #[test]
    fn environments_of_tox_are_known_by_their_names() {
        for (text, expected) in [
            ("[testenv:e2e]\ncommands = pytest\n", Some("tox -e e2e")),
            ("[testenv:system-tests]\n", Some("tox -e system-tests")),
            (
                "[tox]\nenv_list =\n    py312\n    py312-e2e\n[testenv]\n",
                Some("tox -e py312-e2e"),
            ),
            ("[tox]\nenvlist = py{311,312}-e2e, lint\n", None),
            ("[testenv:lint]\n[testenv:py312]\n", None),
            ("[coverage:run]\nsource = e2e\n", None),
        ] {
            assert_eq!(command(of_tox(text)).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_tox_shuts_out_is_named() {
        let remark = |text: &str| of_tox(text).unwrap().remark.unwrap_or_default();
        let bare = remark("[testenv:e2e]\ncommands = pytest\n");
        assert!(
            bare.contains("`pass_env = PYTHONPATH` to `[testenv:e2e]`"),
            "{bare}"
        );
        let listed = remark("[tox]\nenvlist = e2e\n[testenv]\npassenv = HOME\n");
        assert!(listed.contains("to `[testenv]` in tox.ini"), "{listed}");
        for reached in [
            "[testenv:e2e]\npass_env = HOME, PYTHONPATH\n",
            "[testenv:e2e]\npassenv =\n    HOME\n    PYTHON*\n",
            "[testenv]\npass_env = *\n[testenv:e2e]\n",
            "[testenv]\npass_env = PYTHONPATH\n[testenv:e2e]\npass_env =\n    {[testenv]pass_env}\n    HOME\n",
            "[testenv:e2e]\npass_env = LD_PRELOAD\nset_env =\n    PYTHONPATH = src\n",
        ] {
            assert_eq!(remark(reached), "", "{reached}");
        }
        let own = "[testenv]\npass_env = PYTHONPATH\n[testenv:e2e]\npass_env = HOME\n";
        assert!(remark(own).contains("shuts out"));
        let replaced = "[testenv:e2e]\npass_env = PYTHONPATH\nset_env =\n    PYTHONPATH = src\n";
        assert!(remark(replaced).contains("add `LD_PRELOAD` to `pass_env`"));
    }

    #[test]
    fn sessions_of_nox_are_known_by_their_names() {
        let body = "(session):\n    session.run('docker', 'compose', 'up')\n\n";
        for (text, expected) in [
            (
                format!("@nox.session\ndef e2e{body}"),
                Some(("nox -s e2e", true)),
            ),
            (
                "@nox.session(python=['3.11', '3.12'])\ndef lint(session):\n    pass\n\n@nox.session(\n    name='system-tests',\n)\ndef s(session):\n    session.run('pytest')\n".to_owned(),
                Some(("nox -s system-tests", false)),
            ),
            (format!("def e2e{body}"), None),
            ("@nox.session\n".to_owned(), None),
        ] {
            let found = of_nox(&text);
            let found = found
                .as_ref()
                .map(|found| (found.command.as_str(), found.brings_up));
            assert_eq!(found, expected, "{text}");
        }
    }
}
