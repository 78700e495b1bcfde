//! Lines that were taken away in one place and written in another, as git's `--color-moved=blocks`
//! with `--color-moved-ws=ignore-all-space` finds them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use crate::file_diff::{FileDiff, Run};

/// A block with fewer letters and digits is not worth calling moved: git's own limit.
const FEWEST_LETTERS: usize = 20;
/// Of a line that was taken away more often than this, no more places are tried.
const MOST_PLACES: usize = 64;

/// The lines that were only moved, by the path after the change.
#[derive(Debug, Default)]
pub(crate) struct Moved(BTreeMap<String, BTreeSet<u32>>);

impl Moved {
    /// Finds the lines that were only moved.
    pub(crate) fn find(files: &[FileDiff<'_>]) -> Self {
        let hasher = RandomState::new();
        let texts = |run: &Run<'_>| -> Vec<Line> {
            let lines = run.lines.iter();
            lines.map(|line| Line::new(line, &hasher)).collect()
        };
        let removed = files.iter().flat_map(|file| &file.removed);
        let taken_away: Vec<Vec<Line>> = removed.map(texts).collect();
        let mut places: HashMap<u64, Vec<Place>> = HashMap::new();
        for (run, lines) in taken_away.iter().enumerate() {
            for (line, text) in lines.iter().enumerate() {
                let places = places.entry(text.hash).or_default();
                if places.len() < MOST_PLACES {
                    places.push(Place { run, line });
                }
            }
        }
        let mut moved = Self::default();
        for file in files {
            let Some(path) = &file.new else { continue };
            for run in &file.added {
                let lines = moved_lines(run.first, &texts(run), &taken_away, &places);
                if !lines.is_empty() {
                    moved.0.entry(path.clone()).or_default().extend(lines);
                }
            }
        }
        moved
    }

    pub(crate) fn contains(&self, path: &str, line: u32) -> bool {
        self.0.get(path).is_some_and(|lines| lines.contains(&line))
    }
}

/// A line without its blanks: what it says, as a hash, and how many letters and digits it has.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Line {
    hash: u64,
    letters: usize,
}

impl Line {
    fn new(line: &[u8], hasher: &RandomState) -> Self {
        let mut hash = hasher.build_hasher();
        let words = line.split(|&byte| is_blank(byte));
        words.for_each(|word| hash.write(word));
        let letters = line.iter().filter(|byte| byte.is_ascii_alphanumeric());
        Self {
            hash: hash.finish(),
            letters: letters.count(),
        }
    }
}

/// Where a line was taken away.
#[derive(Clone, Copy)]
struct Place {
    run: usize,
    line: usize,
}

/// What of a line counts where blanks do not.
pub(crate) fn without_blanks(line: &[u8]) -> Vec<u8> {
    let bytes = line.iter().copied();
    bytes.filter(|&byte| !is_blank(byte)).collect()
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | 11 | 12)
}

/// The numbers of the lines from `first` on that are in a block which was taken away elsewhere.
fn moved_lines(
    first: u32,
    texts: &[Line],
    taken_away: &[Vec<Line>],
    places: &HashMap<u64, Vec<Place>>,
) -> Vec<u32> {
    let mut moved = Vec::new();
    let mut start = 0;
    while start < texts.len() {
        let length = longest_block(&texts[start..], taken_away, places);
        let block = &texts[start..start + length];
        let letters: usize = block.iter().map(|line| line.letters).sum();
        if letters >= FEWEST_LETTERS {
            moved.extend((first..).skip(start).take(length));
        }
        start += length.max(1);
    }
    moved
}

/// How many of the first lines were taken away in this order.
fn longest_block(
    texts: &[Line],
    taken_away: &[Vec<Line>],
    places: &HashMap<u64, Vec<Place>>,
) -> usize {
    let Some(places) = texts.first().and_then(|first| places.get(&first.hash)) else {
        return 0;
    };
    let mut open: Vec<Place> = places.clone();
    let mut length = 0;
    while !open.is_empty() {
        length += 1;
        let Some(next) = texts.get(length) else { break };
        open.retain_mut(|place| {
            place.line += 1;
            taken_away[place.run].get(place.line) == Some(next)
        });
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::parse_files;

    fn moved(patch: &str) -> Vec<u32> {
        let moved = Moved::find(&parse_files(patch.as_bytes()).unwrap());
        moved.0.into_values().flatten().collect()
    }

    #[test]
    fn a_block_that_stands_elsewhere_is_moved() {
        let patch = "--- a.py\n+++ a.py\n@@ -1,3 +0,0 @@\n-def total(items):\n-    return sum(items)\n-x = 1\n\
                     --- b.py\n+++ b.py\n@@ -4,0 +5,3 @@\n+y = 2\n+  def total(items):\n+    return sum( items )\n";
        assert_eq!(moved(patch), [6, 7]);
    }

    #[test]
    fn a_few_letters_are_no_block() {
        let patch = "--- a.py\n+++ a.py\n@@ -1,2 +0,0 @@\n-return None\n-x = 1\n@@ -9,0 +8,2 @@\n+x = 1\n+return None\n";
        assert_eq!(moved(patch), [0; 0]);
    }

    #[test]
    fn many_equal_lines_take_no_time() {
        let mut patch = String::from("--- a\n+++ a\n@@ -1,40000 +1,40000 @@\n");
        patch += &"-x = 'the same again and again'\n".repeat(40_000);
        patch += &"+x = 'the same again and again'\n".repeat(40_000);
        assert_eq!(moved(&patch).len(), 40_000);
    }
}
