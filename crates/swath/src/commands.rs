//! The verbs, one a file.

pub(crate) mod annotate;
pub(crate) mod combine;
pub(crate) mod debug;
pub(crate) mod doctor;
pub(crate) mod erase;
pub(crate) mod explain;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod lcov;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod xml;
