//! What ends a verb that has no report to give.

use swath_model::Message;

use crate::diagnostic::Show as _;
use crate::exit::Exit;

/// What is wrong, and how the command ends for it.
pub(super) struct Refusal {
    exit: Exit,
    message: Message,
}

impl Refusal {
    /// Says it.
    pub(super) fn print(self) -> Exit {
        self.message.print();
        self.exit
    }
}

impl From<Message> for Refusal {
    fn from(message: Message) -> Self {
        let exit = Exit::Failure;
        Self { exit, message }
    }
}

/// That the command line is wrong.
pub(super) fn usage(text: impl Into<String>, hint: impl Into<String>) -> Refusal {
    Refusal {
        exit: Exit::RunFailure,
        message: Message::error("usage", text.into()).hint(hint.into()),
    }
}
