//! The programs under `programs/` against what they say of themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::Path;

use swath_test::{MarkedLines, Python, builds, record_figure, skip};

use crate::measured::{Exits, Measured, Project, Seen};

/// The programs, by name.
fn programs() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/programs");
    let mut programs = BTreeMap::new();
    for entry in walkdir::WalkDir::new(&folder) {
        let path = entry.unwrap().into_path();
        if path.extension().is_some_and(|extension| extension == "py") {
            let name = path.strip_prefix(&folder).unwrap().display().to_string();
            programs.insert(name, fs_err::read_to_string(&path).unwrap());
        }
    }
    programs
}

#[test]
fn programs_are_seen_as_they_say() {
    let programs = programs();
    assert!(programs.len() >= 250, "{} programs", programs.len());
    if builds().is_empty() {
        skip("programs_are_seen_as_they_say", "no Python found");
    }
    let check_all = |half: &[Python]| -> Vec<String> {
        half.iter()
            .flat_map(|python| check(python, &programs))
            .collect()
    };
    // Two at a time.
    let (left, right) = builds().split_at(builds().len() / 2);
    let mut complaints = check_both(|| check_all(left), || check_all(right));
    complaints.sort();
    assert!(
        complaints.is_empty(),
        "{} complaints:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

/// Runs both at the same time.
pub(crate) fn check_both(
    left: impl FnOnce() -> Vec<String> + Send,
    right: impl FnOnce() -> Vec<String>,
) -> Vec<String> {
    std::thread::scope(|scope| {
        let left = scope.spawn(left);
        let right = right();
        left.join().unwrap().into_iter().chain(right).collect()
    })
}

fn check(python: &Python, programs: &BTreeMap<String, String>) -> Vec<String> {
    let mut marked = BTreeMap::new();
    for (name, source) in programs {
        let marks = MarkedLines::parse(source, python.version)
            .unwrap_or_else(|error| panic!("{name}: {error:#}"));
        marked.extend(marks.map(|marks| (name, marks)));
    }
    let chosen = marked
        .keys()
        .map(|&name| (name.clone(), programs[name].clone()));
    let Some(project) = Project::new(python, chosen) else {
        return Vec::new();
    };
    let measured = project.measure();
    let mut complaints = Vec::new();
    for (name, marks) in &marked {
        let seen_by_all = seen_by_all(&measured, name, python);
        assert!(
            measured.theirs.contains_key(*name),
            "coverage.py fails at {name}"
        );
        if let Some(difference) = disagreement(&seen_by_all) {
            complaints.push(format!("{} {name}: {difference}", python.tag()));
        }
        for (who, seen) in seen_by_all {
            let found = marks.complaints(&seen.lines).into_iter();
            complaints.extend(found.map(|text| format!("{} {name}, {who}: {text}", python.tag())));
        }
    }
    if complaints.is_empty() {
        record_figure(
            "Programs that say what runs",
            "seen alike by coverage.py and swath",
            &python.tag(),
            marked.len().to_string(),
        );
    }
    complaints
}

/// What each tool makes of a program; those that see the same are named together.
pub(crate) fn seen_by_all(measured: &Measured, name: &str, python: &Python) -> Vec<(String, Seen)> {
    let all = [
        ("coverage.py", Some(&measured.theirs)),
        (
            "swath of coverage.py's data",
            Some(&measured.theirs_read_by_us),
        ),
        ("swath", Some(&measured.ours)),
        (
            "coverage.py of swath's data",
            measured.ours_read_by_them.as_ref(),
        ),
    ];
    let mut seen: Vec<(String, Seen)> = Vec::new();
    for (who, files) in all {
        let Some(files) = files else { continue };
        let Some(this) = files.get(name) else {
            assert!(who.starts_with("coverage.py"), "{who} has no {name}");
            continue;
        };
        // The model of branches on 3.8 is an older one.
        let this = if python.version < (3, 9) {
            this.clone().without_branches()
        } else {
            this.clone()
        };
        match seen.iter_mut().find(|(_, other)| *other == this) {
            Some((names, _)) => *names = format!("{names} and {who}"),
            None => seen.push((who.to_owned(), this)),
        }
    }
    seen
}

/// Where a tool sees something else than the first one; lines alone where it saw no branches.
pub(crate) fn disagreement(seen: &[(String, Seen)]) -> Option<String> {
    let (first, all) = seen.first()?;
    let different = seen.iter().find(|(_, other)| {
        let is_same = match other.exits {
            Some(_) => other == all,
            None => *other == all.clone().without_branches(),
        };
        !is_same
    });
    different.map(|(who, other)| {
        let parts = [
            (
                "statements",
                parts_of(all, other, |seen| &seen.lines.statements),
            ),
            ("missing", parts_of(all, other, |seen| &seen.lines.missing)),
            (
                "excluded",
                parts_of(all, other, |seen| &seen.lines.excluded),
            ),
            (
                "exits missing",
                exits_of(all, other, |exits| &exits.missing),
            ),
            (
                "exits executed",
                exits_of(all, other, |exits| &exits.executed),
            ),
        ];
        let parts = parts.into_iter().filter_map(|(what, part)| {
            part.map(|(ours, theirs)| format!("\n  {what}: {first} {ours}, {who} {theirs}"))
        });
        let parts: String = parts.collect();
        if parts.is_empty() {
            format!("{first}: {all:?}\n  {who}: {other:?}")
        } else {
            parts
        }
    })
}

/// What each of two sets has alone; none when they are equal.
fn alone<T: Ord + Debug>(left: &BTreeSet<T>, right: &BTreeSet<T>) -> Option<(String, String)> {
    let only = |some: &BTreeSet<T>, other: &BTreeSet<T>| {
        let only: Vec<&T> = some.difference(other).collect();
        format!("{only:?}")
    };
    (left != right).then(|| (only(left, right), only(right, left)))
}

fn parts_of(
    left: &Seen,
    right: &Seen,
    part: impl Fn(&Seen) -> &BTreeSet<u32>,
) -> Option<(String, String)> {
    alone(part(left), part(right))
}

fn exits_of(
    left: &Seen,
    right: &Seen,
    part: impl Fn(&Exits) -> &BTreeSet<(u32, i32)>,
) -> Option<(String, String)> {
    alone(part(left.exits.as_ref()?), part(right.exits.as_ref()?))
}
