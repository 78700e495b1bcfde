//! The account of a run on the terminal: who was measured, and whether the number can be trusted.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use swath_model::{Role, count};
use swath_run::{Account, FinishedRun};

use crate::progress::{seconds, status, status_bad};

/// `web 3, tests 1, tools 2`: the processes by what they are to the run.
pub(crate) fn by_role(account: &Account) -> String {
    let mut groups: BTreeMap<(Role, &str), usize> = BTreeMap::new();
    for process in &account.processes {
        let name = match process.role {
            Role::Service => process.service.as_deref().unwrap_or("services"),
            Role::Tests => "tests",
            Role::Tool => "tools",
        };
        *groups.entry((process.role, name)).or_default() += 1;
    }
    groups
        .iter()
        .map(|((_, name), number)| format!("{name} {number}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The last word: whether the number can be trusted.
pub(crate) fn print_verdict(run: &FinishedRun) {
    let mut text = run.verdict.reasons();
    let left_out = run
        .account
        .processes
        .iter()
        .filter(|process| process.role == Role::Tests && !process.counted)
        .count();
    if left_out > 0 {
        let _ = write!(
            text,
            "; the lines of {} left out",
            count(left_out, "test process")
        );
    }
    let _ = write!(
        text,
        "; swath added {} before, {} after",
        seconds(run.time_before),
        seconds(run.time_after)
    );
    let word = run.verdict.completeness.name();
    if run.verdict.is_sound() {
        status(word, &text);
    } else {
        status_bad(word, &text);
    }
}
