//! Code coverage for system tests.
