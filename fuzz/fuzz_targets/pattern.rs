//! No pattern makes a matcher panic or run for ever: globs, rules of `[paths]`, regular expressions.

#![no_main]

use libfuzzer_sys::fuzz_target;
use swath_pattern::{Directory, Globs, PathAliases, PythonRegex, prepare_globs};

fuzz_target!(|input: (&str, &str)| {
    let (pattern, text) = input;
    if let Ok(regex) = PythonRegex::new(pattern) {
        let spans: Vec<(usize, usize)> = regex.find_iter(text).take(100).collect();
        assert!(spans.iter().all(|&(start, end)| text.get(start..end).is_some()));
        assert_eq!(regex.is_match(text), !spans.is_empty());
    }
    let here = Directory::new("/nowhere".as_ref());
    if let Ok(globs) = Globs::new(prepare_globs([pattern], &here)) {
        let _ = globs.is_match(text);
    }
    for relative in [false, true] {
        let mut aliases = PathAliases::new(here.clone(), relative);
        if aliases.add(pattern, text).is_ok() {
            aliases.map(text, &|_| true);
        }
    }
});
