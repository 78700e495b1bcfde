//! Python source and version in; statements, arcs, regions and exclusions out, as coverage.py sees them.
//!
//! Owns decoding, parsing, and the rules of every CPython from 3.8 to 3.15. Reads no file and knows nothing of
//! measured data. It never fails and never panics: what cannot be analysed is a [`Problem`] in the [`Analysis`].

mod analysis;
mod annotations;
mod arcs;
mod codegen;
mod compile_errors;
mod constants;
mod debug_json;
mod exclusions;
mod highlight;
mod logical_lines;
mod nesting;
mod outline;
mod problem;
mod regions;
mod rules;
mod source;
mod suites;
mod syntax;
mod syntax_error;

pub use analysis::{
    Analysis, analyze, analyze_lines, analyze_text, analyze_text_among, analyze_text_lines,
    analyze_text_regions, describe_arc,
};
pub use annotations::annotation_lines;
pub use arcs::WayOut;
pub use debug_json::debug_json;
pub use highlight::{Shade, Shaded, highlight};
pub use outline::{Outline, OutlineFunction, OutlineLine, outline};
pub use problem::{Problem, ProblemKind};
pub use regions::{Region, Regions};
pub use rules::{DEFAULT_EXCLUDE, DEFAULT_PARTIAL, DEFAULT_PARTIAL_ALWAYS, ExclusionRules};
pub use source::decode_source;
pub use swath_model::{Arc, LineSet, ParseVersionError, PythonVersion};
pub use syntax::MEASURED_MINORS;
