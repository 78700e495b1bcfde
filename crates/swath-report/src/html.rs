//! The HTML report: one page a file, and pages that lead to the worst of them.
//!
//! Every fact is in the markup. The one script adds sorting, filtering, folding, keys and the memory
//! of a theme; without it, and under a policy that forbids it, nothing is lost but those.

mod bottom;
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
mod tree;
mod trust;

use std::collections::BTreeSet;

use rayon::prelude::*;
use swath_config::CoverageConfig;
use swath_coverage::{ExclusionReasons, Report};
use swath_data::{ContextId, CoverageData};
use swath_pattern::RegexError;

use site::Site;

/// The style sheet of every page.
const STYLE: &str = include_str!("../assets/swath.css");
/// The script of every page.
const SCRIPT: &str = include_str!("../assets/swath.js");
/// So many pages are rendered at once, and held in memory.
const BATCH: usize = 32;

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
            exclusions: ExclusionReasons::new(&config.exclude_list)?,
            ..Self::default()
        })
    }
}

/// Renders the report. The model must hold details (functions and sources).
///
/// Pages are made as they are asked for, a batch at a time, so that a report of any size needs the
/// memory of a few pages. The same input gives the same bytes.
pub fn render_html<'a>(
    report: &'a Report,
    data: &'a CoverageData,
    options: &'a HtmlOptions,
) -> Box<dyn Iterator<Item = Piece> + 'a> {
    let site = Site::new(report, data, options);
    if options.single_file {
        return Box::new(std::iter::once(single_file::piece(&site)));
    }
    let mut first = vec![
        piece("swath.css", STYLE.to_owned()),
        piece("swath.js", SCRIPT.to_owned()),
    ];
    if let Some(style) = &options.extra_css {
        first.push(Piece {
            name: layout::EXTRA_STYLE.to_owned(),
            bytes: style.clone(),
        });
    }
    let overview = overview_pages(&site).map(|(name, text)| piece(&name, text));
    first.extend(overview);
    let batches = (0..site.pages.len()).step_by(BATCH).flat_map(move |start| {
        let end = (start + BATCH).min(site.pages.len());
        let pages = (start..end).into_par_iter().map(|index| {
            let page = &site.pages[index];
            piece(&page.name, file_page::render(&site, index))
        });
        pages.collect::<Vec<Piece>>()
    });
    Box::new(first.into_iter().chain(batches))
}

/// The pages that are about more than one file.
fn overview_pages<'s>(site: &'s Site<'_>) -> impl Iterator<Item = (String, String)> + 's {
    index_page::render(site).into_iter().chain([
        ("files.html".to_owned(), files_page::render(site)),
        ("holes.html".to_owned(), holes_page::render(site)),
        ("runs.html".to_owned(), runs_page::render(site)),
    ])
}

fn piece(name: &str, text: String) -> Piece {
    Piece {
        name: name.to_owned(),
        bytes: text.into_bytes(),
    }
}
