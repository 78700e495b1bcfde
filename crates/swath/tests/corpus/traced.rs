//! Where coverage.py's two cores see different things, its C tracer is the judge.
//!
//! From 3.14 on coverage.py concludes lines and exits from events of branches, now and then some that an
//! exception prevented. Its C tracer is told of every line.

use std::collections::BTreeSet;

use swath_test::Python;

use crate::measured::{Measured, Project, Seen};

/// Whether coverage.py's C tracer sees what swath sees of a program, wherever its default core does not.
pub(crate) fn tracer_agrees(python: &Python, name: &str, text: &str, measured: &Measured) -> bool {
    if python.version < (3, 14) {
        // There the tracer is the default.
        return false;
    }
    let Some(project) = Project::new(python, [(name.to_owned(), text.to_owned())]) else {
        return false;
    };
    let traced = project.measure_by_tracer();
    let (Some(theirs), Some(traced), Some(ours)) = (
        measured.theirs.get(name),
        traced.get(name),
        measured.ours.get(name),
    ) else {
        return false;
    };
    // Both tools make the same of the same data.
    let read_alike = measured.theirs_read_by_us.get(name) == Some(theirs)
        && measured
            .ours_read_by_them
            .as_ref()
            .is_none_or(|asked| asked.get(name) == Some(ours));
    read_alike && settles(theirs, traced, ours)
}

fn settles(theirs: &Seen, traced: &Seen, ours: &Seen) -> bool {
    let (Some(their_exits), Some(traced_exits), Some(our_exits)) =
        (&theirs.exits, &traced.exits, &ours.exits)
    else {
        return false;
    };
    theirs.lines.statements == ours.lines.statements
        && theirs.lines.excluded == ours.lines.excluded
        && settles_set(
            &theirs.lines.missing,
            &traced.lines.missing,
            &ours.lines.missing,
        )
        && settles_set(
            &their_exits.missing,
            &traced_exits.missing,
            &our_exits.missing,
        )
        && settles_set(
            &their_exits.executed,
            &traced_exits.executed,
            &our_exits.executed,
        )
}

/// Whether what only one of two sets has is in the third as it is in the last.
fn settles_set<T: Ord>(theirs: &BTreeSet<T>, traced: &BTreeSet<T>, ours: &BTreeSet<T>) -> bool {
    theirs
        .symmetric_difference(ours)
        .all(|one| traced.contains(one) == ours.contains(one))
}
