//! The model: recorded data times analysis gives files, lines, totals and gates.
