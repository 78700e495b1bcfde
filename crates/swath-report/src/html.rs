//! The HTML report: one page a file, and pages that lead to the worst of them.
//!
//! Every fact is in the markup. The one script adds sorting, filtering, folding, keys and the memory
//! of a theme; without it, and under a policy that forbids it, nothing is lost but those.

mod bottom;
mod endpoints_page;
mod escape;
mod figures;
mod file_page;
mod files_page;
mod holes_page;
mod index_page;
mod layout;
mod lines;
mod page_names;
mod reasons;
mod rows;
mod runs_page;
mod single_file;
mod site;
mod source_table;
mod tests_page;
mod tree;
mod trust;
mod words_page;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use swath_changes::LineRanges;
use swath_config::CoverageConfig;
use swath_coverage::{ExclusionReasons, FileReport, Report};
use swath_data::{ContextId, CoverageData};
use swath_pattern::RegexError;

use crate::Description;
use site::Site;

pub(crate) use escape::{push_attribute, push_text};
pub(crate) use figures::{cover, push_bar};
pub(crate) use layout::{push_lone_end, push_lone_start};
pub(crate) use lines::{FunctionFigures, function_figures};
pub use page_names::is_page_folder;
pub(crate) use page_names::{PageKind, PageNames};
pub(crate) use source_table::push_code;

/// The style sheet of every page.
pub(crate) const STYLE: &str = include_str!("../assets/swath.css");
/// What pages have besides that show what a change wrote.
pub(crate) const CHANGES_STYLE: &str = include_str!("../assets/changes.css");
/// The script of every page.
const SCRIPT: &str = include_str!("../assets/swath.js");

/// Where the text of a file comes from: the model of a report of many files need not hold them all.
/// `None` if it cannot be had any more.
pub type SourceOf<'a> = dyn Fn(&'a FileReport) -> Option<Cow<'a, str>> + Sync + 'a;

/// A file of the report, by its name below the report's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where it goes: `index.html`, `f/shop-py-3f1b2a.html`.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// What an HTML report shows.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the report"
)]
pub struct HtmlOptions {
    /// The title of every page.
    pub title: String,
    /// Digits after the decimal point.
    pub precision: usize,
    /// Leave out files in which everything ran.
    pub skip_covered: bool,
    /// Leave out files without statements.
    pub skip_empty: bool,
    /// The total that passes; 0 if every one does.
    pub fail_under: f64,
    /// Show who ran each line.
    pub show_contexts: bool,
    /// Only these contexts.
    pub contexts: Option<BTreeSet<ContextId>>,
    /// A style sheet of the user's.
    pub extra_css: Option<Vec<u8>>,
    /// Everything in `index.html`.
    pub single_file: bool,
    /// Numbers only: no source text.
    pub no_source: bool,
    /// The plugins that the settings name; none of them has an effect.
    pub plugins: Vec<String>,
    /// Lines that a change wrote, by the paths of files in the data: they are marked.
    pub changed: BTreeMap<String, LineRanges>,
    /// What an API promises.
    pub description: Option<Description>,
    /// What excludes lines, to name the rule.
    pub exclusions: ExclusionReasons,
}

impl HtmlOptions {
    /// What the `[html]` and `[report]` sections say. The style sheet is the caller's to read.
    pub fn from_config(config: &CoverageConfig) -> Result<Self, RegexError> {
        Ok(Self {
            title: config.html_title.clone(),
            precision: usize::try_from(config.precision).unwrap_or(0),
            skip_covered: config.html_skip_covered.unwrap_or(config.skip_covered),
            skip_empty: config.html_skip_empty.unwrap_or(config.skip_empty),
            fail_under: config.fail_under,
            show_contexts: config.show_contexts,
            plugins: config.plugins.clone(),
            exclusions: ExclusionReasons::new(&config.exclude_list)?,
            ..Self::default()
        })
    }
}

/// Renders the report. The model must hold details.
///
/// Each piece is handed to `put` as soon as it is made, by several threads at once, so that a
/// report of any size needs the memory of a few pages. The same input gives the same pieces; the
/// first error ends the report.
pub fn render_html<'a, E: Send>(
    report: &'a Report,
    data: &'a CoverageData,
    options: &'a HtmlOptions,
    source_of: &'a SourceOf<'a>,
    put: &(dyn Fn(Piece) -> Result<(), E> + Sync),
) -> Result<(), E> {
    let site = Site::new(report, data, options, source_of);
    if options.single_file {
        return put(single_file::piece(&site));
    }
    put(piece("swath.css", STYLE.to_owned()))?;
    put(piece("swath.js", SCRIPT.to_owned()))?;
    if !options.changed.is_empty() {
        put(piece(layout::CHANGES, CHANGES_STYLE.to_owned()))?;
    }
    if let Some(style) = &options.extra_css {
        put(Piece {
            name: layout::EXTRA_STYLE.to_owned(),
            bytes: style.clone(),
        })?;
    }
    for (name, text) in overview_pages(&site) {
        put(piece(&name, text))?;
    }
    (0..site.test_pages.len())
        .into_par_iter()
        .try_for_each(|place| {
            let name = &site.test_pages[place];
            put(piece(name, tests_page::render_test(&site, place)))
        })?;
    (0..site.pages.len()).into_par_iter().try_for_each(|index| {
        let page = &site.pages[index];
        put(piece(&page.name, file_page::render(&site, index)))
    })
}

/// The pages that are about more than one file.
fn overview_pages<'s>(site: &'s Site<'_>) -> impl Iterator<Item = (String, String)> + 's {
    index_page::render(site)
        .into_iter()
        .chain([
            ("files.html".to_owned(), files_page::render(site)),
            ("holes.html".to_owned(), holes_page::render(site)),
            ("runs.html".to_owned(), runs_page::render(site)),
            ("words.html".to_owned(), words_page::render(site)),
        ])
        .chain(attribution_pages(site))
}

/// Tests and endpoints, where the data says of any.
fn attribution_pages(site: &Site<'_>) -> Vec<(String, String)> {
    let mut pages = Vec::new();
    if site.has_tests() {
        pages.push(("tests.html".to_owned(), tests_page::render(site)));
    }
    if site.has_endpoints() {
        pages.push(("endpoints.html".to_owned(), endpoints_page::render(site)));
    }
    pages
}

pub(crate) fn piece(name: &str, text: String) -> Piece {
    Piece {
        name: name.to_owned(),
        bytes: text.into_bytes(),
    }
}
