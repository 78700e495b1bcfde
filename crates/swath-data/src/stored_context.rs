//! Whom a process counted what it ran for, as its hit store says it.

use std::collections::BTreeSet;
use std::sync::Arc;

use swath_store::{ContextNote, Strings, layout};

use crate::{ArcSet, LineSet};

/// What a context is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContextKind {
    /// A test, or a phase of one, by its name.
    Test(String),
    /// A request that a server answered.
    Request {
        /// The test that sent it; empty if none is known.
        test: String,
        /// Its method.
        method: String,
        /// Its path, with what looks like an id folded.
        path: String,
    },
    /// What ran before there was any context.
    StartUp,
    /// What belongs to no context.
    #[default]
    Nothing,
}

/// The context in the data of what a process that serves ran before its first request.
pub const START_UP: &str = "(start-up)";

impl ContextKind {
    /// The context in the data: what a service ran for a request has that of the test.
    pub fn name(&self) -> &str {
        match self {
            Self::Test(name) | Self::Request { test: name, .. } => name,
            Self::StartUp => START_UP,
            Self::Nothing => "",
        }
    }

    fn read(strings: &Strings<'_>) -> Option<Self> {
        let mut strings = strings.iter();
        let first = strings.next()?;
        let mut next = || strings.next().map(text);
        Some(match first {
            layout::CONTEXT_TEST => Self::Test(next()?),
            layout::CONTEXT_REQUEST => Self::Request {
                test: next()?,
                method: next()?,
                path: next()?,
            },
            layout::CONTEXT_START => Self::StartUp,
            layout::CONTEXT_NONE => Self::Nothing,
            _ => return None,
        })
    }
}

/// A context of a process, and what became known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredContext {
    /// What it is.
    pub kind: ContextKind,
    /// The templates of the routes that the request took.
    pub routes: BTreeSet<String>,
    /// The statuses that it was answered with.
    pub statuses: BTreeSet<u16>,
    /// How the test ended: what was said last.
    pub outcome: Option<String>,
    /// Whether another process answers the request, which has handed on a part of it.
    pub is_handed_on: bool,
}

impl StoredContext {
    /// A context from its record; `None` for what this version does not know.
    pub(crate) fn read(record: &swath_store::Context<'_>) -> Option<Self> {
        Some(Self {
            kind: ContextKind::read(&record.strings)?,
            ..Self::default()
        })
    }

    /// Takes over what became known of it.
    pub(crate) fn note(&mut self, note: &ContextNote<'_>) {
        let mut strings = note.strings.iter();
        let (Some(what), Some(value)) = (strings.next(), strings.next()) else {
            return;
        };
        match what {
            layout::NOTE_ROUTE => {
                self.routes.insert(text(value));
            }
            layout::NOTE_STATUS => self.statuses.extend(status_of(value)),
            layout::NOTE_HANDED_ON => self.is_handed_on = true,
            layout::NOTE_OUTCOME => self.outcome = Some(text(value)),
            _ => {}
        }
    }
}

/// A method and a route's template that a process serves, if that is what a note of it says.
pub(crate) fn offer_of(note: &ContextNote<'_>) -> Option<(String, String)> {
    let mut strings = note.strings.iter();
    if strings.next()? != layout::NOTE_OFFER {
        return None;
    }
    Some((text(strings.next()?), text(strings.next()?)))
}

/// The test that all was for which the process ran, if that is what a note of it says; empty: none.
pub(crate) fn started_for(note: &ContextNote<'_>) -> Option<String> {
    let mut strings = note.strings.iter();
    if strings.next()? != layout::NOTE_STARTED_FOR {
        return None;
    }
    strings.next().map(text)
}

/// HTTP's statuses have three digits.
fn status_of(digits: &[u8]) -> Option<u16> {
    let status = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (100..1000).contains(&status).then_some(status)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What ran of a file on behalf of a context.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reached {
    /// The lines.
    pub lines: LineSet,
    /// The arcs, as those of the whole file.
    pub arcs: ArcSet,
}

impl Reached {
    /// Whether nothing ran.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.arcs.is_empty()
    }
}

/// The share of a context in what ran of a file. Many contexts reach the same of a file: they have
/// it in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContextShare {
    /// The place of the context among those of the process.
    pub context: usize,
    /// What ran on its behalf.
    pub reached: Arc<Reached>,
}
