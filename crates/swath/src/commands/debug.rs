//! `swath debug`: what swath makes of the configuration, the data and a source.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use swath_analysis::{ExclusionRules, PythonVersion, analyze, debug_json};
use swath_config::debug_config;
use swath_data::read_data_file;
use swath_model::neutralize_control;
use swath_pattern::python_repr;
use swath_report::{COVERAGE_VERSION, NaturalKey};

use crate::commands::erase::parallel_files;
use crate::coverage_cli::{CommandLine, Parsed};
use crate::exit::Exit;
use crate::interpreter::find_interpreter;
use crate::reporting::{Failure, Session};
use crate::terminal::{print, tell};

/// Topics that are about coverage.py's own code.
const NOT_HERE: [&str; 3] = ["premain", "pybehave", "sqlite"];

/// The topics there are, with what swath's help says about each.
pub(crate) const TOPICS: [(&str, &str); 4] = [
    (
        "analysis [--python 3.N] FILE...",
        "to show what is made of a source.",
    ),
    ("config", "to show configuration settings."),
    ("data [filenames]", "to summarize data files."),
    ("sys", "to show what is installed where."),
];

/// Prints what the first argument asks for.
pub(crate) fn debug(command_line: &CommandLine, parsed: &Parsed) -> Exit {
    let words = parsed.words();
    let Some((topic, rest)) = words.split_first() else {
        let topics = if parsed.as_coverage {
            "config, data, sys, premain, pybehave, sqlite"
        } else {
            "analysis, config, data, sys"
        };
        return command_line.usage_error(&format!("What information would you like: {topics}?"));
    };
    if topic == "analysis" {
        return analysis(command_line, rest);
    }
    let session = match Session::begin(&parsed.into()) {
        Ok(session) => session,
        Err(failure) => return failure.print(),
    };
    if topic == "data" {
        return match data(&session, rest) {
            Ok(()) => Exit::Success,
            Err(failure) => failure.print(),
        };
    }
    if !rest.is_empty() {
        return command_line.usage_error(&format!("'debug {topic}' takes no additional arguments"));
    }
    match topic.as_str() {
        "config" => print_lines(&debug_config(&session.settings.config)),
        "sys" => print_lines(&system(&session)),
        topic if NOT_HERE.contains(&topic) => {
            return Failure::new(format!(
                "swath has nothing to say about {topic}: that is about coverage.py's own code"
            ))
            .print();
        }
        topic => {
            let topic = python_repr(topic);
            return command_line.usage_error(&format!("Don't know what you mean by {topic}"));
        }
    }
    Exit::Success
}

fn print_lines(lines: &[String]) {
    print(&(lines.join("\n") + "\n"));
}

fn header(label: &str) -> String {
    format!("--{:-<60}", format!(" {label} "))
}

fn plural(count: usize, word: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {word}{s}")
}

/// Summarises data files, each with the parallel ones beside it.
fn data(session: &Session, names: &[String]) -> Result<(), Failure> {
    let folder = Path::new(session.settings.directory.path());
    let files: Vec<PathBuf> = match names {
        [] => vec![session.settings.data_file()],
        _ => names.iter().map(|name| folder.join(name)).collect(),
    };
    for file in files {
        print_lines(&[header("data")]);
        describe_data(session, &file)?;
        let journal = |file: &PathBuf| file.as_os_str().as_encoded_bytes().ends_with(b"-journal");
        for parallel in parallel_files(&file) {
            if parallel.is_file() && !journal(&parallel) {
                print_lines(&["-----".to_owned()]);
                describe_data(session, &parallel)?;
            }
        }
    }
    Ok(())
}

fn describe_data(session: &Session, file: &Path) -> Result<(), Failure> {
    let shown = session.settings.directory.absolute(&file.to_string_lossy());
    print_lines(&[format!("path: {shown}")]);
    if !file.exists() {
        print_lines(&["No data collected: file doesn't exist".to_owned()]);
        return Ok(());
    }
    let data = read_data_file(file)?;
    let mut files: Vec<(NaturalKey, String)> = data
        .files()
        .map(|(path, file)| {
            let lines = data.lines(path, None).unwrap_or_default().len();
            let mut line = format!("{}: {}", neutralize_control(path), plural(lines, "line"));
            if let Some(tracer) = file.tracer.as_deref().filter(|tracer| !tracer.is_empty()) {
                let _ = write!(line, " [{}]", neutralize_control(tracer));
            }
            (NaturalKey::new(path), line)
        })
        .collect();
    files.sort();
    let has_arcs = if data.has_arcs() { "True" } else { "False" };
    let mut lines = vec![
        format!("has_arcs: {has_arcs}"),
        format!("{}:", plural(files.len(), "file")),
    ];
    lines.extend(files.into_iter().map(|(_, line)| line));
    print_lines(&lines);
    Ok(())
}

/// Where swath is and what it found, in coverage.py's layout.
fn system(session: &Session) -> Vec<String> {
    let config = &session.settings.config;
    let shown = |path: std::io::Result<PathBuf>| {
        path.map_or_else(|_| "unknown".to_owned(), |path| path.display().to_string())
    };
    let environment: Vec<String> = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value))
        .filter(|(name, _)| {
            name.contains("COV") || name.contains("PY") || name.starts_with("SWATH_")
        })
        .map(|(name, value)| format!("{name} = {}", cloaked(&name, &value.to_string_lossy())))
        .collect();
    let words: Vec<String> = std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let facts: Vec<(&str, Vec<String>)> = vec![
        ("swath_version", vec![env!("CARGO_PKG_VERSION").to_owned()]),
        ("coverage_version", vec![COVERAGE_VERSION.to_owned()]),
        ("swath_program", vec![shown(std::env::current_exe())]),
        ("configs_attempted", config.config_files_attempted.clone()),
        ("configs_read", config.config_files_read.clone()),
        (
            "config_file",
            vec![
                config
                    .config_file
                    .clone()
                    .unwrap_or_else(|| "None".to_owned()),
            ],
        ),
        (
            "data_file",
            vec![session.settings.data_file().display().to_string()],
        ),
        (
            "executable",
            vec![find_interpreter(None).to_string_lossy().into_owned()],
        ),
        (
            "platform",
            vec![format!(
                "{}-{}",
                std::env::consts::OS,
                std::env::consts::ARCH
            )],
        ),
        ("pid", vec![std::process::id().to_string()]),
        ("cwd", vec![session.settings.directory.path().to_owned()]),
        ("environment", environment),
        ("command_line", vec![words.join(" ")]),
    ];
    let mut lines = vec![header("sys")];
    for (name, mut values) in facts {
        if values.is_empty() {
            values.push("-none-".to_owned());
        }
        let mut prefix = format!("{name:>30}: ");
        for value in values {
            lines.push(format!(" {prefix}{}", neutralize_control(&value)));
            prefix = " ".repeat(32);
        }
    }
    lines
}

/// The value, unless the name tells that it is a secret.
fn cloaked(name: &str, value: &str) -> String {
    let secret = ["API", "TOKEN", "KEY", "SECRET", "PASS", "SIGNATURE"];
    if !secret.iter().any(|part| name.contains(part)) {
        return value.to_owned();
    }
    let star = |c: char| {
        if c.is_alphanumeric() || c == '_' {
            '*'
        } else {
            c
        }
    };
    value.chars().map(star).collect()
}

/// `debug analysis [--python 3.N] FILE…`: each file's analysis as a line of JSON.
fn analysis(command_line: &CommandLine, words: &[String]) -> Exit {
    let mut python = PythonVersion::DEFAULT;
    let mut files = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let version = match word.strip_prefix("--python") {
            Some("") => words.next().cloned().unwrap_or_default(),
            Some(rest) => rest.trim_start_matches('=').to_owned(),
            None => {
                files.push(word.clone());
                continue;
            }
        };
        python = match version.parse() {
            Ok(version) => version,
            Err(error) => return command_line.usage_error(&format!("--python: {error}")),
        };
    }
    if files.is_empty() {
        return command_line
            .usage_error("No file to analyse: debug analysis [--python 3.N] FILE...");
    }
    files.sort();
    let rules = ExclusionRules::default();
    let mut exit = Exit::Success;
    for file in files {
        match fs_err::read(&file) {
            Ok(source) => {
                print_lines(&[debug_json(&file, &analyze(&source, python, &rules))]);
            }
            Err(error) => {
                tell(&error.to_string());
                exit = Exit::Failure;
            }
        }
    }
    exit
}
