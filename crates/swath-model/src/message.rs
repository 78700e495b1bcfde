//! What people are told: what happened, what was seen, what to do.

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// What was asked for was not done.
    Error,
    /// It was done; this should be known.
    Warning,
}

/// One message in the form of swath's own verbs, as text without colors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// How bad it is.
    pub severity: Severity,
    /// The stable name under which `docs/messages.md` lists it.
    pub code: &'static str,
    /// What happened: lower case, no full stop.
    pub text: String,
    /// Evidence, a line each.
    pub notes: Vec<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Message {
    /// An error.
    pub fn error(code: &'static str, text: impl Into<String>) -> Message {
        Message {
            severity: Severity::Error,
            code,
            text: text.into(),
            notes: Vec::new(),
            hint: None,
        }
    }

    /// A warning.
    pub fn warning(code: &'static str, text: impl Into<String>) -> Message {
        Message {
            severity: Severity::Warning,
            ..Message::error(code, text)
        }
    }

    /// With one more line of evidence.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Message {
        self.notes.push(note.into());
        self
    }

    /// With more lines of evidence.
    #[must_use]
    pub fn notes(mut self, notes: impl IntoIterator<Item = String>) -> Message {
        self.notes.extend(notes);
        self
    }

    /// With advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Option<String>>) -> Message {
        self.hint = hint.into();
        self
    }

    /// The message and its evidence on one line.
    pub fn plain(&self) -> String {
        std::iter::once(self.text.as_str())
            .chain(self.notes.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join("; ")
    }
}
