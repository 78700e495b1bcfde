//! `swath doctor`: what a run here would need, and what of it is wrong.

use anstyle::{AnsiColor, Style};
use serde_json::json;
use swath_model::printable;

use crate::checkup::{Check, State, checkup};
use crate::exit::Exit;
use crate::reporting::current_folder;
use crate::terminal::{print, print_styled};

/// Looks at everything, and says how it is: exit code 1 if anything is wrong.
pub(crate) fn doctor(as_json: bool) -> Exit {
    let checks = checkup(&current_folder());
    let is_healthy = checks.iter().all(|check| check.state != State::Bad);
    if as_json {
        let answer = json!({"format": 1, "healthy": is_healthy, "checks": checks});
        print(&format!("{answer:#}\n"));
    } else {
        for check in &checks {
            show(check);
        }
    }
    if is_healthy {
        Exit::Success
    } else {
        Exit::Failure
    }
}

fn show(check: &Check) {
    let (mark, color) = match check.state {
        State::Good => ('✓', AnsiColor::Green),
        State::Note => ('–', AnsiColor::Yellow),
        State::Bad => ('✗', AnsiColor::Red),
    };
    let style = Style::new().fg_color(Some(color.into()));
    let text = printable(&check.text).replace('\n', " ");
    print_styled(&format!("{style}{mark}{style:#} {}: {text}", check.name));
    if let Some(remedy) = &check.remedy {
        print_styled(&format!("    {}", printable(remedy)));
    }
}
