//! The verbs, one a file.

pub(crate) mod combine;
pub(crate) mod erase;
pub(crate) mod html;
pub(crate) mod report;
pub(crate) mod run;
