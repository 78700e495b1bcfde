//! `swath report`: in coverage.py's words, on coverage.py's streams.

use std::path::{Path, PathBuf};

use swath_data::read_data_file;

use crate::arguments::ReportArguments;
use crate::commands::combine::combine_before_report;
use crate::exit::Exit;
use crate::reporting::{ReportError, override_report, render};
use crate::settings::Settings;

/// Prints the text report of the data file.
pub(crate) fn report(arguments: &ReportArguments) -> Exit {
    let folder = current_folder();
    let mut settings = match Settings::load(arguments.rcfile.as_deref(), &folder) {
        Ok(settings) => settings,
        Err(error) => return fail(&error.to_string()),
    };
    print_warnings(&settings.warnings);
    override_settings(&mut settings, arguments);
    combine_before_report(&settings, arguments.keep_combined);
    let data_file = settings.data_file();
    let data = match read_data(&data_file) {
        Ok(data) => data,
        Err(message) => return fail(&message),
    };
    match render(
        &data,
        &settings.config,
        &settings.directory,
        &arguments.modules,
    ) {
        Ok(rendered) => {
            let warnings = rendered
                .report
                .warnings
                .iter()
                .map(|warning| warning.text.clone())
                .collect::<Vec<_>>();
            print_warnings(&warnings);
            print(&rendered.text);
            match rendered.gate_failure {
                Some(failure) => {
                    print(&format!("Coverage failure: {failure}\n"));
                    Exit::BelowFailUnder
                }
                None => Exit::Success,
            }
        }
        Err(error) => fail(&message_of(&error)),
    }
}

fn override_settings(settings: &mut Settings, arguments: &ReportArguments) {
    let config = &mut settings.config;
    override_report(config, &arguments.shared);
    config.show_missing |= arguments.show_missing;
    if let Some(contexts) = &arguments.contexts {
        config.report_contexts = Some(contexts.clone());
    }
    if let Some(include) = &arguments.include {
        config.report_include = Some(include.clone());
    }
    if let Some(omit) = &arguments.omit {
        config.report_omit = Some(omit.clone());
    }
    if let Some(data_file) = &arguments.data_file {
        config.data_file.clone_from(data_file);
    }
}

fn read_data(path: &Path) -> Result<swath_data::CoverageData, String> {
    if !path.exists() {
        return Err("No data to report.".to_owned());
    }
    read_data_file(path).map_err(|error| error.to_string())
}

/// The message, with the page that coverage.py names for it.
fn message_of(error: &ReportError) -> String {
    error.to_string()
}

/// The current folder; `/` if it is gone.
pub(crate) fn current_folder() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"))
}

/// Prints an error where coverage.py prints it: on standard output.
pub(crate) fn fail(message: &str) -> Exit {
    print(&format!("{message}\n"));
    Exit::Failure
}

/// Prints data; a closed pipe ends quietly.
pub(crate) fn print(text: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints warnings as coverage.py does.
pub(crate) fn print_warnings(warnings: &[String]) {
    for warning in warnings {
        anstream::eprintln!("CoverageWarning: {warning}");
    }
}
