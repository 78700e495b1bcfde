//! Reports: the model in, text out.
//!
//! This crate reads no file, no clock and no environment: what a report needs of them is given to
//! it. What it writes is, for the same model, the same bytes as coverage.py 7.17.3's.

mod affected;
mod annotate;
mod annotation;
mod attribution;
mod badge;
mod changes;
mod comment;
mod hole_ranking;
mod holes;
mod html;
mod json;
mod json_writer;
mod lcov;
mod markdown;
mod message_page;
mod natural_order;
mod plain_table;
mod promises;
mod sets;
mod source_lines;
mod text;
mod trend;
mod verdict_line;
mod xml;

pub use affected::write_affected_json;
pub use annotate::render_annotated;
pub use annotation::{Annotation, AnnotationLevel, code_quality, github_command};
pub use attribution::{AttributionRows, render_attribution};
pub use badge::render_badge;
pub use changes::{
    ChangeSources, SourceLinks, change_annotations, change_remarks, render_change_markdown,
    render_change_page, render_change_text, write_change_json,
};
pub use comment::{Comment, render_comment};
pub use holes::{hole_annotations, largest};
pub use html::{HtmlOptions, Piece, SourceOf, is_page_folder, render_html};
pub use json::{JsonOptions, write_json};
pub use lcov::{LcovOptions, write_lcov};
pub use message_page::{error_with_page, warning_with_page};
pub use natural_order::NaturalKey;
pub use promises::{Description, Promised, Promises};
pub use sets::{SetOptions, SetSources, render_set_pages, render_sets, write_sets_json};
pub use text::{TextError, TextOptions, render_text};
pub use trend::{Trend, render_trend, render_trend_page, write_trend_json};
pub use verdict_line::{verdict_line, verdict_markdown};
pub use xml::{XmlOptions, render_xml};

/// The version of coverage.py whose reports these are.
pub const COVERAGE_VERSION: &str = "7.17.3";

/// Where that version is documented.
pub const COVERAGE_URL: &str = "https://coverage.readthedocs.io/en/7.17.3";

/// The total of the reports for machines: 0 where there is nothing to run.
fn total_or_zero(report: &swath_coverage::Report) -> f64 {
    if report.totals.statements == 0 {
        0.0
    } else {
        report.totals.percent()
    }
}
