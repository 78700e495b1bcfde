//! The shared object that runs inside CPython, and its bytes as a constant.
