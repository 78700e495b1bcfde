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
        "swath-changes",
        "swath-coverage",
        "swath-config",
        "swath-pattern",
        "swath-report",
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
    let mut used = all(r#"Message::(?:error|warning)\(\s*"([a-z-]+)""#, &sources);
    // Made for the pages from the data, not by a run.
    used.extend(all(r#"code: "([a-z-]+)".to_owned\(\)"#, &sources));
    // Bodies of functions that give the names of errors: `fn code`, and `fn message` where one
    // match gives the name with notes and a hint.
    let bodies = [
        (
            r"fn code\(&self\) -> &'static str \{(?s:(.*?))\n    \}",
            r#""([a-z-]+)""#,
        ),
        (
            r"let \(code, (?:notes, )?hint\) = (?s:(.*?))\n        \};",
            r#"\(\s*"([a-z]+(?:-[a-z]+)+)","#,
        ),
    ];
    for (body, name) in bodies {
        for body in Regex::new(body).unwrap().captures_iter(&sources) {
            used.extend(all(name, body.unwrap().get(1).unwrap().as_str()));
        }
    }
    let page =
        fs_err::read_to_string(swath_test::workspace_root().join("docs/messages.md")).unwrap();
    let documented = all(r"(?m)^\| `([a-z-]+)` \|", &page);
    assert!(used.len() > 40, "the search finds the messages: {used:?}");
    let missing = used.difference(&documented).collect::<Vec<_>>();
    let gone = documented.difference(&used).collect::<Vec<_>>();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "not in docs/messages.md: {missing:?}; gone: {gone:?}"
    );
}
