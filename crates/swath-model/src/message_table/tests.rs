use super::*;

#[test]
fn names_are_slugs_and_occur_once() {
    let mut codes: Vec<&str> = MESSAGES
        .iter()
        .flat_map(|group| group.entries)
        .map(|entry| entry.code)
        .collect();
    let is_slug = |code: &&str| code.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    assert!(codes.iter().all(is_slug), "{codes:?}");
    codes.sort_unstable();
    let all = codes.len();
    codes.dedup();
    assert_eq!(codes.len(), all);
    assert!(message_entry("no-service").is_some_and(|entry| !entry.remedy.is_empty()));
    assert_eq!(message_entry("no-such-message"), None);
}

#[test]
fn every_message_has_a_cause_an_example_and_a_remedy() {
    for entry in MESSAGES.iter().flat_map(|group| group.entries) {
        let code = entry.code;
        assert!(!entry.meaning.is_empty(), "{code} has no cause");
        assert!(!entry.remedy.is_empty(), "{code} has no remedy");
        let first = entry.example().lines().next().unwrap_or_default();
        assert_eq!(code_of(first), Some(code), "{code} has no example");
    }
}

#[test]
fn every_example_is_of_one_message() {
    let mut codes: Vec<&str> = message_examples().filter_map(code_of).collect();
    assert_eq!(codes.len(), message_examples().count());
    assert!(codes.iter().all(|code| message_entry(code).is_some()));
    let all = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), all);
}
