//! Services for as long as a command runs, without a measurement of their own: a run around them measures them.

use super::execute;
use crate::error::RunError;
use crate::event::Observer;
use crate::history::RunHistory;
use crate::request::RunRequest;
use crate::run_folder::RunFolder;

/// Starts the services of a request, waits until they are ready, runs its command to its end, and stops them. Nothing is
/// recorded: the services have the variables of this process, and with them the agent of a run that it is part of.
///
/// # Errors
/// When a service could not be started or was not ready in time. What was started by then is stopped.
pub fn serve(request: &RunRequest, observer: &mut dyn Observer) -> Result<(), RunError> {
    let history = RunHistory::create()?;
    let mut folder = RunFolder::create(&[], request.inject)?;
    folder.inject_nothing();
    let outcome = execute(request, &folder, &history, observer)?;
    outcome.failure.map_or(Ok(()), Err)
}
