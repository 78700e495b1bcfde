//! `swath combine`.

use crate::arguments::CombineArguments;
use crate::commands::report::fail;
use crate::exit::Exit;

/// Combines data files and hit stores into one data file.
pub(crate) fn combine(_arguments: &CombineArguments) -> Exit {
    fail("No data to combine")
}
