//! Data that was recorded on another text, followed to the text that is here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use swath_analysis::{LineSet, Problem, decode_source};
use swath_changes::{LineMap, MODULE};
use swath_data::{CoverageData, SourceHash};

use crate::model::{analyze_as_wanted, measured_arcs};
use crate::rules_of_python::Rules;
use crate::{FileReport, ModelOptions, Report, StaleFile};

/// Texts that were measured, as far as they are to be had.
#[derive(Clone, Debug, Default)]
pub struct MeasuredTexts {
    /// The texts by their hashes.
    pub texts: BTreeMap<SourceHash, Vec<u8>>,
    /// Why the others are not there, to stand behind *and*.
    pub missing: String,
}

/// Why what ran of a file that changed since cannot be found in the text that is here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFollowed {
    /// Nobody knows which of its texts a line belongs to.
    #[error("the data holds {0} texts of it")]
    ManyTexts(usize),
    /// The text that was measured is not to be had.
    #[error("{0}")]
    NoText(String),
    /// The text that is here cannot be analyzed.
    #[error("the text that is here cannot be analyzed: {0}")]
    NotAnalyzed(String),
}

impl Report {
    /// The texts with which stale files could be followed: of those that were measured with one text.
    pub fn texts_to_follow(&self) -> Vec<SourceHash> {
        let only = |stale: &StaleFile| stale.measured.first().copied();
        let one_text = self.stale.iter().filter(|stale| stale.measured.len() == 1);
        let hashes: BTreeSet<SourceHash> = one_text.filter_map(only).collect();
        hashes.into_iter().collect()
    }

    /// Takes in the stale files whose measured text is among `texts`. What ran on a line counts for
    /// the line with the same words that is here now; statements that hold other lines are
    /// unmeasured, and missing.
    pub fn follow(
        &mut self,
        data: &CoverageData,
        options: &ModelOptions<'_>,
        texts: &MeasuredTexts,
    ) {
        let rules = Rules::new(data, options);
        let mut stale = Vec::new();
        for file in std::mem::take(&mut self.stale) {
            let text = only_text(&file, texts);
            let followed = text.and_then(|text| follow_file(data, options, &rules, &file, text));
            match followed {
                Ok(followed) => {
                    self.totals += followed.numbers;
                    self.followed.insert(followed.recorded.clone());
                    self.files.push(followed);
                }
                Err(reason) => stale.push(StaleFile {
                    not_followed: Some(reason),
                    ..file
                }),
            }
        }
        self.stale = stale;
        self.files.sort_by(|one, other| one.path.cmp(&other.path));
    }

    /// The report without the files that were followed: what it would be on the texts that are here.
    #[must_use]
    pub fn without_followed(&self) -> Self {
        let mut report = self.clone();
        let followed = std::mem::take(&mut report.followed);
        if !followed.is_empty() {
            report
                .files
                .retain(|file| !followed.contains(&file.recorded));
            report.totals = report.files.iter().map(|file| file.numbers).sum();
        }
        report
    }
}

/// The one text of a file that was measured.
fn only_text<'a>(file: &StaleFile, texts: &'a MeasuredTexts) -> Result<&'a [u8], NotFollowed> {
    let mut hashes = file.measured.iter();
    let (Some(only), None) = (hashes.next(), hashes.next()) else {
        return Err(NotFollowed::ManyTexts(file.measured.len()));
    };
    let text = texts.texts.get(only).map(Vec::as_slice);
    text.ok_or_else(|| NotFollowed::NoText(texts.missing.clone()))
}

fn follow_file(
    data: &CoverageData,
    options: &ModelOptions<'_>,
    rules: &Rules,
    stale: &StaleFile,
    measured: &[u8],
) -> Result<FileReport, NotFollowed> {
    let key = &stale.recorded;
    let on_disk = options.directory.absolute(&stale.path);
    let source = swath_checkout::read_source(Path::new(&on_disk));
    let source = source.map_err(|error| NotFollowed::NotAnalyzed(error.to_string()))?;
    let problem = |problem: &Problem| NotFollowed::NotAnalyzed(problem.describe(&stale.name));
    let text = decode_source(&source).map_err(|error| problem(&error))?;
    let analysis = analyze_as_wanted(&text, rules.python_of(data, key), data, options);
    if let Some(error) = &analysis.problem {
        return Err(problem(error));
    }
    let map = LineMap::new(measured, &source);
    let known: LineSet = map.lines_after().collect();
    let mut file = FileReport {
        path: stale.path.clone(),
        recorded: key.clone(),
        name: stale.name.clone(),
        multiline: analysis.multiline.clone(),
        ..FileReport::default()
    };
    let mut unmeasured = LineSet::new();
    let mut unknown = LineSet::new();
    for line in analysis.statements.iter() {
        let last = file.last_line_of(line);
        if (line..=last).any(|line| !known.contains(line)) {
            unmeasured.insert(line);
            unknown.insert_range(line, last);
        }
    }
    let lines = data.lines(key, options.contexts.as_ref());
    let lines = lines.unwrap_or_default();
    let lines = lines.iter().filter_map(|line| map.line(line));
    let lines: Vec<u32> = lines.filter(|line| !unknown.contains(*line)).collect();
    // A module is what it was, whatever its first line is now.
    let is_known = |end: i32| end == MODULE || !unknown.contains(end.unsigned_abs());
    let arcs = data.has_arcs().then(|| {
        let arcs = measured_arcs(data, options, key).into_iter();
        let arcs = arcs.flat_map(|arc| map.arc(arc));
        arcs.filter(|&(from, to)| is_known(from) && is_known(to))
            .collect::<Vec<_>>()
    });
    let statements = analysis.statements.clone();
    file = FileReport {
        path: file.path,
        recorded: file.recorded,
        name: file.name,
        source: if options.details && !options.without_sources {
            text
        } else {
            String::new()
        },
        ..FileReport::new(analysis, lines, arcs)
    };
    file.unmeasured = unmeasured.intersection(&statements);
    Ok(file)
}

#[cfg(test)]
mod tests {
    use swath_config::CoverageConfig;
    use swath_data::{FileFacts, Mode};
    use swath_pattern::Directory;

    use super::*;
    use crate::{build_report, exclusion_rules};

    /// Follows data of `before` to `after`: the missing text, and the unmeasured lines.
    fn follow(before: &str, lines: &[u32], arcs: &[(i32, i32)], after: &str) -> (String, Vec<u32>) {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::new(folder.path());
        let path = directory.absolute("a.py");
        fs_err::write(&path, after).unwrap();
        let mode = if arcs.is_empty() {
            Mode::Lines
        } else {
            Mode::Arcs
        };
        let mut data = CoverageData::new(mode);
        let context = data.intern_context("");
        if arcs.is_empty() {
            data.add_lines(&path, context, &lines.iter().copied().collect());
        } else {
            data.add_arcs(&path, context, &arcs.iter().copied().collect());
        }
        let hash = SourceHash::of(before.as_bytes());
        let facts = FileFacts {
            hash: Some(hash),
            ..FileFacts::default()
        };
        data.accounting.files.insert(path, [facts].into());
        let config = CoverageConfig::default();
        let rules = exclusion_rules(&config).unwrap();
        let options = ModelOptions::from_config(&config, &rules, &data, &directory).unwrap();
        let mut report = build_report(&data, &options).unwrap();
        assert_eq!(report.texts_to_follow(), [hash]);
        let texts = MeasuredTexts {
            texts: BTreeMap::from([(hash, before.as_bytes().to_vec())]),
            missing: String::new(),
        };
        report.follow(&data, &options, &texts);
        assert!(report.stale.is_empty());
        assert_eq!(report.totals, report.files[0].numbers);
        let file = &report.files[0];
        (file.missing_text(), file.unmeasured.iter().collect())
    }

    #[test]
    fn what_ran_is_followed_to_where_the_line_is_now() {
        let before = "a = 1\nif a:\n    b = 2\nelse:\n    c = 3\nd = 4\n";
        let after = "# new\na = 1\nif a:\n    b = 2\nelse:\n        c  =  3\nd = 4\n";
        assert_eq!(
            follow(before, &[1, 2, 3, 6], &[], after),
            ("6".to_owned(), vec![])
        );
        let arcs = [(-1, 1), (1, 2), (2, 3), (3, 6), (6, -1)];
        assert_eq!(follow(before, &[], &arcs, after), ("6".to_owned(), vec![]));
    }

    #[test]
    fn statements_that_changed_since_are_unmeasured_and_missing() {
        let before = "a = 1\nb = f(\n    1,\n)\nc = 3\n";
        let after = "a = 1\nb = f(\n    2,\n)\nc = 3\nd = 4\n";
        assert_eq!(
            follow(before, &[1, 2, 3, 5], &[], after),
            ("2, 6".to_owned(), vec![2, 6])
        );
    }

    #[test]
    fn ways_out_of_the_module_are_kept_below_new_lines() {
        let before = "a = 0\nif a:\n    b = 2\n";
        let arcs = [(-1, 1), (1, 2), (2, -1)];
        for after in [
            "# new\na = 0\nif a:\n    b = 2\n",
            "a = 0; c = 1\nif a:\n    b = 2\n",
        ] {
            let (missing, unmeasured) = follow(before, &[], &arcs, after);
            let changed = u32::from(after.starts_with("a = 0;"));
            let expected = if changed == 1 { "1, 3" } else { "4" };
            assert_eq!(missing, expected, "{after}");
            assert_eq!(unmeasured.len(), changed as usize, "{after}");
        }
    }

    #[test]
    fn ways_out_of_a_function_at_the_first_line_are_kept_below_new_lines() {
        let before = "def f(a):\n    if a:\n        print()\nf(0)\n";
        let arcs = [(-1, 1), (1, 4), (4, -1), (-1, 2), (2, -1)];
        let after = format!("# new\n{before}");
        assert_eq!(follow(before, &[], &arcs, &after), ("4".to_owned(), vec![]));
    }

    #[test]
    fn a_way_into_a_changed_line_was_not_taken() {
        let before = "if a:\n    b = 2\nc = 3\n";
        let after = "if a:\n    b = 9\nc = 3\n";
        let arcs = [(-1, 1), (1, 2), (2, 3), (1, 3), (3, -1)];
        assert_eq!(follow(before, &[], &arcs, after), ("2".to_owned(), vec![2]));
    }
}
