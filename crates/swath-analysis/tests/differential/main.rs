//! The analysis compared with the real coverage.py, on every Python found.

mod corpus;
mod generated;
mod generator;
mod oracle;
mod packages;
mod reduction;
mod standard_library;
mod syntax_errors;
