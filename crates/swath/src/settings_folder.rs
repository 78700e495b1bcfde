//! The folder of swath's own settings: a run that they describe happens there, from wherever below it is asked for.

use std::path::{Path, PathBuf};

use swath_config::SwathConfig;

use crate::arguments::{RunArguments, Target};
use crate::interpreter::environment_interpreter;
use crate::progress::status;
use crate::reporting::current_folder;

/// Goes to the folder of the settings if they name the tests and lie above. What the command line names by relative
/// paths stays where it was.
pub(crate) fn enter(arguments: &mut RunArguments, target: Option<&Target>) {
    let of_the_settings = match target {
        None => true,
        Some(Target::Tests(command)) => command.is_empty(),
        Some(Target::Program(_)) => false,
    };
    let here = current_folder();
    // What is wrong with the settings is said when they are read.
    let Some(file) = SwathConfig::find(&here).filter(|_| of_the_settings) else {
        return;
    };
    let Some(folder) = file.parent().filter(|folder| **folder != *here) else {
        return;
    };
    // swath may have been called by a relative path.
    environment_interpreter();
    if std::env::set_current_dir(folder).is_err() {
        return;
    }
    make_absolute(arguments, &here);
    status("Using", &format!("{}, and its folder", file.display()));
}

fn make_absolute(arguments: &mut RunArguments, here: &Path) {
    let paths = [
        arguments.services.json.as_mut(),
        arguments.services.env_file.as_mut(),
        arguments.report.html.as_mut(),
    ];
    for path in paths
        .into_iter()
        .flatten()
        .chain(&mut arguments.compose.compose)
    {
        *path = here.join(&*path);
    }
    let names = [
        arguments.measure.rcfile.as_mut(),
        arguments.measure.data_file.as_mut(),
    ];
    for name in names.into_iter().flatten().filter(|name| !name.is_empty()) {
        *name = joined(here, name);
    }
    // A name that is no folder is a package's.
    for source in arguments.measure.source.iter_mut().flatten() {
        if here.join(&*source).is_dir() {
            *source = joined(here, source);
        }
    }
    if let Some(python) = arguments.program.python.as_mut()
        && python.components().count() > 1
    {
        *python = here.join(&*python);
    }
}

fn joined(here: &Path, name: &str) -> String {
    PathBuf::from(here)
        .join(name)
        .to_string_lossy()
        .into_owned()
}
