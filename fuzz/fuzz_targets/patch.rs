//! No bytes make the reader of patches panic, run for ever or take memory without a bound; and no two
//! texts do that to the search for the lines of one in the other.

#![no_main]

use libfuzzer_sys::fuzz_target;
use swath_changes::{LineMap, parse_patch};

fuzz_target!(|input: &[u8]| {
    if let Ok(files) = parse_patch(input) {
        for file in files {
            assert!(file.candidates().next().is_some());
            for (first, last) in file.lines.iter() {
                assert!(first <= last && !file.moved.contains_any(first, last));
            }
            let _ = file.text.first_difference(input);
        }
    }
    let middle = input.len() / 2;
    let (before, after) = input.split_at(middle);
    let found: Vec<u32> = LineMap::new(before, after).lines_after().collect();
    assert!(found.is_sorted_by(|one, other| one < other));
});
