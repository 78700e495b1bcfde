//! Small programs measured by coverage.py and by swath, under every Python found.
//!
//! - `programs/`: the programs, which say in comments what must be seen of them (`swath_test::MarkedLines`)
//! - `measured`: both tools run them, one process for all
//! - `differences`: where the tools differ and swath is right
//! - `generated`: programs made by `generator`, with what is in `play.py`
//! - `raising`: makes programs in which exceptions fly
//! - `traced`: where coverage.py's two cores differ
//! - `real`: test suites of packages from the package index, which `real/suites.toml` lists
//! - `marks`: the programs against what they say, and the tools against each other

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod differences;
mod generated;
mod generator;
mod marks;
mod measured;
mod raising;
mod real;
mod traced;
