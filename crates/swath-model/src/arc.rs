//! A transition between two lines.

/// A transition between two lines, counted from 1. A negative first line is the entry of the code
/// object that begins at that line, a negative second one the exit from it; as coverage.py writes
/// them. The lines of a source fit: Python itself counts them in 32 bits.
pub type Arc = (i32, i32);
