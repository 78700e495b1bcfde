//! Slips of a command line of `run`, and the line that was meant: nothing is accepted and then ignored.

use std::ffi::OsString;
use std::path::Path;

use swath_model::Message;

use crate::arguments::{Count, RunArguments};
use crate::interpreter::find_on_path;

/// What is wrong with `swath run PROGRAM`, if anything is.
pub(crate) fn of_program(arguments: &RunArguments, words: &[OsString]) -> Option<Message> {
    if let Some(slip) = of_either(arguments) {
        return Some(slip);
    }
    let Some(program) = words.first() else {
        return Some(
            Message::error("usage", "`-m` names no module")
                .hint("swath run -m pytest tests".to_owned()),
        );
    };
    if let Some(option) = of_tests(arguments) {
        let text = format!(
            "`{option}` is for tests, and `{}` is a program",
            shown(program)
        );
        return Some(Message::error("usage", text).hint(with_dashes(words)));
    }
    if arguments.program.module || is_runnable(Path::new(program)) {
        return None;
    }
    let diagnostic = Message::error(
        "no-program",
        format!("there is no Python program `{}`", shown(program)),
    );
    Some(diagnostic.hint(meant(program, words)))
}

/// What is wrong with `swath run -- COMMAND`, if anything is.
pub(crate) fn of_command(arguments: &RunArguments) -> Option<Message> {
    if let Some(slip) = of_either(arguments) {
        return Some(slip);
    }
    arguments.program.save_signal.as_ref().map(|signal| {
        let text = "`--save-signal` is for one program, and `--` begins a command";
        Message::error("usage", text)
            .note("nothing has to be saved: what ran is kept however a process ends")
            .hint(format!("leave `--save-signal {signal}` out"))
    })
}

fn of_either(arguments: &RunArguments) -> Option<Message> {
    let program = &arguments.program;
    (program.append && program.parallel_mode).then(|| {
        let text = "`--append` has one file to add to, and `--parallel-mode` makes a new one";
        Message::error("usage", text)
    })
}

/// An option that says something about tests and services.
fn of_tests(arguments: &RunArguments) -> Option<&'static str> {
    let (services, report) = (&arguments.services, &arguments.report);
    let given = [
        (!services.service.is_empty(), "--service"),
        (services.services, "--services"),
        (!services.ready.is_empty(), "--ready"),
        (services.ready_timeout.is_some(), "--ready-timeout"),
        (services.stop_signal.is_some(), "--stop-signal"),
        (services.stop_timeout.is_some(), "--stop-timeout"),
        (services.env_file.is_some(), "--env-file"),
        (services.count == Some(Count::Tests), "--count"),
        (services.require_complete, "--require-complete"),
        (services.json.is_some(), "--json"),
        (!arguments.compose.compose.is_empty(), "--compose"),
        (arguments.cluster.kubernetes.is_some(), "--kubernetes"),
        (arguments.cluster.swarm.is_some(), "--swarm"),
        (arguments.cluster.fleet.is_some(), "--fleet"),
        (arguments.cluster.swarm_image.is_some(), "--swarm-image"),
        (arguments.cluster.swarm_store.is_some(), "--swarm-store"),
        (!arguments.cluster.expect.is_empty(), "--expect"),
        (report.html.is_some(), "--html"),
        (report.shared.fail_under.is_some(), "--fail-under"),
        (!report.gate.is_empty(), "--gate"),
        (report.shared.format.is_some(), "--format"),
    ];
    let mut given = given.iter().filter(|(is_given, _)| *is_given);
    let of_project = || arguments.compose_options().given_without_project();
    given.next().map(|(_, option)| *option).or_else(of_project)
}

/// Whether a Python can try: a file, or a folder with a main module in it.
fn is_runnable(program: &Path) -> bool {
    let main = ["__main__.py", "__main__.pyc"];
    program.is_file()
        || (program.exists() && !program.is_dir())
        || main.iter().any(|name| program.join(name).is_file())
}

/// The command line that was probably meant.
fn meant(program: &OsString, words: &[OsString]) -> String {
    let mut with_ending = program.clone();
    with_ending.push(".py");
    let name = program.to_string_lossy();
    let module = name.trim_end_matches('/').replace('/', ".");
    let folder = Path::new(program);
    if find_on_path(program).is_some() {
        return with_dashes(words);
    }
    if Path::new(&with_ending).is_file() {
        return format!("swath run {}", shown(&with_ending));
    }
    if folder.is_dir() && folder.join("__init__.py").is_file() {
        return format!("swath run -m {module}");
    }
    "swath run prog.py, swath run -m MODULE, or swath run -- COMMAND".to_owned()
}

/// The command line as it was, with `--` before the program.
fn with_dashes(words: &[OsString]) -> String {
    let all: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let own = all.len().saturating_sub(words.len());
    let (own, program) = all.split_at(own);
    let own = own
        .iter()
        .filter(|word| !matches!(word.as_str(), "-m" | "--module"));
    let line = own.map(String::as_str).chain(["--"]);
    let line = line.chain(program.iter().map(String::as_str));
    format!("swath {}", shell_words::join(line))
}

fn shown(word: &OsString) -> String {
    word.to_string_lossy().into_owned()
}
