//! Lines that were taken away in one place and written in another, as git's `--color-moved=blocks`
//! with `--color-moved-ws=ignore-all-space` finds them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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
        let taken_away: Vec<Vec<Line>> = files
            .iter()
            .flat_map(|file| &file.removed)
            .map(line_texts)
            .collect();
        let mut places: HashMap<&[u8], Vec<Place>> = HashMap::new();
        for (run, lines) in taken_away.iter().enumerate() {
            for (line, text) in lines.iter().enumerate() {
                let places = places.entry(text).or_default();
                if places.len() < MOST_PLACES {
                    places.push(Place { run, line });
                }
            }
        }
        let mut moved = Self::default();
        for file in files {
            let Some(path) = &file.new else { continue };
            for run in &file.added {
                let lines = moved_lines(run, &taken_away, &places);
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

/// A line without its blanks.
type Line = Vec<u8>;

/// Where a line was taken away.
#[derive(Clone, Copy)]
struct Place {
    run: usize,
    line: usize,
}

fn line_texts(run: &Run<'_>) -> Vec<Line> {
    run.lines.iter().map(|line| without_blanks(line)).collect()
}

/// What of a line counts where blanks do not.
pub(crate) fn without_blanks(line: &[u8]) -> Vec<u8> {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t' | b'\r' | 11 | 12);
    line.iter().copied().filter(is_text).collect()
}

/// The numbers of the lines of `run` that are in a block which was taken away elsewhere.
fn moved_lines(
    run: &Run<'_>,
    taken_away: &[Vec<Line>],
    places: &HashMap<&[u8], Vec<Place>>,
) -> Vec<u32> {
    let texts = line_texts(run);
    let mut moved = Vec::new();
    let mut start = 0;
    while start < texts.len() {
        let length = longest_block(&texts[start..], taken_away, places);
        let block = &texts[start..start + length];
        let letters = block.iter().flatten().filter(|b| b.is_ascii_alphanumeric());
        if letters.count() >= FEWEST_LETTERS {
            moved.extend((run.first..).skip(start).take(length));
        }
        start += length.max(1);
    }
    moved
}

/// How many of the first lines were taken away in this order.
fn longest_block(
    texts: &[Line],
    taken_away: &[Vec<Line>],
    places: &HashMap<&[u8], Vec<Place>>,
) -> usize {
    let Some(first) = texts.first() else { return 0 };
    let mut open: Vec<Place> = places.get(first.as_slice()).cloned().unwrap_or_default();
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
