//! `swath gather`: what the pods of a fleet recorded, from an object store to a report.

use std::ffi::OsString;

use swath_fleet::{Fleet, ObjectStore, RunLocation, StoreError};
use swath_model::{Counted, Message};
use swath_run::{RunKind, RunRequest};

use crate::arguments::GatherArguments;
use crate::ci_report::CiFormat;
use crate::commands::report::current_folder;
use crate::commands::run::{Wishes, gates, outputs, settings_of_report, show, told};
use crate::exit::Exit;
use crate::gates::Gates;
use crate::log;
use crate::progress::status;

/// Fetches a run, and ends as `swath run` does.
pub(crate) fn gather(arguments: &GatherArguments) -> Exit {
    let wishes = Wishes {
        json: arguments.json.as_deref(),
        html: arguments.report.html.as_deref(),
        require_complete: arguments.require_complete,
        attribution: false,
    };
    let prepared = prepare(arguments, &wishes);
    let gathered = prepared.and_then(|(request, gates, fleet, run)| {
        status("Gathering", &run.to_string());
        let expected = arguments.expect.iter().cloned().collect();
        let run = swath_run::gather(&request, &fleet, &run.to_string(), &expected);
        run.map(|run| (run, gates))
            .map_err(|error| log::named(error.message()))
    });
    match gathered {
        Ok((run, gates)) => show(&wishes, &run, &gates),
        Err(message) => {
            told(wishes.json, &message);
            Exit::RunFailure
        }
    }
}

fn prepare(
    arguments: &GatherArguments,
    wishes: &Wishes<'_>,
) -> Result<(RunRequest, Gates, Fleet, RunLocation), Message> {
    let of_store = |error: StoreError| error.message();
    let run: RunLocation = arguments.url.parse().map_err(of_store)?;
    let store = ObjectStore::open(&run, &|name| std::env::var(name).ok());
    let fleet = Fleet::new(store.map_err(of_store)?);
    let folder = current_folder();
    let overrides = arguments.overrides();
    let rcfile = arguments.measure.rcfile.clone();
    let (settings, ci) = settings_of_report(&overrides, rcfile.as_deref(), &folder)?;
    let command = ["swath", "gather", &run.to_string()].map(OsString::from);
    let request = RunRequest {
        overrides,
        rcfile_named: rcfile.is_some(),
        counted: arguments.count.map_or_else(Counted::default, Counted::from),
        append: arguments.append,
        details: arguments.report.html.is_some() || ci == Some(CiFormat::GitHub),
        outputs: outputs(wishes),
        ..RunRequest::of(RunKind::Gathered, command.to_vec(), folder, settings)
    };
    let gates = gates(&arguments.report.gate, &request)?;
    Ok((request, gates, fleet, run))
}
