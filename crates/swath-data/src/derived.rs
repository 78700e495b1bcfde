//! Data derived from several data files: what all of them hold, or what only the first does.

use std::collections::BTreeSet;

use swath_model::{Arc, Completeness, SourceHash};

use crate::{ArcSet, CoverageData, DataError, FileData, LineSet, Mode, RunRecord};

/// What of the first data is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derivation {
    /// What all the others hold as well.
    Intersect,
    /// What none of the others holds.
    Subtract,
}

impl Derivation {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Intersect, Self::Subtract];

    /// The verb, and the word in data files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Intersect => "intersect",
            Self::Subtract => "subtract",
        }
    }
}

/// Data that was derived.
#[derive(Clone, Debug)]
pub struct Derived {
    /// The first data, with what is kept of it.
    pub data: CoverageData,
    /// The files of which the inputs ran different texts: nothing is kept of them, as nobody can say
    /// which line of one text is which of the other.
    pub different_texts: Vec<String>,
}

/// A body of data, and what its file is called.
pub type NamedData<'a> = (&'a str, &'a CoverageData);

/// Keeps of the first data what the others hold too, or what they do not hold, in the contexts of the
/// first. Every measured file of any of them stays measured.
pub fn derive(
    derivation: Derivation,
    first: NamedData<'_>,
    others: &[NamedData<'_>],
) -> Result<Derived, DataError> {
    let all: Vec<NamedData<'_>> = [first].into_iter().chain(others.iter().copied()).collect();
    let mode = common_mode(&all)?;
    let paths: BTreeSet<&str> = all
        .iter()
        .flat_map(|(_, data)| data.files().map(|(path, _)| path))
        .collect();
    let mut result = Derived {
        data: CoverageData::new(mode),
        different_texts: Vec::new(),
    };
    for path in paths {
        let tracer = all
            .iter()
            .find_map(|(_, data)| data.file(path)?.tracer.clone());
        result.data.touch(path).tracer = tracer;
        if texts(&all, path).len() > 1 {
            result.different_texts.push(path.to_owned());
        } else if let Some(file) = first.1.file(path) {
            let held = Held::new(derivation, path, others);
            keep(&mut result.data, path, (first.1, file), &held);
        }
    }
    account(&mut result.data, derivation, first.1, others);
    Ok(result)
}

/// Lines and arcs are not held against each other.
fn common_mode(all: &[NamedData<'_>]) -> Result<Mode, DataError> {
    let of = |mode| all.iter().find(|(_, data)| data.mode() == mode);
    match (of(Mode::Arcs), of(Mode::Lines)) {
        (Some((arcs, _)), Some((lines, _))) => Err(DataError::KindsDiffer {
            arcs: (*arcs).to_owned(),
            lines: (*lines).to_owned(),
        }),
        (Some(_), None) => Ok(Mode::Arcs),
        (None, Some(_)) => Ok(Mode::Lines),
        (None, None) => Ok(Mode::Unknown),
    }
}

/// The texts of a file that any of the inputs ran.
fn texts(all: &[NamedData<'_>], path: &str) -> BTreeSet<SourceHash> {
    let hashes = |(_, data): &NamedData<'_>| data.accounting.hashes(path);
    all.iter().flat_map(hashes).collect()
}

/// What the other inputs hold of a file: all of them where it is intersected, any of them where it is
/// subtracted.
struct Held {
    derivation: Derivation,
    lines: LineSet,
    arcs: ArcSet,
}

impl Held {
    fn new(derivation: Derivation, path: &str, others: &[NamedData<'_>]) -> Self {
        let mut all = others.iter().map(|(_, data)| {
            let lines = data.lines(path, None).unwrap_or_default();
            (lines, data.arcs(path, None).unwrap_or_default())
        });
        let (mut lines, mut arcs) = all.next().unwrap_or_default();
        for (more_lines, more_arcs) in all {
            match derivation {
                Derivation::Intersect => {
                    lines = lines.intersection(&more_lines);
                    arcs = arcs.iter().filter(|&arc| more_arcs.contains(arc)).collect();
                }
                Derivation::Subtract => {
                    lines.union_with(&more_lines);
                    arcs.union_with(&more_arcs);
                }
            }
        }
        Self {
            derivation,
            lines,
            arcs,
        }
    }

    fn lines_of(&self, lines: &LineSet) -> LineSet {
        match self.derivation {
            Derivation::Intersect => lines.intersection(&self.lines),
            Derivation::Subtract => lines.difference(&self.lines),
        }
    }

    fn arcs_of(&self, arcs: &ArcSet) -> ArcSet {
        let is_kept =
            |arc: &Arc| self.arcs.contains(*arc) == (self.derivation == Derivation::Intersect);
        let mut kept: ArcSet = arcs.iter().filter(is_kept).collect();
        if self.derivation == Derivation::Intersect {
            // All may have come to a line, each from elsewhere and on to elsewhere.
            let ends = arcs.iter().flat_map(|(from, to)| [from, to]);
            let ends: BTreeSet<i32> = ends.collect();
            let known: BTreeSet<i32> = kept.iter().flat_map(|(from, to)| [from, to]).collect();
            for line in ends.difference(&known).copied() {
                if u32::try_from(line).is_ok_and(|line| self.lines.contains(line)) {
                    kept.insert((line, line));
                }
            }
        }
        kept
    }
}

/// Keeps what is left of a file, in its contexts. A context in which nothing is left is not kept.
fn keep(
    result: &mut CoverageData,
    path: &str,
    (first, file): (&CoverageData, &FileData),
    held: &Held,
) {
    for (context, lines) in file.lines_by_context() {
        let left = held.lines_of(lines);
        if !left.is_empty() {
            let context = result.intern_context(first.context_name(context));
            result.add_lines(path, context, &left);
        }
    }
    for (context, arcs) in file.arcs_by_context() {
        let left = held.arcs_of(arcs);
        if !left.is_empty() {
            let context = result.intern_context(first.context_name(context));
            result.add_arcs(path, context, &left);
        }
    }
}

/// The account of the first, the texts of all, and what it was held against.
fn account(
    result: &mut CoverageData,
    derivation: Derivation,
    first: &CoverageData,
    others: &[NamedData<'_>],
) {
    let accounting = &mut result.accounting;
    accounting.clone_from(&first.accounting);
    let mut attribution = std::mem::take(&mut accounting.attribution);
    let mut labels = std::mem::take(&mut accounting.labels);
    let mut services = std::mem::take(&mut accounting.services);
    attribution.keep_lines_of(result);
    labels.keep_left_in(result);
    services.keep_left_in(result);
    let accounting = &mut result.accounting;
    accounting.attribution = attribution;
    accounting.labels = labels;
    accounting.services = services;
    for (_, other) in others {
        for (path, facts) in &other.accounting.files {
            let known = accounting.files.entry(path.clone()).or_default();
            known.extend(facts.iter().copied());
        }
    }
    let all_foreign = first.accounting.is_foreign()
        && others.iter().all(|(_, data)| data.accounting.is_foreign());
    if all_foreign {
        return;
    }
    let against: Vec<(Completeness, &str)> = others
        .iter()
        .map(|(name, data)| (data.accounting.completeness(), *name))
        .collect();
    let named = others.iter().flat_map(|(name, data)| {
        let runs = data.accounting.runs.iter().map(|run| run.id.as_str());
        [*name].into_iter().chain(runs)
    });
    let runs = first.accounting.runs.iter().map(|run| run.id.as_str());
    let identity: Vec<&str> = [derivation.name()]
        .into_iter()
        .chain(runs)
        .chain(named)
        .collect();
    let id = SourceHash::of(identity.join("\n").as_bytes()).to_string();
    accounting.add_runs([RunRecord::derived(id, derivation, &against)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(context: &str, lines: &[u32]) -> CoverageData {
        let mut data = CoverageData::new(Mode::Lines);
        let context = data.intern_context(context);
        data.add_lines("a.py", context, &lines.iter().copied().collect());
        data
    }

    fn arcs(arcs: &[Arc]) -> CoverageData {
        let mut data = CoverageData::new(Mode::Arcs);
        let context = data.intern_context("");
        data.add_arcs("a.py", context, &arcs.iter().copied().collect());
        data
    }

    fn derived(derivation: Derivation, inputs: &[&CoverageData]) -> CoverageData {
        let named: Vec<NamedData<'_>> = inputs.iter().map(|data| ("x", *data)).collect();
        derive(derivation, named[0], &named[1..]).unwrap().data
    }

    fn left(data: &CoverageData) -> Vec<u32> {
        data.lines("a.py", None).unwrap().iter().collect()
    }

    #[test]
    fn several_files_are_intersected_and_subtracted() {
        let inputs = [
            &lines("a", &[1, 2, 3, 4]),
            &lines("b", &[2, 3, 9]),
            &lines("c", &[3, 4]),
        ];
        assert_eq!(left(&derived(Derivation::Intersect, &inputs)), [3]);
        assert_eq!(left(&derived(Derivation::Subtract, &inputs)), [1]);
    }

    #[test]
    fn what_is_left_keeps_the_contexts_of_the_first() {
        let mut first = lines("one", &[1, 2]);
        first
            .update(&lines("two", &[2, 3]), ("", ""), str::to_owned)
            .unwrap();
        let rest = derived(Derivation::Subtract, &[&first, &lines("other", &[1])]);
        let by_line = rest.contexts_by_line("a.py", None);
        assert_eq!(by_line[&2], ["one", "two"].into());
        assert_eq!(by_line[&3], ["two"].into());
        let rest = derived(Derivation::Subtract, &[&first, &lines("other", &[2, 3])]);
        let names: Vec<&str> = rest.contexts().map(|(_, name)| name).collect();
        assert_eq!(names, ["one"]);
    }

    #[test]
    fn a_line_that_all_reached_by_other_arcs_is_not_lost() {
        let one = arcs(&[(-1, 1), (1, 2), (2, 3), (3, 4), (4, -1)]);
        let other = arcs(&[(-1, 1), (1, 3), (3, -1)]);
        let both = derived(Derivation::Intersect, &[&one, &other]);
        assert_eq!(left(&both), [1, 3]);
        let arcs: Vec<Arc> = both.arcs("a.py", None).unwrap().iter().collect();
        assert_eq!(arcs, [(-1, 1), (3, 3)]);
    }

    #[test]
    fn every_measured_file_stays_measured() {
        let mut more = lines("", &[1]);
        more.touch("b.py").tracer = Some("plugin".to_owned());
        for derivation in Derivation::ALL {
            let data = derived(derivation, &[&lines("", &[2]), &more]);
            let files: Vec<&str> = data.files().map(|(path, _)| path).collect();
            assert_eq!(files, ["a.py", "b.py"]);
            assert_eq!(data.mode(), Mode::Lines);
            let tracer = data.file("b.py").unwrap().tracer.as_deref();
            assert_eq!(tracer, Some("plugin"));
            assert!(data.accounting.is_empty());
        }
    }

    #[test]
    fn lines_and_arcs_are_not_held_against_each_other() {
        let (one, other) = (lines("", &[1]), arcs(&[(1, 2)]));
        for pair in [[("a", &one), ("b", &other)], [("b", &other), ("a", &one)]] {
            let error = derive(Derivation::Subtract, pair[0], &pair[1..]).unwrap_err();
            assert_eq!(
                error.to_string(),
                "`b` holds branches, and `a` holds lines only"
            );
        }
    }
}
