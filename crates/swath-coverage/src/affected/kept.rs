//! What a process does once, for the first test that needs it, and keeps for all others.

use std::collections::BTreeSet;

use swath_analysis::Outline;
use swath_data::CoverageData;

use super::known_tests::KnownTests;
use super::reach::{FileReach, process_count};
use super::sources::has_word;

/// A function of which few tests ran some lines: no more than there were processes.
struct Keeper {
    /// Its name, without what it is in.
    name: String,
    /// These lines.
    text: Vec<u8>,
    /// Whether one of them leaves something behind.
    leaves: bool,
}

/// The functions that may do something once.
#[derive(Default)]
pub(super) struct Keepers(Vec<Keeper>);

impl Keepers {
    /// Adds those of a file, by its text that was measured.
    pub(super) fn add(
        &mut self,
        data: &CoverageData,
        (key, known): (&str, &KnownTests),
        (text, outline): (&[u8], &Outline),
    ) {
        let reach = FileReach::new(data, key, known);
        let most = process_count(data, key);
        let lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
        let mut keepers: Vec<Keeper> = Vec::new();
        keepers.extend(outline.functions.iter().map(|function| Keeper {
            name: last_name(&function.name).to_owned(),
            text: Vec::new(),
            leaves: false,
        }));
        for line in &outline.lines {
            let Some(keeper) = line.function.and_then(|place| keepers.get_mut(place)) else {
                continue;
            };
            if reach.of(&[(line.first, line.last)]).is_by_few(most) {
                let from = (line.first as usize).saturating_sub(1);
                let own = lines.get(from..line.last as usize).unwrap_or_default();
                for physical in own {
                    keeper.text.extend_from_slice(physical);
                    keeper.text.push(b'\n');
                }
                keeper.leaves |= line.leaves;
            }
        }
        keepers.retain(|keeper| !keeper.text.is_empty());
        self.0.append(&mut keepers);
    }

    /// Whether a function may do something once that leaves something behind.
    pub(super) fn leaves(&self, function: &str) -> bool {
        let name = last_name(function);
        let mut keepers = self.0.iter();
        keepers.any(|keeper| keeper.leaves && keeper.name == name)
    }

    /// Whether a function may be at work where that is done: in itself, or in what names it.
    pub(super) fn keep(&self, function: &str) -> bool {
        if self.leaves(function) {
            return true;
        }
        let name = last_name(function);
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut open = vec![name];
        while let Some(name) = open.pop() {
            if !seen.insert(name) {
                continue;
            }
            let callers = self.0.iter();
            let callers = callers.filter(|keeper| has_word(&keeper.text, name.as_bytes()));
            for caller in callers {
                if caller.leaves && caller.name != name {
                    return true;
                }
                open.push(&caller.name);
            }
        }
        false
    }
}

/// The name by which a function is called: of `__init__`, that of its class.
fn last_name(name: &str) -> &str {
    let plain = name.split_once('#').map_or(name, |(name, _)| name);
    let mut names = plain.rsplit('.');
    let last = names.next().unwrap_or(plain);
    if last.starts_with("__") {
        return names.next().unwrap_or(last);
    }
    last
}
