//! Whether a file is measured.
//!
//! The rules are coverage.py's (`should_trace` and `check_include_omit_etc` of its `inorout.py`).
//! They come as the settings of `swath_store::settings`, their one text form. What must be asked
//! of the interpreter or of the file system is [`Surroundings`], so the same decision is made in
//! the agent and outside it. Nothing here allocates or depends on the standard library.

#![no_std]

pub mod glob;
mod rules;

pub use rules::{
    INSTALL_FOLDERS, Package, Rules, Surroundings, installed_part, is_below, is_module_of,
};
