//! The half of swath that runs inside a measured CPython.
//!
//! `swath-agent` compiles it again, linked with nothing, into one shared object for every CPython.
//! It never prints, panics, or raises into the program.
//!
//! **What makes the `unsafe` here sound.** Everything is entered from the interpreter with the GIL
//! held; in a free-threaded build, which has none, with the lock of `lock`. There a `state::Gil` is
//! made, and handed on to whatever touches the state of the process (`state::Global`): nothing here
//! runs twice at once. Three ways in are without: the call at the interpreter's end, when its threads
//! are gone; audit events of interpreters with another lock, which `unmeasured` notes by atomics; and
//! `code/glance.rs`, which changes nothing. References that this code owns `object::Owned` drops.
//!
//! `unsafe fn` means besides: what is handed in is alive during the call. Others say what they need.

#![no_std]
#![cfg(target_os = "linux")]
#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#![expect(
    unsafe_code,
    reason = "it reads and is called by an interpreter that is written in C"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "sizes and places of records, files and code are below 32 bits, or were checked"
)]
#![expect(
    clippy::cast_ptr_alignment,
    reason = "records are aligned by the store's layout, an interpreter's fields by its compiler"
)]

mod arc_survey;
mod arena;
mod attribution;
mod audit;
mod branches;
mod code;
mod configuration;
mod context;
mod ffi;
mod file;
mod flow;
mod fork;
mod found_arcs;
mod frame_layout;
mod frames;
mod gate;
mod interpreter;
mod line_table;
mod lock;
mod map;
mod mirror;
mod module;
mod module_name;
mod monitoring;
mod notes;
mod nursery;
mod object;
mod operations;
mod path;
mod process;
mod running_frame;
mod scope;
mod scratch;
mod stack;
mod start;
mod state;
mod store_file;
mod symbols;
mod system_call;
mod test_function;
mod text;
mod thread;
mod tool;
mod unit_lines;
mod unmeasured;
mod watch_survey;

pub use module::PyInit__swath;
