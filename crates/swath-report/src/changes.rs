//! Reports of a change: for people, for programs, and for the forges that show them beside it.

mod annotations;
mod excerpt;
mod json;
mod markdown;
mod page;
mod text;
mod words;

use std::borrow::Cow;

use swath_coverage::{FileChange, FileReport};

pub use annotations::change_annotations;
pub use json::write_change_json;
pub(crate) use json::write_comparison;
pub use markdown::render_change_markdown;
pub(crate) use markdown::{LONGEST, push_changes, push_untested, push_within};
pub use page::render_change_page;
pub use text::render_change_text;
pub use words::remarks as change_remarks;
pub(crate) use words::shares;

/// Where the text of a changed file comes from; `None` if it cannot be had any more.
pub type ChangeSources<'a> = dyn Fn(&FileChange) -> Option<Cow<'a, str>> + 'a;

/// Where a browser shows lines of a file, from the first to the last; `None` if nobody knows. A link holds
/// no character that Markdown gives a meaning.
pub type SourceLinks<'a> = dyn Fn(&FileReport, u32, u32) -> Option<String> + 'a;
