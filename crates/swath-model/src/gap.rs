//! What is missing from a number.

use std::fmt;
use std::str::FromStr;

/// A kind of thing that is missing from a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GapKind {
    /// Python processes that were not measured.
    Processes,
    /// Python processes of which the agent measured a part.
    InPart,
    /// Hosts whose processes could not be seen.
    Unseen,
    /// Processes that found no room for their lines.
    Room,
    /// Hit stores that could not be read.
    HitStores,
    /// Processes that still run.
    Running,
    /// Containers that were not measured.
    Containers,
    /// Pods, or tasks, of which a part is missing.
    Pods,
    /// Commands that named an engine of their own.
    Commands,
    /// Files that are not those that ran.
    ChangedFiles,
    /// Files without a source here.
    UnmappedFiles,
    /// Files outside the project of which nobody knows which content ran.
    UnprovedFiles,
    /// Files that can be several here.
    AmbiguousFiles,
    /// Files that could not be analyzed.
    UnanalyzedFiles,
    /// Settings that could not be applied where they belong.
    Settings,
    /// Something that a newer swath knows.
    Other,
}

impl GapKind {
    const ALL: [GapKind; 16] = [
        GapKind::Processes,
        GapKind::InPart,
        GapKind::Unseen,
        GapKind::Room,
        GapKind::HitStores,
        GapKind::Running,
        GapKind::Containers,
        GapKind::Pods,
        GapKind::Commands,
        GapKind::ChangedFiles,
        GapKind::UnmappedFiles,
        GapKind::UnprovedFiles,
        GapKind::AmbiguousFiles,
        GapKind::UnanalyzedFiles,
        GapKind::Settings,
        GapKind::Other,
    ];

    /// The words of all kinds.
    pub fn names() -> [&'static str; 16] {
        GapKind::ALL.map(GapKind::name)
    }

    /// The word under which data files and `--json` keep it.
    pub fn name(self) -> &'static str {
        match self {
            GapKind::Processes => "processes",
            GapKind::InPart => "in-part",
            GapKind::Unseen => "unseen",
            GapKind::Room => "room",
            GapKind::HitStores => "hit-stores",
            GapKind::Running => "running",
            GapKind::Containers => "containers",
            GapKind::Pods => "pods",
            GapKind::Commands => "commands",
            GapKind::ChangedFiles => "changed-files",
            GapKind::UnmappedFiles => "unmapped-files",
            GapKind::UnprovedFiles => "unproved-files",
            GapKind::AmbiguousFiles => "ambiguous-files",
            GapKind::UnanalyzedFiles => "unanalyzed-files",
            GapKind::Settings => "settings",
            GapKind::Other => "other",
        }
    }

    /// The words behind the number, for one and for more.
    fn words(self) -> [&'static str; 2] {
        match self {
            GapKind::Processes => [
                "Python process not measured",
                "Python processes not measured",
            ],
            GapKind::InPart => ["process measured in part", "processes measured in part"],
            GapKind::Unseen => [
                "host whose processes could not be seen",
                "hosts whose processes could not be seen",
            ],
            GapKind::Room => [
                "process found no room for its lines",
                "processes found no room for their lines",
            ],
            GapKind::HitStores => ["hit store is unreadable", "hit stores are unreadable"],
            GapKind::Running => ["process still running", "processes still running"],
            GapKind::Containers => ["container not measured", "containers not measured"],
            GapKind::Pods => [
                "instance of a service reported in part",
                "instances of services reported in part",
            ],
            GapKind::Commands => [
                "command went around the proxy",
                "commands went around the proxy",
            ],
            GapKind::ChangedFiles => [
                "file left out, changed since it ran",
                "files left out, changed since they ran",
            ],
            GapKind::UnmappedFiles => [
                "file left out, without a source here",
                "files left out, without a source here",
            ],
            GapKind::UnprovedFiles => [
                "file outside the project left out",
                "files outside the project left out",
            ],
            GapKind::AmbiguousFiles => [
                "file left out, ambiguous here",
                "files left out, ambiguous here",
            ],
            GapKind::UnanalyzedFiles => ["file not analyzed", "files not analyzed"],
            GapKind::Settings => ["setting not applied", "settings not applied"],
            GapKind::Other => ["thing missing", "things missing"],
        }
    }
}

/// So many of a kind are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gap {
    /// What.
    pub kind: GapKind,
    /// How many.
    pub number: usize,
}

impl Gap {
    /// So many of a kind.
    pub fn new(kind: GapKind, number: usize) -> Gap {
        Gap { kind, number }
    }

    /// One gap for each kind, with the sum of the numbers, in the order of the kinds.
    pub fn summed(gaps: impl IntoIterator<Item = Gap>) -> Vec<Gap> {
        let mut sums: Vec<Gap> = Vec::new();
        for gap in gaps {
            match sums.iter_mut().find(|sum| sum.kind == gap.kind) {
                Some(sum) => sum.number = sum.number.saturating_add(gap.number),
                None => sums.push(gap),
            }
        }
        sums.sort();
        sums
    }

    /// What a data file keeps: `changed-files 2`.
    pub fn record(self) -> String {
        format!("{} {}", self.kind.name(), self.number)
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, more] = self.kind.words();
        let words = if self.number == 1 { one } else { more };
        write!(formatter, "{} {words}", self.number)
    }
}

impl FromStr for Gap {
    type Err = ();

    /// Reads what a data file keeps. A kind that is not known is something missing all the same.
    fn from_str(text: &str) -> Result<Gap, ()> {
        let (name, number) = text.rsplit_once(' ').ok_or(())?;
        let kind = GapKind::ALL.into_iter().find(|kind| kind.name() == name);
        Ok(Gap {
            kind: kind.unwrap_or(GapKind::Other),
            number: number.parse().map_err(|_| ())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_of_a_kind_are_summed_and_read_back() {
        let gaps = Gap::summed([
            Gap::new(GapKind::ChangedFiles, 1),
            Gap::new(GapKind::Processes, 1),
            Gap::new(GapKind::ChangedFiles, 1),
        ]);
        let shown = gaps.iter().map(Gap::to_string).collect::<Vec<_>>();
        assert_eq!(
            shown,
            [
                "1 Python process not measured",
                "2 files left out, changed since they ran"
            ]
        );
        for gap in gaps {
            assert_eq!(gap.record().parse(), Ok(gap));
        }
        assert_eq!("new-kind 3".parse(), Ok(Gap::new(GapKind::Other, 3)));
        assert!("3".parse::<Gap>().is_err());
    }
}
