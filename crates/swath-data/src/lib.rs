//! Recorded data: hit stores in, .coverage in and out, combining, path mapping.
