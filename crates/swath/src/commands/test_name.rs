//! `swath test-start` and `swath test-end`: the test that runs, for tests that cannot name themselves in
//! their requests.

use crate::diagnostic::Show as _;
use crate::exit::Exit;

/// Names the test that runs from now on, or ends it.
pub(crate) fn tell(name: Option<&str>) -> Exit {
    match swath_run::tell_current_test(name, |variable| std::env::var_os(variable)) {
        Ok(()) => Exit::Success,
        Err(error) => {
            error.message().print();
            Exit::RunFailure
        }
    }
}
