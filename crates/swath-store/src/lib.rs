//! The hit store's layout, shared by the agent that writes it and swath-data that reads it.
//!
//! A hit store is one file that one process fills while it runs, through a shared
//! mapping: a header page, then append-only records. Every prefix of it is valid, so a
//! process may die at any moment. This crate owns where each byte is ([`layout`]) and
//! reads such bytes, whatever they hold, without panicking; likewise those of the agent's
//! [`settings`]. It also owns the table of Python versions. It opens no file, allocates
//! nothing and depends on nothing, because it is also compiled into the agent.
//! `docs/reference/hit-store.md` describes the format.

#![no_std]

#[cfg(feature = "builder")]
extern crate alloc;

#[cfg(feature = "builder")]
mod builder;
mod bytes;
mod header;
pub mod layout;
mod record;
pub mod settings;
mod version;

#[cfg(feature = "builder")]
pub use builder::StoreBuilder;
pub use header::{Closed, Header, HeaderError, Recorder, Sharing, StoreId, places, sharing};
pub use record::{
    Arcs, Code, CodePlace, Context, ContextNote, ContextPlaces, File, KnownArc, Listen, Process,
    Record, SourcePackage, Spawn, State, Strings, StringsIter, TakenArc, Unknown, records,
};
pub use version::{Recording, Version};
