//! Programs that say in comments which of their lines run: `# cov: miss`, `# cov: 1/2`.
//!
//! A statement without a comment has run, and control took each of its exits. `# cov: miss` marks one that did not
//! run, `# cov: 1/2` one of which one exit of two was taken, `# cov: excluded` an excluded line, `# cov: none` a line
//! that is no statement although it looks like one, `# cov: hit` one that ran with all its exits. A comment for some
//! versions only names them: `# cov[3.8-3.9]: miss`; the last one that holds counts. A program that needs a version
//! says so in its first line: `# python: 3.10-`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};

/// A minor version of Python 3, as in `(3, 12)`.
type Version = (u8, u8);

/// What a program promises of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Hit,
    Missed,
    Excluded,
    NoStatement,
    /// How many exits were taken, and how many there are.
    Exits(usize, usize),
}

/// What was seen of a program's lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenLines {
    /// The statements.
    pub statements: BTreeSet<u32>,
    /// Those of them that did not run.
    pub missing: BTreeSet<u32>,
    /// The lines left out.
    pub excluded: BTreeSet<u32>,
    /// For each line with several exits how many were taken, and how many there are.
    pub branches: Option<BTreeMap<u32, (usize, usize)>>,
}

/// The promises of one program for one Python.
#[derive(Clone, Debug)]
pub struct MarkedLines {
    marks: BTreeMap<u32, Mark>,
    blank: BTreeSet<u32>,
}

impl MarkedLines {
    /// Reads the comments of a program; none if it is not for this Python.
    pub fn parse(source: &str, version: Version) -> Result<Option<Self>> {
        if let Some(range) = source
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# python: "))
            && !contains(range, version)?
        {
            return Ok(None);
        }
        let mut marks = BTreeMap::new();
        for (number, line) in (1..).zip(source.lines()) {
            for comment in line.split("# cov").skip(1) {
                let (range, text) = comment
                    .split_once(':')
                    .with_context(|| format!("line {number}: no mark in `{line}`"))?;
                let holds = match range.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
                    Some(range) => contains(range, version)?,
                    None => range.is_empty(),
                };
                if holds {
                    let mark = parse_mark(text.trim())
                        .with_context(|| format!("line {number}: no mark in `{line}`"))?;
                    marks.insert(number, mark);
                }
            }
        }
        let numbered = (1..).zip(source.lines());
        let blank = numbered
            .filter(|(_, line)| line.trim().is_empty())
            .map(|(number, _)| number)
            .collect();
        Ok(Some(Self { marks, blank }))
    }

    /// Where what was seen is not what the program promises.
    pub fn complaints(&self, seen: &SeenLines) -> Vec<String> {
        let mut complaints = Vec::new();
        let marked = |wanted: Mark| -> BTreeSet<u32> {
            let lines = self.marks.iter().filter(|&(_, &mark)| mark == wanted);
            lines.map(|(&line, _)| line).collect()
        };
        let mut compare = |what: &str, promised: &BTreeSet<u32>, seen: &BTreeSet<u32>| {
            if promised != seen {
                complaints.push(format!("{what}: promised {promised:?}, seen {seen:?}"));
            }
        };
        compare("missing", &marked(Mark::Missed), &seen.missing);
        let excluded = &seen.excluded - &self.blank;
        compare("excluded", &marked(Mark::Excluded), &excluded);
        let wrong: Vec<u32> = marked(Mark::NoStatement)
            .intersection(&seen.statements)
            .copied()
            .collect();
        if !wrong.is_empty() {
            complaints.push(format!("no statements were promised in {wrong:?}"));
        }
        if let Some(branches) = &seen.branches {
            self.check_exits(branches, &mut complaints);
        }
        complaints
    }

    fn check_exits(&self, branches: &BTreeMap<u32, (usize, usize)>, complaints: &mut Vec<String>) {
        for (&line, &(taken, all)) in branches {
            let promised = match self.marks.get(&line) {
                Some(Mark::Exits(taken, all)) => (*taken, *all),
                Some(Mark::Missed) => (0, all),
                _ => (all, all),
            };
            if promised != (taken, all) {
                let (some, of) = promised;
                complaints.push(format!(
                    "exits of line {line}: promised {some}/{of}, seen {taken}/{all}"
                ));
            }
        }
        for (line, mark) in &self.marks {
            if matches!(mark, Mark::Exits(..)) && !branches.contains_key(line) {
                complaints.push(format!("line {line} has no several exits"));
            }
        }
    }
}

fn parse_mark(text: &str) -> Result<Mark> {
    // Another comment may follow.
    let word = text.split_whitespace().next().unwrap_or_default();
    Ok(match word {
        "hit" => Mark::Hit,
        "miss" => Mark::Missed,
        "excluded" => Mark::Excluded,
        "none" => Mark::NoStatement,
        _ => {
            let Some((taken, all)) = word.split_once('/') else {
                bail!("`{word}` is no mark");
            };
            let (taken, all) = (taken.parse()?, all.parse()?);
            ensure!(all > 1 && taken <= all, "`{word}` are no exits");
            Mark::Exits(taken, all)
        }
    })
}

/// Whether a range such as `3.8-3.11`, `3.12-` or `3.9` holds a version.
fn contains(range: &str, version: Version) -> Result<bool> {
    let parse = |text: &str| -> Result<Version> {
        let (major, minor) = text
            .trim()
            .split_once('.')
            .with_context(|| format!("`{text}` is no version"))?;
        Ok((major.parse()?, minor.parse()?))
    };
    Ok(match range.trim().split_once('-') {
        Some((first, "")) => parse(first)? <= version,
        Some((first, last)) => (parse(first)?..=parse(last)?).contains(&version),
        None => parse(range)? == version,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: &str = "\
# python: 3.9-
if x:  # cov: 1/2  # cov[3.9]: 0/2
    y = 1  # cov: miss
z = 1  # pragma: no cover  # cov: excluded
";

    fn seen(exits: (usize, usize)) -> SeenLines {
        SeenLines {
            statements: [2, 3].into(),
            missing: [3].into(),
            excluded: [4].into(),
            branches: Some([(2, exits)].into()),
        }
    }

    #[track_caller]
    fn check(version: Version, seen: &SeenLines, complaints: usize) {
        let marked = MarkedLines::parse(PROGRAM, version).unwrap().unwrap();
        let found = marked.complaints(seen);
        assert_eq!(found.len(), complaints, "{found:?}");
    }

    #[test]
    fn marks_hold_for_their_versions() {
        check((3, 12), &seen((1, 2)), 0);
        check((3, 12), &seen((2, 2)), 1);
        check((3, 9), &seen((0, 2)), 0);
        check((3, 9), &seen((1, 2)), 1);
        assert!(MarkedLines::parse(PROGRAM, (3, 8)).unwrap().is_none());
    }

    #[test]
    fn every_line_counts() {
        check((3, 12), &SeenLines::default(), 2);
        let mut more = seen((1, 2));
        more.missing.insert(2);
        check((3, 12), &more, 1);
        let no_branches = SeenLines {
            branches: Some(BTreeMap::new()),
            ..seen((1, 2))
        };
        check((3, 12), &no_branches, 1);
    }

    #[test]
    fn a_mark_that_is_none_is_an_error() {
        for line in [
            "x  # cov: maybe",
            "x  # cov: 3/2",
            "x  # cov[3]: hit",
            "x  # cov",
        ] {
            assert!(MarkedLines::parse(line, (3, 12)).is_err(), "{line}");
        }
    }
}
