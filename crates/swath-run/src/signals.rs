//! Ctrl-C and its relatives, as events that the run asks for.

use std::io;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::Cause;

/// A request to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StopRequest {
    /// The signal's number.
    pub(crate) signal: i32,
    /// Whether the terminal sent it, and so sent it to the tests as well.
    pub(crate) from_terminal: bool,
}

/// Receives SIGINT, SIGTERM and SIGHUP from now on.
pub(crate) struct StopRequests {
    signals: SignalsInfo<WithOrigin>,
}

impl StopRequests {
    pub(crate) fn install() -> io::Result<StopRequests> {
        Ok(StopRequests {
            signals: SignalsInfo::new([SIGINT, SIGTERM, SIGHUP])?,
        })
    }

    /// The requests since the last call.
    pub(crate) fn take(&mut self) -> Vec<StopRequest> {
        self.signals
            .pending()
            .map(|origin| StopRequest {
                signal: origin.signal,
                from_terminal: matches!(origin.cause, Cause::Kernel),
            })
            .collect()
    }
}
