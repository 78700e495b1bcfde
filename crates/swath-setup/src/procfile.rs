//! A `Procfile`: what runs in production, one process type per line.

/// A line of a `Procfile`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProcessType {
    pub(crate) name: String,
    /// As a shell would read it, without the variables in front.
    pub(crate) command: String,
    /// `A=b` in front of the command.
    pub(crate) environment: Vec<(String, String)>,
}

/// What runs once, and ends.
const NOT_SERVICES: [&str; 2] = ["release", "postdeploy"];
/// What only a shell understands.
const SHELL_SIGNS: [char; 9] = ['&', '|', ';', '<', '>', '`', '$', '*', '('];

/// What a `Procfile` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Procfile {
    /// The processes that stay, with `PORT` filled in. Of several lines with one name the last one counts.
    pub(crate) processes: Vec<ProcessType>,
    /// The names of those whose command has no end: a quote that is not closed.
    pub(crate) unusable: Vec<String>,
}

/// Reads a `Procfile`.
pub(crate) fn parse(text: &str, port: u16) -> Procfile {
    let mut found = Procfile::default();
    for process in text.lines().filter_map(|line| parse_line(line, port)) {
        let known = found.processes.iter_mut();
        let mut known = known.filter(|known| known.name == process.name);
        match known.next() {
            Some(known) => *known = process,
            None => found.processes.push(process),
        }
    }
    let (usable, unusable) = found.processes.into_iter().partition(|process| {
        shell_words::split(&process.command).is_ok_and(|words| !words.is_empty())
    });
    found.processes = usable;
    let unusable: Vec<ProcessType> = unusable;
    found.unusable = unusable.into_iter().map(|process| process.name).collect();
    found
}

fn parse_line(line: &str, port: u16) -> Option<ProcessType> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let (name, command) = line.split_once(':')?;
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if !is_name || NOT_SERVICES.contains(&name) || command.trim().is_empty() {
        return None;
    }
    let command = command.trim();
    let filled = fill_port(command, port);
    let uses_port = filled != command;
    let command = filled;
    let (mut environment, command) = split_environment(&command);
    if name == "web" || uses_port {
        environment.push(("PORT".to_owned(), port.to_string()));
    }
    let command = if command.contains(SHELL_SIGNS) && !is_quoted(command) {
        format!("sh -c {}", shell_words::quote(command))
    } else {
        command.to_owned()
    };
    Some(ProcessType {
        name: name.to_owned(),
        command,
        environment,
    })
}

/// `$PORT`, `${PORT}` and `${PORT:-5000}`.
fn fill_port(command: &str, port: u16) -> String {
    let mut text = String::new();
    let mut rest = command;
    while let Some((before, variable)) = rest.split_once('$') {
        text.push_str(before);
        if let Some(after) = after_port(variable) {
            text.push_str(&port.to_string());
            rest = after;
        } else {
            text.push('$');
            rest = variable;
        }
    }
    text + rest
}

/// What stands behind `PORT`, `{PORT}` or `{PORT:-5000}`; nothing where another variable stands here.
fn after_port(variable: &str) -> Option<&str> {
    if let Some(rest) = variable.strip_prefix("{PORT") {
        let (default, after) = rest.split_once('}')?;
        let is_port = default.is_empty() || default.starts_with([':', '-']);
        return is_port.then_some(after);
    }
    let after = variable.strip_prefix("PORT")?;
    let ends = !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    ends.then_some(after)
}

fn split_environment(command: &str) -> (Vec<(String, String)>, &str) {
    let mut environment = Vec::new();
    let mut rest = command;
    while let Some((word, after)) = rest.split_once(char::is_whitespace) {
        let Some((name, value)) = word.split_once('=') else {
            break;
        };
        let is_variable = !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !value.contains(['"', '\'', '$']);
        if !is_variable {
            break;
        }
        environment.push((name.to_owned(), value.to_owned()));
        rest = after.trim_start();
    }
    (environment, rest)
}

/// Whether what looks like a shell's stands in quotes, as in `'app:create()'`.
fn is_quoted(command: &str) -> bool {
    let Ok(words) = shell_words::split(command) else {
        return false;
    };
    let quoted = |sign: char| {
        let mut open = None;
        command.chars().all(|c| {
            match open {
                Some(quote) if c == quote => open = None,
                None if c == '"' || c == '\'' => open = Some(c),
                _ => {}
            }
            c != sign || open == Some('\'') || (open == Some('"') && c != '$' && c != '`')
        })
    };
    !words.is_empty() && SHELL_SIGNS.into_iter().all(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_services() {
        let found = |line: &str| {
            let found = parse(line, 8000).processes.pop()?;
            let environment: Vec<String> = found
                .environment
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            Some(format!(
                "{} [{}] {}",
                found.name,
                environment.join(" "),
                found.command
            ))
        };
        for (line, expected) in [
            (
                "web: gunicorn app:app --bind 0.0.0.0:$PORT",
                "web [PORT=8000] gunicorn app:app --bind 0.0.0.0:8000",
            ),
            (
                "web: A=b gunicorn -b :${PORT:-5000} 'app:make()'",
                "web [A=b PORT=8000] gunicorn -b :8000 'app:make()'",
            ),
            (
                "worker: celery -A tasks worker",
                "worker [] celery -A tasks worker",
            ),
            (
                "web: cd src && gunicorn app",
                "web [PORT=8000] sh -c 'cd src && gunicorn app'",
            ),
            (
                "admin: serve $PORTAL ${PORTS} ${PORT}1",
                "admin [PORT=8000] sh -c 'serve $PORTAL ${PORTS} 80001'",
            ),
            (
                "web: gunicorn $OPTIONS app",
                "web [PORT=8000] sh -c 'gunicorn $OPTIONS app'",
            ),
        ] {
            assert_eq!(found(line).as_deref(), Some(expected), "{line}");
        }
        for line in [
            "release: python manage.py migrate",
            "# web: x",
            "web:",
            "no line",
            "",
        ] {
            assert_eq!(found(line), None, "{line}");
        }
    }

    #[test]
    fn a_name_counts_once_and_a_command_has_an_end() {
        let found = parse("web: one\nworker: it's\nweb: two\n", 8000);
        let commands: Vec<&str> = found
            .processes
            .iter()
            .map(|process| process.command.as_str())
            .collect();
        assert_eq!(commands, ["two"]);
        assert_eq!(found.unusable, ["worker"]);
    }
}
