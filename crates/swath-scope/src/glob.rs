//! coverage.py's file name patterns: what its `globs_to_regex` makes of them, without a regex.
//!
//! `*` and `?` stop at slashes, `**/` and a leading `*/` stand for any folders or none, a
//! trailing `/*` for everything below, and a pattern without a slash for a name in any folder.
//! Slashes and backslashes are the same. A pattern that coverage.py refuses matches nothing:
//! swath-config has refused it before it comes here.

/// How many steps one comparison may take: patterns that would need more match nothing.
const STEPS: u32 = 100_000;

/// Whether `path` as a whole matches `pattern`.
pub fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let mut steps = STEPS;
    if pattern.iter().any(|byte| is_slash(*byte)) {
        return at_start(pattern, path, &mut steps);
    }
    any_folders(pattern, path, &mut steps)
}

fn is_slash(byte: u8) -> bool {
    byte == b'/' || byte == b'\\'
}

/// Whether the token is `stars` stars and a slash; what follows it.
fn after_stars(pattern: &[u8]) -> Option<&[u8]> {
    let mut rest = pattern;
    let mut stars = 0;
    while let Some((b'*', later)) = rest.split_first() {
        stars += 1;
        rest = later;
    }
    let (slash, later) = rest.split_first()?;
    (stars > 0 && stars < 3 && is_slash(*slash)).then_some(later)
}

/// The pattern's beginning, where `*/` means any folders as well.
fn at_start(pattern: &[u8], path: &[u8], steps: &mut u32) -> bool {
    match after_stars(pattern) {
        Some(rest) => any_folders(rest, path, steps),
        None => here(pattern, path, steps),
    }
}

/// `(.*/)?` and the rest of the pattern.
fn any_folders(rest: &[u8], path: &[u8], steps: &mut u32) -> bool {
    if here(rest, path, steps) {
        return true;
    }
    let mut later = path;
    while let Some((byte, next)) = later.split_first() {
        if *byte == b'\n' {
            // A regex's `.` stops there.
            return false;
        }
        later = next;
        if is_slash(*byte) && here(rest, later, steps) {
            return true;
        }
    }
    false
}

/// The pattern from one place on, against all of the path.
fn here(pattern: &[u8], path: &[u8], steps: &mut u32) -> bool {
    let (mut pattern, mut path) = (pattern, path);
    loop {
        match steps.checked_sub(1) {
            Some(left) => *steps = left,
            None => return false,
        }
        let Some((token, rest)) = pattern.split_first() else {
            return path.is_empty();
        };
        match *token {
            slash if is_slash(slash) => {
                let Some((byte, later)) = path.split_first() else {
                    return false;
                };
                if !is_slash(*byte) {
                    return false;
                }
                // `/*` at the end is everything below, also deeper.
                if !rest.is_empty() && rest.iter().all(|byte| *byte == b'*') {
                    return !later.contains(&b'\n');
                }
                (pattern, path) = (rest, later);
            }
            b'*' => {
                if let Some(after) = after_stars(pattern)
                    && rest.first() == Some(&b'*')
                {
                    return any_folders(after, path, steps);
                }
                return star(rest, path, steps);
            }
            b'?' => match path.split_first() {
                Some((byte, later)) if !is_slash(*byte) => {
                    (pattern, path) = (rest, rest_of_character(later));
                }
                _ => return false,
            },
            b'[' => {
                let (Some((set, after)), Some((byte, later))) = (set(rest), path.split_first())
                else {
                    return false;
                };
                if !in_set(set, *byte) {
                    return false;
                }
                (pattern, path) = (after, later);
            }
            literal => match path.split_first() {
                Some((byte, later)) if *byte == literal => (pattern, path) = (rest, later),
                _ => return false,
            },
        }
    }
}

/// What follows the other bytes of a UTF-8 character.
fn rest_of_character(path: &[u8]) -> &[u8] {
    let end = path.iter().position(|byte| *byte & 0xc0 != 0x80);
    path.get(end.unwrap_or(path.len())..).unwrap_or(&[])
}

/// `[^/]*` and the rest of the pattern.
fn star(rest: &[u8], path: &[u8], steps: &mut u32) -> bool {
    let mut later = path;
    loop {
        if here(rest, later, steps) {
            return true;
        }
        match later.split_first() {
            Some((byte, next)) if !is_slash(*byte) => later = next,
            _ => return false,
        }
    }
}

/// The inside of a set whose `[` has been read, and what follows its `]`.
fn set(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    // As in a regex, a `]` that comes first (after `^`) belongs to the set: coverage.py's
    // tokenizer ends it there, and the regex it builds from that does not compile.
    let end = rest.iter().position(|byte| *byte == b']')?;
    Some((rest.get(..end)?, rest.get(end + 1..)?))
}

/// Whether a regex's set holds a byte.
fn in_set(set: &[u8], byte: u8) -> bool {
    let (negated, mut rest) = match set.split_first() {
        Some((b'^', rest)) => (true, rest),
        _ => (false, set),
    };
    let mut found = false;
    while let Some((low, later)) = rest.split_first() {
        if let Some((b'-', after)) = later.split_first()
            && let Some((high, after)) = after.split_first()
        {
            found |= (*low..=*high).contains(&byte);
            rest = after;
        } else {
            found |= *low == byte;
            rest = later;
        }
    }
    found != negated
}
