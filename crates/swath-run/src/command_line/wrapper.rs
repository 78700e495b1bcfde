//! Programs that start another one in their place or below them, and what their command lines say of
//! it: `nice -n 10 python app.py`.

use swath_model::NotMeasuredReason;

use crate::command_line::base_name;

/// How the command line of such a program is read.
struct Wrapper {
    name: &'static str,
    /// The letters of options that take a value.
    letters: &'static str,
    /// The names of long options that take a value, which may stand in the next word.
    long: &'static [&'static str],
    /// How many words stand before the program: a time, a user, a folder.
    operands: usize,
}

const fn wrapper(
    name: &'static str,
    letters: &'static str,
    long: &'static [&'static str],
    operands: usize,
) -> Wrapper {
    Wrapper {
        name,
        letters,
        long,
        operands,
    }
}

const WRAPPERS: [Wrapper; 25] = [
    wrapper("tini", "pe", &[], 0),
    wrapper("tini-static", "pe", &[], 0),
    wrapper("docker-init", "pe", &[], 0),
    wrapper("dumb-init", "r", &["rewrite"], 0),
    wrapper("catatonit", "", &[], 0),
    wrapper("env", "uC", &["unset", "chdir"], 0),
    wrapper("exec", "a", &[], 0),
    wrapper("nice", "n", &["adjustment"], 0),
    wrapper("ionice", "cnp", &["class", "classdata"], 0),
    wrapper("chrt", "TPD", &[], 1),
    wrapper("taskset", "", &[], 1),
    wrapper("nohup", "", &[], 0),
    wrapper("time", "fo", &["format", "output"], 0),
    wrapper("setsid", "", &[], 0),
    wrapper("stdbuf", "ioe", &["input", "output", "error"], 0),
    wrapper("timeout", "ks", &["kill-after", "signal"], 1),
    wrapper("flock", "wE", &["timeout", "conflict-exit-code"], 1),
    wrapper("gosu", "", &[], 1),
    wrapper("su-exec", "", &[], 1),
    wrapper("s6-setuidgid", "", &[], 1),
    wrapper("chroot", "", &["userspec", "groups"], 1),
    wrapper("runuser", "ugG", &["user", "group", "supp-group"], 0),
    wrapper("doas", "Cu", &[], 0),
    wrapper(
        "setpriv",
        "",
        &[
            "reuid",
            "ruid",
            "euid",
            "regid",
            "rgid",
            "egid",
            "groups",
            "inh-caps",
            "ambient-caps",
            "bounding-set",
            "securebits",
            "selinux-label",
            "apparmor-profile",
            "pdeathsig",
        ],
        0,
    ),
    wrapper(
        "sudo",
        "CDghpRrTtUu",
        &[
            "close-from",
            "chdir",
            "group",
            "host",
            "prompt",
            "chroot",
            "role",
            "type",
            "command-timeout",
            "other-user",
            "user",
        ],
        0,
    ),
];

/// What such a program starts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrapped {
    /// The command line; empty where there is none.
    pub(crate) command: Vec<String>,
    /// What the program does with `PYTHONPATH`, and the words that show it.
    pub(crate) python_path: Option<(NotMeasuredReason, String)>,
}

/// What a command line starts whose program starts another one; `None` for other programs.
pub(crate) fn unwrap(words: &[String]) -> Option<Wrapped> {
    let name = base_name(words.first()?);
    let wrapper = WRAPPERS.iter().find(|wrapper| wrapper.name == name)?;
    let sets_variables = matches!(name, "env" | "sudo" | "doas");
    let mut python_path = None;
    let mut found = |reason, evidence: String| {
        python_path.get_or_insert((reason, evidence));
    };
    let mut operands = wrapper.operands;
    let mut keeps_environment = name != "sudo";
    let mut rest = words.iter().skip(1);
    let mut only_words = false;
    let mut command = Vec::new();
    while let Some(word) = rest.next() {
        if only_words || !word.starts_with('-') {
            if sets_variables && let Some((variable, _)) = word.split_once('=') {
                if variable == "PYTHONPATH" {
                    found(NotMeasuredReason::PythonPathReplaced, format!("`{word}`"));
                }
            } else if operands > 0 {
                operands -= 1;
            } else {
                command = std::iter::once(word).chain(rest).cloned().collect();
                break;
            }
            continue;
        }
        if word == "--" {
            only_words = true;
            continue;
        }
        for (option, value) in options_of(wrapper, word, &mut rest) {
            match (name, option.as_str()) {
                ("env", "-" | "i" | "ignore-environment") | ("setpriv", "reset-env") => {
                    let evidence = format!("`{name} {word}`");
                    found(NotMeasuredReason::PythonPathScrubbed, evidence);
                }
                ("env", "u" | "unset") if value.as_deref() == Some("PYTHONPATH") => {
                    let evidence = format!("`{name} -u PYTHONPATH`");
                    found(NotMeasuredReason::PythonPathScrubbed, evidence);
                }
                ("sudo", "E" | "preserve-env") => keeps_environment = true,
                _ => {}
            }
        }
    }
    if !keeps_environment {
        found(NotMeasuredReason::PythonPathScrubbed, format!("`{name}`"));
    }
    Some(Wrapped {
        command,
        python_path,
    })
}

/// The options in a word, short ones may come together, and the value of the last one, which may be
/// the next word.
fn options_of<'a>(
    wrapper: &Wrapper,
    word: &str,
    rest: &mut impl Iterator<Item = &'a String>,
) -> Vec<(String, Option<String>)> {
    if let Some(long) = word.strip_prefix("--") {
        if let Some((name, value)) = long.split_once('=') {
            return vec![(name.to_owned(), Some(value.to_owned()))];
        }
        let takes_value = wrapper.long.contains(&long);
        let value = if takes_value { rest.next() } else { None };
        return vec![(long.to_owned(), value.cloned())];
    }
    let letters = word.strip_prefix('-').unwrap_or(word);
    if letters.is_empty() {
        return vec![("-".to_owned(), None)];
    }
    let mut options = Vec::new();
    for (place, letter) in letters.char_indices() {
        if wrapper.letters.contains(letter) {
            let value = &letters[place + letter.len_utf8()..];
            let value = if value.is_empty() {
                rest.next().cloned()
            } else {
                Some(value.to_owned())
            };
            options.push((letter.to_string(), value));
            break;
        }
        options.push((letter.to_string(), None));
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    fn started(line: &str) -> String {
        unwrap(&words(line)).expect("a wrapper").command.join(" ")
    }

    #[test]
    fn values_of_options_are_no_program() {
        for before in [
            "nice -n 10",
            "nice -n10",
            "nice -10",
            "nice --adjustment 10",
            "nice --adjustment=10",
            "/usr/bin/nice",
            "nohup",
            "setsid -w",
            "timeout 5",
            "timeout -k 1 -s INT 5m",
            "timeout --signal=INT --kill-after 2 5",
            "time -f %e -o out -v",
            "stdbuf -oL -e 0",
            "ionice -c 2 -n 7",
            "tini -s -p SIGTERM --",
            "dumb-init --rewrite 15:2 --",
            "env -u LANG A=1 B=2",
            "env -C /srv --",
            "sudo -E -u app",
            "sudo -nEu app -- ",
            "runuser -u app --",
            "setpriv --reuid 1000 --regid=1000 --clear-groups",
            "gosu app:app",
            "su-exec app",
            "chroot --userspec=app /srv",
            "flock -w 3 /tmp/lock",
            "taskset -c 0",
        ] {
            let line = format!("{} python app.py -n 1", before.trim());
            assert_eq!(started(&line), "python app.py -n 1", "{before}");
            let wrapped = unwrap(&words(&line)).expect("a wrapper");
            assert_eq!(wrapped.python_path, None, "{before}");
        }
        assert_eq!(unwrap(&words("python -c pass")), None);
        assert_eq!(started("env"), "");
    }

    #[test]
    fn what_becomes_of_the_search_path_is_seen() {
        let scrubbed = NotMeasuredReason::PythonPathScrubbed;
        let replaced = NotMeasuredReason::PythonPathReplaced;
        for (line, reason) in [
            ("env -i python app.py", scrubbed),
            ("env - python app.py", scrubbed),
            ("env -u PYTHONPATH python app.py", scrubbed),
            ("env --unset=PYTHONPATH python app.py", scrubbed),
            ("env PYTHONPATH=src python app.py", replaced),
            ("sudo -u app python app.py", scrubbed),
            ("setpriv --reset-env python app.py", scrubbed),
        ] {
            let wrapped = unwrap(&words(line)).expect("a wrapper");
            assert_eq!(wrapped.python_path.map(|(reason, _)| reason), Some(reason));
            assert_eq!(wrapped.command.join(" "), "python app.py", "{line}");
        }
    }
}
