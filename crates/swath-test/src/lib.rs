//! What the tests and xtask share: interpreters, virtual environments, conditions with limits, named skips.
