//! What changed: unified diffs read as they are, git asked what differs from a revision, and the
//! lines of one text found again in another.
//!
//! A patch is untrusted input: reading one never panics, and takes memory in proportion to its
//! size. git is only asked: nothing is written to a repository, and no answer is waited for
//! without a limit. This crate knows no coverage data.
//!
//! ```
//! use swath_changes::{ChangeKind, parse_patch};
//!
//! let patch = b"--- a/shop.py\n+++ b/shop.py\n@@ -1 +1,2 @@\n-x = 1\n+x = 2\n+y = 3\n";
//! let changes = parse_patch(patch).unwrap();
//! assert_eq!(changes[0].path, "shop.py");
//! assert_eq!(changes[0].kind, ChangeKind::Modified);
//! assert_eq!(changes[0].lines.to_string(), "1-2");
//! ```

mod added_text;
mod changed_file;
mod comparison;
mod file_diff;
mod git;
mod line_map;
mod line_ranges;
mod moved;
mod patch;
mod quoted_path;
mod removed_text;

pub use added_text::AddedText;
pub use changed_file::{ChangeKind, ChangedFile};
pub use comparison::Comparison;
pub use git::{Baseline, Blanks, GitChanges, GitError, Head, Repository, SubmoduleGap};
pub use line_map::{LineMap, MODULE};
pub use line_ranges::LineRanges;
pub use patch::{PatchError, parse_patch};
pub use removed_text::RemovedText;
