use super::*;

fn spans(pattern: &str, text: &str) -> Vec<(usize, usize)> {
    PythonRegex::new(pattern).unwrap().find_iter(text).collect()
}

fn refused(pattern: &str) -> String {
    PythonRegex::new(pattern).unwrap_err().to_string()
}

#[test]
fn the_default_exclusions_of_coverage_match() {
    let regex = PythonRegex::any_of(&[
        r"#\s*(pragma|PRAGMA)[:\s]?\s*(no|NO)\s*(cover|COVER)",
        r"^\s*(((async )?def .*?)?[\])]+(\s*->.*?)?:\s*)?\.\.\.\s*(#|$)",
        r"^\s*if (typing\.)?TYPE_CHECKING:",
    ])
    .unwrap();
    let text =
        "a = 1  # pragma: no cover\ndef f(x) -> int: ...\nif typing.TYPE_CHECKING:\n    b = 2\n";
    let lines: Vec<usize> = regex
        .find_iter(text)
        .map(|(start, _)| text[..start].matches('\n').count())
        .collect();
    assert_eq!(lines, [0, 1, 2]);
}

#[test]
fn empty_matches_follow_python() {
    assert_eq!(spans("a*", "ab"), [(0, 1), (1, 1), (2, 2)]);
    assert_eq!(spans("|a", "a"), [(0, 0), (0, 1), (1, 1)]);
    assert_eq!(spans("^", "a\nb"), [(0, 0), (2, 2)]);
    assert_eq!(spans("$", "é\n"), [(2, 2), (3, 3)]);
}

#[test]
fn pythons_own_syntax_is_understood() {
    assert_eq!(spans(r"(?P<q>['x])y(?P=q)", "xyx 'y'"), [(0, 3), (4, 7)]);
    assert_eq!(
        spans(r"(a)?b(?(1)c|d)", "abc bd abd"),
        [(0, 3), (4, 6), (8, 10)]
    );
    assert_eq!(spans(r"\<a\>", "<a>"), [(0, 3)]);
    assert_eq!(spans(r"a\Z", "a\na"), [(2, 3)]);
    assert_eq!(spans(r"[[a&&~~-]+", "[a-&"), [(0, 4)]);
    assert_eq!(spans(r"\07\x41\u00e9\101", "\u{7}AéA"), [(0, 5)]);
    assert_eq!(
        spans(r"(?i)straße|X{1,2}+x", "STRAßE xX xxX"),
        [(0, 7), (11, 14)]
    );
    assert_eq!(spans(r"(?x) a  # comment", "a"), [(0, 1)]);
    assert_eq!(spans(r"(?s:a.)b", "a\nb"), [(0, 3)]);
    assert_eq!(spans(r"(?a:\w)+\w", "aé"), [(0, 3)]);
    assert_eq!(spans(r"(?ai)é[k-l]", "éK ÉL é\u{212a}"), [(0, 3)]);
    assert_eq!(spans(r"(?<=ab)c{,2}", "abcc"), [(2, 4)]);
    assert_eq!(spans(r"x{,}y{z", "xxy{z"), [(0, 5)]);
}

#[test]
fn bad_patterns_are_refused_in_the_words_of_python() {
    for (pattern, message) in [
        ("foo***", "multiple repeat at position 4"),
        ("*", "nothing to repeat at position 0"),
        ("^*", "nothing to repeat at position 1"),
        ("(", "missing ), unterminated subpattern at position 0"),
        (")", "unbalanced parenthesis at position 0"),
        ("[", "unterminated character set at position 0"),
        ("a\\", "bad escape (end of pattern) at position 1"),
        (r"\q", r"bad escape \q at position 0"),
        (r"[z-a]", "bad character range z-a at position 1"),
        (r"\1", "invalid group reference 1 at position 1"),
        (
            "a(?i)",
            "global flags not at the start of the expression at position 1",
        ),
        (
            "(?P<n>a)(?P<n>b)",
            "redefinition of group name 'n' as group 2; was group 1 at position 12",
        ),
        ("(?<=a*)b", "look-behind requires fixed-width pattern"),
        ("(?z)", "unknown extension ?z at position 1"),
        ("a{3,2}", "min repeat greater than max repeat at position 2"),
        (
            "a\n(b",
            "missing ), unterminated subpattern at position 2 (line 2, column 1)",
        ),
    ] {
        assert_eq!(refused(pattern), message, "{pattern}");
    }
}

#[test]
fn a_search_that_takes_too_long_gives_up() {
    let regex = PythonRegex::new(r"((a+)+)+\1b").unwrap();
    let text = format!("{}!b", "a".repeat(60));
    let mut matches = regex.find_iter(&text);
    assert_eq!(matches.next(), None);
    assert!(matches.gave_up());
}

#[test]
fn a_possessive_group_gives_nothing_back() {
    assert_eq!(spans(r"([^a]+?)*+\.", "0._ab"), []);
    assert_eq!(spans(r"(?>a*)ab", "aab"), []);
}
