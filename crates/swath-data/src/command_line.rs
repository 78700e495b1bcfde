//! Command lines as they may be kept: without the values of options that look like secrets.

/// What replaces a secret.
const HIDDEN: &str = "***";

/// Parts of an option's name that say its value is nobody's business.
const SECRET_WORDS: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api-key",
    "api_key",
    "credential",
    "private-key",
    "auth",
];

/// The arguments with the values of secret-looking options, and the passwords of URLs, hidden.
///
/// ```
/// let kept = swath_data::without_secrets(&["web", "--api-token", "x", "--db=pg://me:pw@db/x"].map(String::from));
/// assert_eq!(kept, ["web", "--api-token", "***", "--db=pg://***@db/x"]);
/// ```
pub fn without_secrets(arguments: &[String]) -> Vec<String> {
    let mut kept = Vec::with_capacity(arguments.len());
    let mut hide_next = false;
    for argument in arguments {
        if hide_next && !argument.starts_with('-') {
            kept.push(HIDDEN.to_owned());
            hide_next = false;
            continue;
        }
        hide_next = false;
        match argument.split_once('=') {
            Some((name, _)) if is_secret_name(name) => kept.push(format!("{name}={HIDDEN}")),
            _ => {
                hide_next = argument.starts_with('-') && is_secret_name(argument);
                kept.push(without_url_password(argument));
            }
        }
    }
    kept
}

/// Option names, and `NAME=value` words as `env` takes them.
fn is_secret_name(name: &str) -> bool {
    if name.contains(char::is_whitespace) || name.contains('/') {
        return false;
    }
    let name = name.to_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

fn without_url_password(argument: &str) -> String {
    let mut kept = String::with_capacity(argument.len());
    let mut rest = argument;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        kept.push_str(before);
        let end = after
            .find(|character: char| "/?#'\" ".contains(character))
            .unwrap_or(after.len());
        let (authority, tail) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((user, host)) if user.contains(':') => {
                kept.push_str(HIDDEN);
                kept.push('@');
                kept.push_str(host);
            }
            _ => kept.push_str(authority),
        }
        rest = tail;
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &[&str], expected: &[&str]) {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        assert_eq!(without_secrets(&arguments), expected);
    }

    #[test]
    fn values_of_secret_options_are_hidden() {
        check(
            &["a", "--password=x", "DB_PASSWORD=y"],
            &["a", "--password=***", "DB_PASSWORD=***"],
        );
        check(
            &["a", "--secret-key", "x", "b"],
            &["a", "--secret-key", "***", "b"],
        );
        check(&["a", "--auth", "--verbose"], &["a", "--auth", "--verbose"]);
    }

    #[test]
    fn other_words_stay() {
        check(
            &["/srv/token/app.py", "--bind=0:80"],
            &["/srv/token/app.py", "--bind=0:80"],
        );
        check(
            &["http://host:80/a@b", "pg://u@h"],
            &["http://host:80/a@b", "pg://u@h"],
        );
        check(&["x=pg://u:p@h/d y://a:b@c"], &["x=pg://***@h/d y://***@c"]);
    }
}
