//! coverage.py's file globs and Python's regular expressions, as Rust matchers.
