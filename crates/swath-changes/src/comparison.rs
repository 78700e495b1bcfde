//! What is compared with what.

use std::fmt;

use crate::Baseline;

/// Where a change comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The work tree differs from a commit.
    Revision(Baseline),
    /// A patch of this name says so.
    Patch(String),
    /// Files were named, and all of them counts as changed.
    Files,
}

/// `since main (2b219cd6a3)`, to stand behind *changes*.
impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revision(Baseline {
                revision,
                commit,
                is_merge_base,
            }) => {
                let short = commit.get(..10).unwrap_or(commit);
                if *is_merge_base {
                    write!(formatter, "since {short}, where the branch left {revision}")
                } else if revision.starts_with(short) {
                    write!(formatter, "since {short}")
                } else {
                    write!(formatter, "since {revision} ({short})")
                }
            }
            Self::Patch(name) if name == "-" => {
                formatter.write_str("in the patch on standard input")
            }
            Self::Files => formatter.write_str("in the files that were named"),
            Self::Patch(name) => write!(formatter, "in the patch {name}"),
        }
    }
}
