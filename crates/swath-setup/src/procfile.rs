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

/// The processes that stay, with `PORT` filled in.
pub(crate) fn parse(text: &str, port: u16) -> Vec<ProcessType> {
    text.lines()
        .filter_map(|line| parse_line(line, port))
        .collect()
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
    let uses_port = command.contains("$PORT") || command.contains("${PORT");
    let command = fill_port(command.trim(), port);
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
    let mut text = command.to_owned();
    while let Some(start) = text.find("${PORT") {
        let Some(length) = text[start..].find('}') else {
            break;
        };
        text.replace_range(start..=start + length, &port.to_string());
    }
    text.replace("$PORT", &port.to_string())
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
            let found = parse(line, 8000).pop()?;
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
}
