//! Containers that were given the agent and recorded nothing: whether a Python can have run in them.
//!
//! What the first process was is known, and the image says what that program is. Only where it
//! cannot have been a Python is a container without records complete.

use std::path::Path;

use swath_checkout::normal_path;
use swath_docker::{ContainerRecord, PlaceFiles};
use swath_model::{Finding, NotMeasuredReason};

use crate::command_line::{base_name, is_python_name, is_shell, is_test_runner, wrapper};
use crate::container::account::ContainerRun;
use crate::not_measured::{isolation, not_measured_in_container};

/// Programs that are Python whatever their file looks like.
const PYTHON_PROGRAMS: [&str; 12] = [
    "gunicorn",
    "uvicorn",
    "hypercorn",
    "daphne",
    "waitress-serve",
    "celery",
    "flask",
    "fastapi",
    "django-admin",
    "dramatiq",
    "rq",
    "uwsgi",
];
/// Programs that start what files of their own name: schedulers, supervisors, build tools.
const STARTERS: [&str; 26] = [
    "crond",
    "cron",
    "foreman",
    "forego",
    "goreman",
    "hivemind",
    "init",
    "just",
    "make",
    "monit",
    "npm",
    "npx",
    "overmind",
    "pm2",
    "pm2-runtime",
    "pnpm",
    "rake",
    "runit",
    "runsvdir",
    "s6-svscan",
    "supercronic",
    "systemd",
    "task",
    "xinetd",
    "yarn",
    "yarnpkg",
];
/// Programs that look at files or move them, and start none, whatever the files are called.
const READERS: [&str; 22] = [
    "basename",
    "cat",
    "chmod",
    "chown",
    "cp",
    "cut",
    "diff",
    "du",
    "echo",
    "grep",
    "head",
    "ln",
    "ls",
    "md5sum",
    "mkdir",
    "mv",
    "rm",
    "sha256sum",
    "stat",
    "tail",
    "touch",
    "wc",
];
/// A chain of programs that start each other is not longer.
const MOST_PROGRAMS: usize = 8;

/// What is known of a container in which no agent reported.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ran {
    /// No Python ran in it.
    NoPython,
    /// One can have run, for this is what was started; the reason for its silence where it shows.
    Perhaps {
        evidence: String,
        reason: Option<NotMeasuredReason>,
    },
}

/// The containers of a run that may have run a Python of which nothing is known.
pub(crate) fn silent_containers(containers: &ContainerRun) -> Vec<Finding> {
    let mut found = Vec::new();
    for (record, stores) in containers.records.iter().zip(&containers.stores) {
        let is_known = !record.has_run() || !stores.is_empty() || record.problem.is_some();
        if is_known || !not_measured_in_container(record, stores).is_empty() {
            continue;
        }
        // Of a pod only the manifest is known, and that may leave its command to the image.
        if containers.endpoint.is_none() && record.command.is_empty() {
            found.push(Finding::ContainerSilent {
                container: record.name.clone(),
                evidence: Some(
                    "it ran its image's own command, which is not known here".to_owned(),
                ),
                reason: None,
            });
            continue;
        }
        let read = |paths: &[String]| {
            let endpoint = containers.endpoint.as_ref()?;
            let files = PlaceFiles::new(endpoint, record);
            files
                .read(paths)
                .inspect_err(|error| tracing::debug!("{}: {error}", record.name))
                .ok()
        };
        if let Ran::Perhaps { evidence, reason } = judge(record, &read) {
            found.push(Finding::ContainerSilent {
                container: record.name.clone(),
                evidence: Some(evidence),
                reason,
            });
        }
    }
    found
}

type Read<'r> = dyn Fn(&[String]) -> Option<Vec<Option<Vec<u8>>>> + 'r;

fn judge(record: &ContainerRecord, read: &Read<'_>) -> Ran {
    let is_python = |command: &str| is_python_name(command.split(' ').next().unwrap_or_default());
    if let Some(seen) = record.seen.iter().find(|seen| is_python(&seen.command)) {
        let words: Vec<String> = seen.command.split(' ').map(str::to_owned).collect();
        return perhaps(&words, isolation(&words));
    }
    let mut search = Search {
        record,
        read,
        reason: None,
        evidence: None,
    };
    let mut words = record.command.clone();
    for _ in 0..MOST_PROGRAMS {
        match search.step(&words) {
            Step::Is(ran) => return ran,
            Step::Goes(on) => words = on,
        }
    }
    perhaps(&record.command, search.reason)
}

fn perhaps(words: &[String], reason: Option<NotMeasuredReason>) -> Ran {
    let shown = swath_data::without_secrets(words).join(" ");
    Ran::Perhaps {
        evidence: format!("it ran `{shown}`"),
        reason,
    }
}

enum Step {
    Is(Ran),
    /// It starts this command line in turn.
    Goes(Vec<String>),
}

/// The way from the first process of a container to the program that does the work.
struct Search<'a> {
    record: &'a ContainerRecord,
    read: &'a Read<'a>,
    reason: Option<NotMeasuredReason>,
    evidence: Option<String>,
}

impl Search<'_> {
    fn step(&mut self, words: &[String]) -> Step {
        let Some(program) = words.first() else {
            return Step::Is(Ran::NoPython);
        };
        let name = base_name(program);
        if is_python_name(name) {
            return self.python(words);
        }
        if STARTERS.contains(&name) {
            return Step::Is(perhaps(words, self.reason));
        }
        if let Some(wrapped) = wrapper::unwrap(words) {
            if let Some((reason, evidence)) = wrapped.python_path {
                self.found(reason, &evidence);
            }
            return Step::Goes(wrapped.command);
        }
        if is_shell(name) {
            return self.shell(words);
        }
        if PYTHON_PROGRAMS.contains(&name) || is_test_runner(words) {
            return self.python(words);
        }
        self.file(program, words)
    }

    fn python(&self, words: &[String]) -> Step {
        let reason = isolation(words).or(self.reason);
        let ran = match (&self.evidence, reason) {
            (Some(evidence), Some(_)) => Ran::Perhaps {
                evidence: evidence.clone(),
                reason,
            },
            _ => perhaps(words, reason),
        };
        Step::Is(ran)
    }

    fn shell(&mut self, words: &[String]) -> Step {
        let mut rest = words.iter().skip(1);
        while let Some(word) = rest.next() {
            // `-o pipefail`, also as `-eo pipefail`.
            if word.starts_with(['-', '+']) && !word.starts_with("--") && word.ends_with(['o', 'O'])
            {
                rest.next();
                continue;
            }
            // Options come together: `-ec TEXT`.
            if word.starts_with('-') && !word.starts_with("--") && word.ends_with('c') {
                let text = rest.next().cloned().unwrap_or_default();
                // What follows the text is `$0`, then the arguments.
                let arguments = rest.skip(1).cloned().collect();
                return self.script(&text, "its command", words, arguments);
            }
            if !word.starts_with(['-', '+']) {
                let script: Vec<String> = std::iter::once(word).chain(rest).cloned().collect();
                return self.file(word, &script);
            }
        }
        Step::Is(Ran::NoPython)
    }

    /// A program that is only known by its file.
    fn file(&mut self, program: &str, words: &[String]) -> Step {
        let Some(files) = (self.read)(&self.candidates(program)) else {
            return Step::Is(perhaps(words, self.reason));
        };
        let Some(text) = files.into_iter().flatten().next() else {
            // What is not there did not run.
            let not_found = self
                .record
                .exits
                .iter()
                .any(|exit| matches!(exit.code, 126 | 127));
            return Step::Is(if not_found {
                Ran::NoPython
            } else {
                perhaps(words, self.reason)
            });
        };
        let text = String::from_utf8_lossy(&text);
        let Some(line) = text.strip_prefix("#!").and_then(|rest| rest.lines().next()) else {
            // Without such a line it is machine code, or a script that a shell reads.
            return if text.starts_with("\u{7f}ELF") {
                self.unless_named(words)
            } else {
                self.script(&text, program, words, words[1..].to_vec())
            };
        };
        let mut interpreter: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        if interpreter
            .first()
            .is_some_and(|word| base_name(word) == "env")
        {
            interpreter.remove(0);
            interpreter.retain(|word| word != "-S");
        }
        let first = interpreter.first().map_or("", |word| base_name(word));
        if is_python_name(first) {
            interpreter.extend(words.iter().cloned());
            return self.python(&interpreter);
        }
        if is_shell(first) {
            return self.script(&text, program, words, words[1..].to_vec());
        }
        self.unless_named(words)
    }

    /// A program that is no Python, and starts none unless it is told to: `su app -c 'python job.py'`.
    fn unless_named(&self, words: &[String]) -> Step {
        let reads = words
            .first()
            .is_some_and(|program| READERS.contains(&base_name(program)));
        if !reads && words.iter().skip(1).any(|word| mentions_python(word)) {
            return self.python(words);
        }
        Step::Is(Ran::NoPython)
    }

    /// Where a program can be.
    fn candidates(&self, program: &str) -> Vec<String> {
        let place = &self.record.place;
        let absolute = |folder: &str| {
            let path = Path::new(folder).join(program);
            normal_path(&path.to_string_lossy())
        };
        if program.contains('/') {
            return vec![absolute(&place.working_folder)];
        }
        let path = place.environment.0.get("PATH").map(String::as_str);
        path.unwrap_or("/usr/local/bin:/usr/bin:/bin")
            .split(':')
            .map(absolute)
            .chain(std::iter::once(absolute(&place.working_folder)))
            .collect()
    }

    fn script(&mut self, text: &str, name: &str, words: &[String], arguments: Vec<String>) -> Step {
        let lines = || {
            text.lines()
                .map(str::trim)
                .filter(|line| !line.starts_with('#'))
        };
        let replaces = |line: &str| {
            line.contains("PYTHONPATH=")
                && !line.contains("$PYTHONPATH")
                && !line.contains("${PYTHONPATH")
        };
        if lines().any(replaces) {
            let what = format!("`{name}` sets PYTHONPATH");
            self.found(NotMeasuredReason::PythonPathReplaced, &what);
        } else if lines().any(|line| line.contains("unset PYTHONPATH") || line.contains("env -i")) {
            let what = format!("`{name}` takes PYTHONPATH away");
            self.found(NotMeasuredReason::PythonPathScrubbed, &what);
        }
        if lines().any(mentions_python) {
            return self.python(words);
        }
        let hands_on = ["$@", "${@", "$*", "$1", "${1"];
        if lines().any(|line| hands_on.iter().any(|all| line.contains(all)))
            && !arguments.is_empty()
        {
            return Step::Goes(arguments);
        }
        Step::Is(Ran::NoPython)
    }

    fn found(&mut self, reason: NotMeasuredReason, evidence: &str) {
        if self.reason.is_none() {
            self.reason = Some(reason);
            self.evidence = Some(evidence.to_owned());
        }
    }
}

/// Whether a line of a script may start a Python.
fn mentions_python(line: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    line.split(|c| !is_part(c)).any(|word| {
        let is_script = word
            .strip_suffix(".py")
            .is_some_and(|stem| !stem.is_empty());
        is_python_name(word) || is_script || PYTHON_PROGRAMS.contains(&word)
    })
}

#[cfg(test)]
mod tests {
    use swath_docker::SeenProcess;

    use super::*;

    const FILES: [(&str, &str); 7] = [
        ("/bin/ls", "\u{7f}ELF"),
        ("/bin/launch", "\u{7f}ELF"),
        (
            "/app/entry.sh",
            "#!/bin/sh\nexport PYTHONPATH=/app/src\nexec \"$@\"\n",
        ),
        (
            "/app/adds.sh",
            "#!/bin/sh\nexport PYTHONPATH=src:$PYTHONPATH\nexec \"$@\"\n",
        ),
        (
            "/app/serve.sh",
            "#!/bin/bash\n# python is not here\nnginx -g off\n",
        ),
        ("/bin/tool", "#!/usr/bin/env -S python3 -I\nimport sys\n"),
        ("/app/job.sh", "cd /x && ./manage.py migrate\n"),
    ];

    fn of(words: &[&str]) -> Ran {
        let mut record = ContainerRecord::default();
        record.command = words.iter().map(|&word| word.to_owned()).collect();
        record.place.working_folder = "/app".to_owned();
        record
            .place
            .environment
            .0
            .insert("PATH".to_owned(), "/usr/bin:/bin".to_owned());
        let read = |paths: &[String]| {
            let file = |path: &String| {
                let found = FILES.iter().find(|(other, _)| other == path)?;
                Some(found.1.as_bytes().to_vec())
            };
            Some(paths.iter().map(file).collect())
        };
        judge(&record, &read)
    }

    fn reason(words: &[&str]) -> Option<NotMeasuredReason> {
        match of(words) {
            Ran::Perhaps { reason, .. } => reason,
            Ran::NoPython => panic!("{words:?}: no Python"),
        }
    }

    #[test]
    fn what_is_no_python_and_starts_none_is_known_to_be_none() {
        for words in [
            &["ls", "/data"][..],
            &["ls", "-l", "/app/job.py"],
            &["sh", "-c", "cat; echo end"],
            &["tini", "--", "ls"],
            &["/app/serve.sh"],
            &["bash", "serve.sh", "x"],
            &["/app/entry.sh", "ls", "-l"],
            &["sh"],
            &["bash", "-o", "pipefail", "-c", "ls | cat"],
            &["bash", "-eo", "pipefail", "-c", "ls | cat"],
            &[],
        ] {
            assert_eq!(of(words), Ran::NoPython, "{words:?}");
        }
    }

    #[test]
    fn what_may_be_a_python_is_and_the_reason_shows_where_it_can() {
        let replaced = Some(NotMeasuredReason::PythonPathReplaced);
        assert_eq!(
            reason(&["/app/entry.sh", "python3", "/app/job.py"]),
            replaced
        );
        assert_eq!(
            reason(&["dumb-init", "./entry.sh", "gunicorn", "app"]),
            replaced
        );
        assert_eq!(
            reason(&["env", "PYTHONPATH=/x", "python", "a.py"]),
            replaced
        );
        let scrubbed = Some(NotMeasuredReason::PythonPathScrubbed);
        assert_eq!(reason(&["env", "-i", "python", "a.py"]), scrubbed);
        let isolated = Some(NotMeasuredReason::Isolated);
        assert_eq!(reason(&["tool", "--all"]), isolated);
        assert_eq!(reason(&["timeout", "5", "tool"]), isolated);
        assert_eq!(reason(&["/app/adds.sh", "python3", "x.py"]), None);
        assert_eq!(reason(&["sh", "job.sh"]), None);
        assert_eq!(
            reason(&["sh", "-ec", "exec \"$@\"", "--", "python", "x"]),
            None
        );
        assert_eq!(reason(&["unknown"]), None);
        assert_eq!(reason(&["make", "serve"]), None);
        assert_eq!(reason(&["pm2-runtime", "ecosystem.config.js"]), None);
        assert_eq!(reason(&["tini", "--", "s6-svscan", "/etc/s6"]), None);
        assert_eq!(reason(&["launch", "-", "app", "-c", "python job.py"]), None);
        assert_eq!(
            reason(&["bash", "-o", "pipefail", "-c", "env -i python x.py | cat"]),
            scrubbed
        );
    }

    #[test]
    fn a_python_that_was_seen_says_more_than_the_command_line() {
        let mut record = ContainerRecord::default();
        record.command = vec!["ls".to_owned()];
        record.seen = vec![SeenProcess {
            pid: 1,
            command: "python3 -E job.py".to_owned(),
            seconds: 0,
            python_path: None,
            lacks_agent: false,
        }];
        let read = |_: &[String]| None;
        let ran = judge(&record, &read);
        let Ran::Perhaps { evidence, reason } = ran else {
            panic!("{ran:?}");
        };
        assert!(evidence.contains("job.py"), "{evidence}");
        assert_eq!(reason, Some(NotMeasuredReason::IgnoresEnvironment));
    }
}
