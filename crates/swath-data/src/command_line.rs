//! Command lines as they may be kept: without what looks like a secret. Better one word too many
//! is hidden than one too few.

use std::path::Path;

/// What replaces a secret.
const HIDDEN: &str = "***";

/// Names with one of these in them say that a value is nobody's business.
const SECRET_WORDS: [&str; 26] = [
    "accesskey",
    "access-key",
    "access_key",
    "apikey",
    "api-key",
    "api_key",
    "auth",
    "bearer",
    "cookie",
    "credential",
    "encryption",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "private-key",
    "private_key",
    "pwd",
    "requirepass",
    "secret",
    "session",
    "signature",
    "storepass",
    "token",
    "webhook",
];
/// Names that have one of these as a part between dashes, dots and underlines do so too.
const SECRET_PARTS: [&str; 16] = [
    "cred", "creds", "dsn", "hash", "jwt", "key", "license", "otp", "pass", "pin", "psk", "pw",
    "salt", "sas", "sid", "sig",
];
/// How secrets of well-known services begin.
const SECRET_BEGINNINGS: [&str; 12] = [
    "AKIA",
    "ASIA",
    "eyJ",
    "gho_",
    "ghp_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "npm_",
    "pypi-",
    "sk-",
    "xox",
];
/// A word with such a beginning is a secret from this length on.
const SHORTEST_SECRET: usize = 16;
/// Options of a header's own.
const HEADER_OPTIONS: [&str; 3] = ["-H", "--header", "--proxy-header"];
/// Options whose value is `USER:PASSWORD`.
const USER_OPTIONS: [&str; 7] = [
    "-u",
    "-U",
    "--user",
    "--proxy-user",
    "--proxy",
    "--cert",
    "--proxy-cert",
];
/// Options of one letter that are a password in one program and something else in others.
const PASSWORD_OPTIONS: [(&str, &str); 9] = [
    ("redis-cli", "-a"),
    ("valkey-cli", "-a"),
    ("ldapsearch", "-w"),
    ("ldapadd", "-w"),
    ("ldapmodify", "-w"),
    ("sqlcmd", "-P"),
    ("bcp", "-P"),
    ("mosquitto_pub", "-P"),
    ("mosquitto_sub", "-P"),
];
/// What ends a value that is neither quoted nor a header's.
const VALUE_ENDS: &str = "&;,#'\"`)}]|<> \t\r\n";

/// The arguments without the values of options, variables, headers, parameters and keys whose names
/// look like those of secrets, without the passwords of URLs, and without what looks like a secret
/// itself.
///
/// ```
/// let kept = swath_data::without_secrets(&["web", "--api-token", "x", "--db=pg://me:pw@db/x"].map(String::from));
/// assert_eq!(kept, ["web", "--api-token", "***", "--db=pg://***@db/x"]);
/// ```
pub fn without_secrets(arguments: &[String]) -> Vec<String> {
    let names_plugins = arguments
        .iter()
        .any(|word| matches!(file_name(word), "pytest" | "py.test"));
    let passwords = PASSWORD_OPTIONS
        .iter()
        .filter(|(program, _)| arguments.iter().any(|word| file_name(word) == *program))
        .map(|(_, option)| *option)
        .collect::<Vec<_>>();
    let mut next = Value::Plain;
    let mut kept = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let value = std::mem::replace(&mut next, Value::Plain);
        match value {
            Value::Secret => {
                kept.push(HIDDEN.to_owned());
                continue;
            }
            Value::User if is_user_and_password(argument) => {
                kept.push(HIDDEN.to_owned());
                continue;
            }
            Value::Password if !is_port(argument) => {
                kept.push(HIDDEN.to_owned());
                continue;
            }
            Value::Header => {
                kept.push(hide_inside(argument, true));
                continue;
            }
            _ => {}
        }
        if argument == "-p" && !names_plugins {
            next = Value::Password;
        } else if HEADER_OPTIONS.contains(&argument.as_str()) {
            next = Value::Header;
        } else if USER_OPTIONS.contains(&argument.as_str()) {
            next = Value::User;
        } else if passwords.contains(&argument.as_str())
            || (argument.starts_with('-') && is_secret_name(argument))
        {
            next = Value::Secret;
        }
        kept.push(if !names_plugins && is_attached_password(argument) {
            format!("-p{HIDDEN}")
        } else if let Some(option) = option_with_user(argument) {
            format!("{option}{HIDDEN}")
        } else {
            hide_inside(argument, is_header(argument))
        });
    }
    kept
}

/// What the option before says of an argument.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    Plain,
    Secret,
    /// `-p` is a password, or a port.
    Password,
    /// A name, maybe with a password.
    User,
    Header,
}

fn file_name(word: &str) -> &str {
    let name = Path::new(word).file_name().and_then(|name| name.to_str());
    name.unwrap_or_default()
}

/// `--user=`, `-u` of an argument that has a user and a password behind it.
fn option_with_user(argument: &str) -> Option<&str> {
    let length = USER_OPTIONS.iter().find_map(|option| {
        let value = argument.strip_prefix(option)?;
        let value = if option.starts_with("--") {
            value.strip_prefix('=')?
        } else {
            value
        };
        is_user_and_password(value).then(|| argument.len() - value.len())
    })?;
    argument.get(..length)
}

/// Whether an argument is a header, as `X-Auth-Token:…`, where a name in lower case may be anything.
fn is_header(argument: &str) -> bool {
    let name = argument.split(':').next().unwrap_or_default();
    argument.starts_with("-H")
        || name.starts_with("x-")
        || matches!(name, "Authorization" | "Cookie")
        || (name.starts_with(char::is_uppercase) && name.contains('-'))
}

/// `-pPASSWORD`, and not `-password`.
fn is_attached_password(argument: &str) -> bool {
    let value = argument.strip_prefix("-p").unwrap_or_default();
    let name = argument.split('=').next().unwrap_or_default();
    !value.is_empty() && !is_port(value) && !is_secret_name(name)
}

/// `8000`, `80:8080`, `127.0.0.1:80`.
fn is_port(value: &str) -> bool {
    let is_short = value.split([':', '.', '/']).all(|part| part.len() <= 5);
    let mut characters = value.chars();
    is_short
        && characters.all(|character| character.is_ascii_digit() || ":./tcpud".contains(character))
        && value.starts_with(|first: char| first.is_ascii_digit())
}

fn is_user_and_password(value: &str) -> bool {
    value.split_once([':', '%']).is_some_and(|(_, password)| {
        !password.is_empty() && !password.starts_with("//") && !is_port(password)
    })
}

/// Names of options, variables, headers and keys.
fn is_secret_name(name: &str) -> bool {
    if name.contains(char::is_whitespace) || name.contains('/') {
        return false;
    }
    let parts_apart = with_parts_apart(name);
    let name = name.to_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
        || parts_apart
            .split(['-', '_', '.'])
            .any(|part| SECRET_PARTS.contains(&part))
}

/// `dbPass` as `db_pass`.
fn with_parts_apart(name: &str) -> String {
    let mut apart = String::with_capacity(name.len() + 4);
    let mut before_is_lower = false;
    for character in name.chars() {
        if before_is_lower && character.is_uppercase() {
            apart.push('_');
        }
        before_is_lower = character.is_lowercase();
        apart.extend(character.to_lowercase());
    }
    apart
}

/// Hides what is secret inside one argument.
fn hide_inside(argument: &str, is_header: bool) -> String {
    let text = without_secrets_of_urls(argument);
    let text = without_secret_words(&text);
    without_named_values(&text, is_header)
}

/// Hides passwords, and parts of paths that somebody must know to be let in.
fn without_secrets_of_urls(argument: &str) -> String {
    let mut kept = String::with_capacity(argument.len());
    let mut rest = argument;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        kept.push_str(before);
        let end = after
            .find(|character: char| "'\"`, ".contains(character) || character.is_whitespace())
            .unwrap_or(after.len());
        let (address, tail) = after.split_at(end);
        match end_of_credentials(address) {
            Some(at) => {
                kept.push_str(HIDDEN);
                kept.push_str(&without_secret_path(&address[at..]));
            }
            None => kept.push_str(&without_secret_path(address)),
        }
        rest = tail;
    }
    kept.push_str(rest);
    kept
}

/// Hides of an address what is behind a webhook's name, and what is too long to be a name.
fn without_secret_path(address: &str) -> String {
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let (path, rest) = address.split_at(end);
    let mut parts = path.split('/');
    let host = parts.next().unwrap_or_default();
    let mut kept = host.to_owned();
    let mut is_of_webhook = host.starts_with("hooks.");
    for part in parts {
        let is_secret = part.len() >= SHORTEST_SECRET
            && (is_of_webhook || part.len() >= 2 * SHORTEST_SECRET)
            && part.chars().all(is_name_character)
            && part.contains(|character: char| character.is_ascii_digit());
        kept.push('/');
        kept.push_str(if is_secret { HIDDEN } else { part });
        is_of_webhook |= part.to_lowercase().contains("webhook");
    }
    kept + rest
}

/// Where the `@` behind a password is, or behind a user's name that is a token.
fn end_of_credentials(address: &str) -> Option<usize> {
    let end = address.find(['/', '?', '#']).unwrap_or(address.len());
    let authority = &address[..end];
    if let Some(at) = authority.rfind('@') {
        let user = &authority[..at];
        return (user.contains(':') || user.len() >= SHORTEST_SECRET).then_some(at);
    }
    // A password may hold what should have been escaped: then no port follows the colon.
    let (_, port) = authority.split_once(':')?;
    let is_port = port.chars().all(|digit| digit.is_ascii_digit());
    let is_address = authority.starts_with('[');
    if is_port || is_address {
        return None;
    }
    address.rfind('@')
}

/// Hides values behind `NAME=`, `NAME: ` and `"NAME":`.
fn without_named_values(text: &str, is_header: bool) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_name_character) {
        let (before, at_name) = rest.split_at(start);
        kept.push_str(before);
        let end = at_name
            .find(|character| !is_name_character(character))
            .unwrap_or(at_name.len());
        let (name, after) = at_name.split_at(end);
        let is_first = start == 0 && rest.len() == text.len();
        kept.push_str(name);
        rest = after;
        if !is_secret_name(name) {
            continue;
        }
        if let Some(separator) = separator(after, is_header) {
            let (shown, value) = after.split_at(separator.length);
            kept.push_str(shown);
            kept.push_str(HIDDEN);
            rest = if is_first && separator.is_assignment {
                ""
            } else {
                &value[value_length(value, &separator)..]
            };
        }
    }
    kept.push_str(rest);
    kept
}

fn is_name_character(character: char) -> bool {
    character.is_alphanumeric() || "-_.".contains(character)
}

/// What stands between a name and its value.
struct Separator {
    length: usize,
    /// `=` rather than a colon.
    is_assignment: bool,
    /// The name stands in quotes: what follows is a value of JSON or of a program.
    is_quoted: bool,
}

fn separator(after: &str, is_header: bool) -> Option<Separator> {
    let unescaped = after.trim_start_matches('\\');
    let unquoted = unescaped.strip_prefix(['"', '\'']);
    let is_quoted = unquoted.is_some();
    let rest = unquoted.unwrap_or(after);
    let rest = if is_quoted {
        rest.trim_start_matches([']', ')'])
    } else {
        rest
    };
    let rest = rest.trim_start();
    let sign = rest.chars().next()?;
    let value = &rest[sign.len_utf8()..];
    let is_separator = match sign {
        '=' => true,
        ':' => {
            let stands_apart = value.starts_with(char::is_whitespace) || is_header || is_quoted;
            stands_apart && !value.starts_with("//")
        }
        ',' => is_quoted,
        _ => false,
    };
    if !is_separator {
        return None;
    }
    let value = value.trim_start_matches(['=', '>', '~']).trim_start();
    Some(Separator {
        length: after.len() - value.len(),
        is_assignment: sign == '=',
        is_quoted,
    })
}

/// How long a value is.
fn value_length(value: &str, separator: &Separator) -> usize {
    let escapes = value.len() - value.trim_start_matches('\\').len();
    match value[escapes..].chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => {
            let closing = format!("{}{quote}", &value[..escapes]);
            let inside = &value[closing.len()..];
            let end = closing_quote(inside, &closing);
            end.map_or(value.len(), |end| 2 * closing.len() + end)
        }
        Some('[' | '{' | '(') => closing_bracket(value),
        // A header's value has blanks in it, and ends with its line.
        _ if !separator.is_assignment && !separator.is_quoted => value
            .find(|end| "'\"`\r\n".contains(end))
            .unwrap_or(value.len()),
        _ => value
            .find(|end| VALUE_ENDS.contains(end))
            .unwrap_or(value.len()),
    }
}

/// Where a quote is that is escaped no further than the opening one.
fn closing_quote(text: &str, closing: &str) -> Option<usize> {
    text.match_indices(closing)
        .map(|(at, _)| at)
        .find(|&at| !text[..at].ends_with('\\'))
}

/// Behind the bracket that closes the one a text begins with.
fn closing_bracket(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '[' | '{' | '(' => depth += 1,
            ']' | '}' | ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    text.len()
}

/// Hides words that are secrets by their looks, and those behind `Bearer` and the like.
fn without_secret_words(text: &str) -> String {
    if text.contains("PRIVATE KEY-----") {
        return HIDDEN.to_owned();
    }
    let mut kept = String::with_capacity(text.len());
    let mut follows_scheme = false;
    let ends_word = |character: char| !is_name_character(character) && !"+/=~".contains(character);
    for part in text.split_inclusive(ends_word) {
        let word = part.trim_end_matches(ends_word);
        let end = &part[word.len()..];
        if follows_scheme && !word.is_empty() {
            kept.push_str(HIDDEN);
        } else {
            for piece in word.split_inclusive(['=', '/']) {
                let is_secret = piece.len() >= SHORTEST_SECRET
                    && SECRET_BEGINNINGS
                        .iter()
                        .any(|start| piece.starts_with(start));
                kept.push_str(if is_secret { HIDDEN } else { piece });
            }
        }
        kept.push_str(end);
        let scheme = word.to_ascii_lowercase();
        follows_scheme = end.starts_with(' ') && (scheme == "bearer" || scheme == "basic");
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words apart by `|`; what is hidden.
    fn check(words: &str, expected: &str) {
        let arguments: Vec<String> = words.split('|').map(str::to_owned).collect();
        assert_eq!(without_secrets(&arguments).join("|"), expected, "{words}");
    }

    /// Words as they are given, and as they may be kept.
    const FORMS: &[(&str, &str)] = &[
        // Options with their value in the next word, whatever that begins with.
        ("a|--password|x", "a|--password|***"),
        ("a|--password|-x|b", "a|--password|***|b"),
        ("a|--password|--x", "a|--password|***"),
        ("a|-password|x", "a|-password|***"),
        ("a|--secret-key|x|b", "a|--secret-key|***|b"),
        ("a|--auth|x", "a|--auth|***"),
        ("a|--db-pass|x", "a|--db-pass|***"),
        ("a|--dbPass|x", "a|--dbPass|***"),
        (
            "redis-server|--requirepass|x",
            "redis-server|--requirepass|***",
        ),
        ("a|--key|x", "a|--key|***"),
        // In the same word.
        ("a|--password=x", "a|--password=***"),
        ("a|--password=x y,z", "a|--password=***"),
        ("a|--api-key==", "a|--api-key==***"),
        ("DB_PASSWORD=y|a", "DB_PASSWORD=***|a"),
        ("run|-e|DB_PASSWORD=y", "run|-e|DB_PASSWORD=***"),
        ("run|-eDB_PASSWORD=y", "run|-eDB_PASSWORD=***"),
        ("a|--set|auth.token=x", "a|--set|auth.token=***"),
        (
            "psql|host=db password=x user=u",
            "psql|host=db password=*** user=u",
        ),
        (
            "a|Server=h;Password=x;Database=d",
            "a|Server=h;Password=***;Database=d",
        ),
        ("a|dsn='host=h password=x'", "a|dsn=***"),
        // One letter.
        ("mysql|-pS3cret|db", "mysql|-p***|db"),
        ("sshpass|-p|S3cret|ssh", "sshpass|-p|***|ssh"),
        ("curl|-u|me:pw|http://h", "curl|-u|***|http://h"),
        ("curl|--proxy-user|me:pw", "curl|--proxy-user|***"),
        ("curl|--user=me:pw|http://h", "curl|--user=***|http://h"),
        ("curl|-ume:pw|http://h", "curl|-u***|http://h"),
        ("curl|--cert|my.pem:pw", "curl|--cert|***"),
        ("curl|--proxy|me:pw@proxy:3128", "curl|--proxy|***"),
        ("curl|--proxy|proxy:3128", "curl|--proxy|proxy:3128"),
        (
            "docker|run|--user=1000:1000|x",
            "docker|run|--user=1000:1000|x",
        ),
        (
            "/usr/bin/redis-cli|-a|pw|ping",
            "/usr/bin/redis-cli|-a|***|ping",
        ),
        ("ls|-a|folder", "ls|-a|folder"),
        ("mosquitto_pub|-P|pw|-t|a", "mosquitto_pub|-P|***|-t|a"),
        // Headers.
        (
            "curl|-H|Authorization: Bearer x",
            "curl|-H|Authorization: ***",
        ),
        ("curl|-H|Authorization:x", "curl|-H|Authorization:***"),
        ("curl|-HX-Api-Key: x y", "curl|-HX-Api-Key: ***"),
        (
            "curl|--header=Cookie: a=b; c=d",
            "curl|--header=Cookie: ***",
        ),
        ("a|X-Auth-Token: x", "a|X-Auth-Token: ***"),
        ("http|h|X-API-Key:x", "http|h|X-API-Key:***"),
        ("http|h|Authorization:x", "http|h|Authorization:***"),
        ("http|h|x-auth-token:x", "http|h|x-auth-token:***"),
        ("docker|run|auth-service:2", "docker|run|auth-service:2"),
        (
            "a|Accept: x\nCookie: y\nHost: h",
            "a|Accept: x\nCookie: ***\nHost: h",
        ),
        ("a|use Bearer abc now", "a|use Bearer *** now"),
        ("a|Basic dXNlcjpwdw==", "a|Basic ***"),
        // URLs.
        ("x=pg://u:p@h/d y://a:b@c", "x=pg://***@h/d y://***@c"),
        ("pg://u:p#w/d@h/x", "pg://***@h/x"),
        (
            "https://0123456789abcdef@git.example/x",
            "https://***@git.example/x",
        ),
        ("http://h/?token=x&y=1", "http://h/?token=***&y=1"),
        ("http://h/?y=1&api_key=x#z", "http://h/?y=1&api_key=***#z"),
        ("http://h/#access_token=x", "http://h/#access_token=***"),
        (
            "http://h/?X-Amz-Signature=x&a=b",
            "http://h/?X-Amz-Signature=***&a=b",
        ),
        ("http://h/?sig=x", "http://h/?sig=***"),
        ("http://h/?a=b&key=x", "http://h/?a=b&key=***"),
        (
            "https://hooks.slack.com/services/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",
            "https://hooks.slack.com/services/T024BE7LH/B024BE7LH/***",
        ),
        (
            "https://discord.com/api/webhooks/112233445566778899/a-B_c3D4e5F6g7H8i9J0k1L2m3N4",
            "https://discord.com/api/webhooks/***/***",
        ),
        (
            "https://h/v1/0123456789abcdef0123456789abcdef/x?y=1",
            "https://h/v1/***/x?y=1",
        ),
        (
            "http://localhost:8000/webhooks/github?a=b",
            "http://localhost:8000/webhooks/github?a=b",
        ),
        (
            "--url=http://h/?password=x&y=1",
            "--url=http://h/?password=***&y=1",
        ),
        // JSON, also in JSON, and the like.
        (
            r#"{"password": "x y", "a": 1}"#,
            r#"{"password": ***, "a": 1}"#,
        ),
        (r#"{"a": 1, "api_key":123}"#, r#"{"a": 1, "api_key":***}"#),
        (r#"{"token":"a\"b","c":"d"}"#, r#"{"token":***,"c":"d"}"#),
        (
            r#"{"secrets": ["a", "b"], "c": 2}"#,
            r#"{"secrets": ***, "c": 2}"#,
        ),
        (
            r#"{"auth": {"user": "a"}, "c": 2}"#,
            r#"{"auth": ***, "c": 2}"#,
        ),
        (
            r#"{"body": "{\"password\": \"x\", \"a\": 1}"}"#,
            r#"{"body": "{\"password\": ***, \"a\": 1}"}"#,
        ),
        ("{'password': 'x', 'a': 1}", "{'password': ***, 'a': 1}"),
        ("password: x y", "password: ***"),
        (
            "connect(password='x', port=1)",
            "connect(password=***, port=1)",
        ),
        (
            r#"os.environ["DB_PASSWORD"] = "x""#,
            r#"os.environ["DB_PASSWORD"] = ***"#,
        ),
        (
            r#"setenv("DB_PASSWORD", "x")"#,
            r#"setenv("DB_PASSWORD", ***)"#,
        ),
        // By their looks.
        ("a|ghp_0123456789abcdefABCD", "a|***"),
        ("a|x=eyJhbGciOiJI.eyJzdWIi.abc-_1", "a|x=***"),
        ("a|-----BEGIN PRIVATE KEY-----\nx", "a|***"),
    ];

    #[test]
    fn secrets_are_hidden_in_every_form() {
        for (words, expected) in FORMS {
            check(words, expected);
        }
    }

    #[test]
    fn other_words_stay() {
        for words in [
            "/srv/token/app.py|--bind=0:80",
            "http://host:80/a@b|pg://u@h",
            "gunicorn|auth:app|-p|8000|-p127.0.0.1:80",
            "docker|run|-p|80:8080/tcp|web",
            "python|-m|pytest|-p|no:cacheprovider|-pxdist",
            "python|-u|app.py|--workers=2",
            "uvicorn|shop.auth.main:app|--host|0.0.0.0",
            "git@github.com:x/y.git|http://[::1]:80/",
            "sh|-c|cd /srv && exec gunicorn app:wsgi -w 2",
            r#"{"monkey": "x", "compass": 1}"#,
            "",
        ] {
            check(words, words);
        }
    }

    #[test]
    fn no_words_break_it() {
        for words in [
            "=|:|\"|'|\\",
            "token|",
            "token=",
            "token:",
            "token: ",
            "\"token\"",
            "\"token\":",
            "\"token\":\"",
            "token=[",
            "token=\\",
            "token=\\\"",
            "é://ü:ß@ö",
            "://",
            "://@",
            "x://:",
            "tökén=ü",
            "password=(((",
            "a: )))",
            "-p",
            "-H",
            "-u|é:é",
            "Bearer ",
            "ghp_",
        ] {
            let arguments: Vec<String> = words.split('|').map(str::to_owned).collect();
            assert_eq!(without_secrets(&arguments).len(), arguments.len());
        }
    }
}
