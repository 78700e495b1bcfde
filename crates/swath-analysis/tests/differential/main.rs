//! The analysis compared with the real coverage.py, on every Python found.

mod generated;
mod generator;
mod oracle;
mod packages;
mod reduction;
mod standard_library;
