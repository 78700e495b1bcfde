//! What `cargo xtask dist` makes, on machines that it was not made on: root file systems of other
//! Debians. `cargo xtask prove platforms` runs these tests and writes docs/reference/platforms.md.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod platforms {
    mod built;
    mod installed;
    mod place;
}
