//! `docs/messages.md` names every message, and none that is gone.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use fancy_regex::Regex;

fn sources() -> String {
    let root = swath_test::workspace_root();
    [
        "swath",
        "swath-run",
        "swath-model",
        "swath-config",
        "swath-pattern",
    ]
    .iter()
    .flat_map(|name| walkdir::WalkDir::new(root.join("crates").join(name).join("src")))
    .map(|entry| entry.unwrap())
    .filter(|entry| {
        entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "rs")
    })
    .map(|entry| {
        let text = fs_err::read_to_string(entry.path()).unwrap();
        // What the unit tests make up is no message.
        text.split("#[cfg(test)]")
            .next()
            .unwrap_or_default()
            .to_owned()
    })
    .collect()
}

fn all(pattern: &str, text: &str) -> BTreeSet<String> {
    let regex = Regex::new(pattern).unwrap();
    regex
        .captures_iter(text)
        .map(|found| found.unwrap()[1].to_owned())
        .collect()
}

#[test]
fn every_message_is_documented_and_every_documented_one_exists() {
    let sources = sources();
    let mut used = all(r#"Diagnostic::(?:error|warning)\(\s*"([a-z-]+)""#, &sources);
    // Bodies of `fn code`, which give the names of errors.
    let bodies = Regex::new(r"fn code\(&self\) -> &'static str \{(?s:(.*?))\n    \}").unwrap();
    for body in bodies.captures_iter(&sources) {
        used.extend(all(
            r#""([a-z-]+)""#,
            body.unwrap().get(1).unwrap().as_str(),
        ));
    }
    let page =
        fs_err::read_to_string(swath_test::workspace_root().join("docs/messages.md")).unwrap();
    let documented = all(r"(?m)^\| `([a-z-]+)` \|", &page);
    assert!(used.len() > 40, "the search finds the messages: {used:?}");
    let missing = used.difference(&documented).collect::<Vec<_>>();
    // Findings that no crate makes yet are not documented.
    used.extend(all(
        r#"Message::(?:error|warning)\(\s*"([a-z-]+)""#,
        &sources,
    ));
    let gone = documented.difference(&used).collect::<Vec<_>>();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "not in docs/messages.md: {missing:?}; gone: {gone:?}"
    );
}
