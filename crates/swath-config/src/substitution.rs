//! Environment variables and home directories in values.

use crate::environment::Environment;
use crate::error::ConfigError;

/// Replaces `$NAME`, `${NAME}`, `${NAME?}`, `${NAME-default}` and `$$` in `text`.
pub(crate) fn substitute(text: &str, environment: &dyn Environment) -> Result<String, ConfigError> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        result.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let Some((reference, length)) = Reference::parse(after) else {
            result.push('$');
            rest = after;
            continue;
        };
        result.push_str(&reference.value(text, environment)?);
        rest = &after[length..];
    }
    result.push_str(rest);
    Ok(result)
}

/// What follows a dollar sign.
enum Reference<'t> {
    Dollar,
    Variable {
        name: &'t str,
        strict: bool,
        default: &'t str,
    },
}

impl<'t> Reference<'t> {
    /// The reference at the start of `text` and its length.
    fn parse(text: &'t str) -> Option<(Self, usize)> {
        if text.starts_with('$') {
            return Some((Self::Dollar, 1));
        }
        let Some(inside) = text.strip_prefix('{') else {
            let name = word(text);
            let plain = Self::Variable {
                name,
                strict: false,
                default: "",
            };
            return (!name.is_empty()).then_some((plain, name.len()));
        };
        let name = word(inside);
        if name.is_empty() {
            return None;
        }
        let marker = &inside[name.len()..];
        let end = marker.find('}')?;
        let (strict, default) = match &marker[..end] {
            "" => (false, ""),
            "?" => (true, ""),
            other => (false, other.strip_prefix('-')?),
        };
        let length = 1 + name.len() + end + 1;
        let reference = Self::Variable {
            name,
            strict,
            default,
        };
        Some((reference, length))
    }

    fn value(&self, text: &str, environment: &dyn Environment) -> Result<String, ConfigError> {
        match *self {
            Self::Dollar => Ok("$".to_owned()),
            Self::Variable {
                name,
                strict,
                default,
            } => match environment.value(name) {
                Some(value) => Ok(value),
                None if strict => Err(ConfigError::UndefinedVariable {
                    name: name.to_owned(),
                    text: text.to_owned(),
                }),
                None => Ok(default.to_owned()),
            },
        }
    }
}

/// The word characters at the start of `text`.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    &text[..end.unwrap_or(text.len())]
}

/// Replaces a leading `~` or `~user` by the home directory, if it is known (`os.path.expanduser`).
pub(crate) fn expand_user(path: &str, environment: &dyn Environment) -> String {
    let Some(after) = path.strip_prefix('~') else {
        return path.to_owned();
    };
    let (user, rest) = after.split_at(after.find('/').unwrap_or(after.len()));
    let home = if user.is_empty() {
        environment.value("HOME")
    } else {
        home_of(user)
    };
    let Some(home) = home else {
        return path.to_owned();
    };
    let expanded = format!("{}{rest}", home.trim_end_matches('/'));
    if expanded.is_empty() {
        "/".to_owned()
    } else {
        expanded
    }
}

/// The home directory of `user` in the password file.
fn home_of(user: &str) -> Option<String> {
    let users = fs_err::read_to_string("/etc/passwd").ok()?;
    let line = users
        .lines()
        .find(|line| line.split(':').next() == Some(user))?;
    line.split(':').nth(5).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn environment() -> BTreeMap<String, String> {
        let pairs = [("WORD", "value"), ("EMPTY", ""), ("HOME", "/home/me/")];
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn every_form_of_a_variable_is_replaced() {
        for (text, result) in [
            ("a $WORD b", "a value b"),
            ("${WORD}x $WORDx.", "valuex ."),
            ("${WORD?}", "value"),
            ("${NO-de fault}${NO}${EMPTY-x}", "de fault"),
            (
                "$$WORD $ ${ ${} ${WORD!} 50$",
                "$WORD $ ${ ${} ${WORD!} 50$",
            ),
            ("${NO-", "${NO-"),
        ] {
            assert_eq!(substitute(text, &environment()).unwrap(), result, "{text}");
        }
    }

    #[test]
    fn a_strict_variable_must_exist() {
        let error = substitute("x${NO?}", &environment()).unwrap_err();
        assert_eq!(error.to_string(), "Variable NO is undefined: 'x${NO?}'");
    }

    #[test]
    fn the_home_directory_is_filled_in() {
        assert_eq!(expand_user("~/x", &environment()), "/home/me/x");
        assert_eq!(expand_user("~", &environment()), "/home/me");
        assert_eq!(expand_user("a~", &environment()), "a~");
        assert_eq!(
            expand_user("~no-such-user/x", &environment()),
            "~no-such-user/x"
        );
    }
}
