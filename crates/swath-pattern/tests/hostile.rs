//! Whatever a pattern or a path holds, nothing panics, and nothing takes forever.

use proptest::prelude::*;
use swath_pattern::{
    Directory, Globs, PathAliases, PythonRegex, join_regexes, prepare_globs, python_repr,
};

/// Text in which the characters with a meaning are frequent.
fn pattern() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        4 => "[()\\[\\]{}*+?|^$\\\\.,:<>=!#PiLmsxau&~0-9-]",
        2 => "[ab/ \\n]",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_regex_is_compiled_or_refused(pattern in pattern(), text in pattern()) {
        if let Ok(regex) = PythonRegex::new(&pattern) {
            let spans: Vec<(usize, usize)> = regex.find_iter(&text).take(100).collect();
            for &(start, end) in &spans {
                prop_assert!(text.get(start..end).is_some());
            }
            prop_assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0));
            prop_assert_eq!(regex.is_match(&text), !spans.is_empty());
        }
    }

    #[test]
    fn any_glob_is_compiled_or_refused(pattern in pattern(), path in pattern()) {
        let here = Directory::new("/nowhere".as_ref());
        if let Ok(globs) = Globs::new(prepare_globs([&pattern], &here)) {
            let _ = globs.is_match(&path);
        }
        for relative in [false, true] {
            let mut aliases = PathAliases::new(here.clone(), relative);
            if aliases.add(&pattern, &path).is_ok() {
                aliases.map(&path, &|_| true);
                aliases.map(&pattern, &|path| path.len() % 2 == 0);
            }
        }
    }

    #[test]
    fn any_text_is_quoted_in_printable_characters(text in any::<String>()) {
        let shown = python_repr(&text);
        prop_assert!(!shown.contains(char::is_control));
    }
}

#[test]
fn patterns_that_would_take_forever_are_refused_or_given_up() {
    let nested = format!("{}a{}", "(".repeat(5_000), ")*".repeat(5_000));
    assert!(PythonRegex::new(&nested).is_err());
    let repeated = "(?:".repeat(8) + "a" + &"{1,1000})".repeat(8);
    assert!(PythonRegex::new(&repeated).is_err());
    let huge = "[a-z]{4294967295}";
    assert!(PythonRegex::new(huge).is_err());
    let many = join_regexes(&vec!["a*b"; 2_000]);
    assert!(PythonRegex::new(&many).is_ok());
}
