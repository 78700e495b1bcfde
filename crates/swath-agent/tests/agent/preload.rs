//! The second way in: Pythons that do not get to `sitecustomize`, and programs that are none.

use std::path::Path;
use std::process::{Command, Output};

use swath_test::{Python, builds, skip};

use crate::run::{Run, check_hits, program};

/// Gives a command the object, and nothing else.
fn preload(run: &Run, command: &mut Command) -> Output {
    let object = run
        .path()
        .join("agent")
        .join(swath_agent::PRELOAD_FILE_NAME);
    command.env("LD_PRELOAD", object);
    command
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap()
}

fn check(run: &Run, python: &Python, what: &str, output: &Output, file: &Path) {
    let tag = python.tag();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tag} {what}: {error}");
    assert_eq!(error, "", "{tag} {what}");
    assert_eq!(run.stores().len(), 1, "{tag} {what}");
    assert_eq!(run.stores()[0].states, Vec::<String>::new(), "{tag} {what}");
    assert_eq!(run.failures(), Vec::<String>::new(), "{tag} {what}");
    check_hits(run, python, file);
}

#[test]
fn pythons_that_site_does_not_reach() {
    let file = program("plain.py");
    let folder = file.parent().unwrap();
    for python in builds() {
        for options in ["", "-I", "-E", "-S", "-I -S", "-P"] {
            if options == "-P" && python.version < (3, 11) {
                continue;
            }
            let run = Run::new();
            let mut command = python.command();
            command.args(options.split_whitespace()).arg(&file);
            let output = preload(&run, &mut command);
            check(&run, python, options, &output, &file);
        }
        let run = Run::new();
        let mut command = python.command();
        command.args(["-m", "plain"]).current_dir(folder);
        let output = preload(&run, &mut command);
        check(&run, python, "-m", &output, &file);
        let run = Run::new();
        let code = "import runpy; runpy.run_path('plain.py', run_name='__main__')";
        let mut command = python.command();
        command.args(["-c", code]).current_dir(folder);
        let output = preload(&run, &mut command);
        check(&run, python, "-c", &output, &file);
    }
}

#[test]
fn both_ways_start_the_agent_once() {
    let file = program("plain.py");
    for python in builds() {
        let run = Run::new();
        let mut command = python.command();
        let output = preload(&run, run.inject(command.arg(&file)));
        check(&run, python, "both", &output, &file);
    }
}

/// The hook is added before an interpreter chooses its allocators, which check at the end what they get back.
#[test]
fn an_interpreter_with_allocators_of_its_own_ends_as_ever() {
    let file = program("plain.py");
    for python in builds() {
        let chosen = ["malloc", "debug", "malloc_debug", "pymalloc_debug"];
        let variables = chosen.map(|name| ("PYTHONMALLOC", name));
        for (name, value) in variables.into_iter().chain([("PYTHONDEVMODE", "1")]) {
            if python.is_free_threaded() && value.contains("malloc") {
                continue;
            }
            let run = Run::new();
            let mut command = python.command();
            command.env(name, value);
            let output = preload(&run, run.inject(command.arg(&file)));
            check(&run, python, value, &output, &file);
            // Any code may raise the event that comes when hooks are let go of.
            let run = Run::new();
            let code = "import sys, tracemalloc
sys.audit('cpython._PySys_ClearAuditHooks')
tracemalloc.start()
sys.audit('cpython._PySys_ClearAuditHooks')";
            let mut command = python.command();
            command.env(name, value).args(["-c", code]);
            let output = preload(&run, run.inject(&mut command));
            assert!(output.status.success(), "{} {value}", python.tag());
        }
    }
}

/// To compile `sitecustomize` costs more than the rest of the start. Containers often forbid Python
/// to write byte code: that of the program is not written then, and that of the start is.
#[test]
fn byte_code_of_the_start_is_kept_in_the_runs_folder_alone() {
    let text = "import sys\nimport beside\nprint(sys.dont_write_bytecode)\n";
    for python in builds() {
        for way in ["path", "preload", "both"] {
            let run = Run::new();
            let folder = run.path().join("program");
            fs_err::create_dir(&folder).unwrap();
            fs_err::write(folder.join("main.py"), text).unwrap();
            fs_err::write(folder.join("beside.py"), "x = 1\n").unwrap();
            let start = || {
                let mut command = python.command();
                command.arg("-v").arg(folder.join("main.py"));
                if way != "preload" {
                    run.inject(&mut command);
                }
                let output = match way {
                    "path" => command.output().unwrap(),
                    _ => preload(&run, &mut command),
                };
                let said = String::from_utf8_lossy(&output.stdout).into_owned();
                assert_eq!(said.trim(), "True", "{} {way}", python.tag());
                String::from_utf8_lossy(&output.stderr).into_owned()
            };
            let agent = run.path().join("agent");
            let kept = agent.join(swath_store::settings::BYTE_CODE_FOLDER);
            let from_byte_code = format!("# code object from '{}", kept.display());
            let first = start();
            assert!(!first.contains(&from_byte_code), "{} {way}", python.tag());
            let files = fs_err::read_dir(&kept).unwrap().count();
            assert_eq!(files, 1, "{} {way}", python.tag());
            assert!(start().contains(&from_byte_code), "{} {way}", python.tag());
            let beside = folder.join(swath_store::settings::BYTE_CODE_FOLDER);
            assert!(!beside.exists(), "{} {way}", python.tag());
            assert_eq!(run.stores().len(), 2, "{} {way}", python.tag());
        }
    }
}

/// musl ends no program for an object that it cannot load, and says nothing: so containers may have
/// one in their environment.
#[test]
fn programs_on_musl_run_with_the_object_and_without_it() {
    let test = "programs_on_musl_run_with_the_object_and_without_it";
    let run = Run::new();
    let (source, program) = (run.path().join("say.c"), run.path().join("say"));
    let text = "#include <stdio.h>\nint main(void) { puts(\"said\"); return 3; }\n";
    fs_err::write(&source, text).unwrap();
    let mut compiler = Command::new("musl-gcc");
    compiler.arg(&source).arg("-o").arg(&program);
    if !compiler.status().is_ok_and(|status| status.success()) {
        return skip(test, "musl-gcc");
    }
    let object = run
        .path()
        .join("agent")
        .join(swath_agent::PRELOAD_FILE_NAME);
    // The machine is the 19th byte of an ELF file.
    let mut foreign = swath_agent::PRELOAD.to_vec();
    foreign[18] ^= 0xff;
    let (junk, other) = (run.path().join("junk.so"), run.path().join("other.so"));
    fs_err::write(&junk, "junk\n").unwrap();
    fs_err::write(&other, foreign).unwrap();
    for path in [object, junk, other, run.path().join("missing.so")] {
        let output = Command::new(&program)
            .env("LD_PRELOAD", &path)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", path.display());
        assert_eq!(output.stdout, b"said\n", "{}", path.display());
        assert_eq!(output.stderr, b"", "{}", path.display());
    }
}

#[test]
fn a_launcher_that_puts_its_sitecustomize_in_front() {
    let file = program("plain.py");
    for python in builds() {
        let run = Run::new();
        let hooks = run.path().join("hooks");
        fs_err::create_dir(&hooks).unwrap();
        let text = "import sys; sys.stdout.write('hooked\\n')\n";
        fs_err::write(hooks.join("sitecustomize.py"), text).unwrap();
        let mut command = python.command();
        command.arg(&file).env("PYTHONPATH", &hooks);
        let output = preload(&run, &mut command);
        assert!(output.stdout.starts_with(b"hooked\n"), "{}", python.tag());
        check(&run, python, "shadowed", &output, &file);
    }
}

#[test]
fn programs_that_are_no_python_notice_nothing() {
    let programs: [&[&str]; 6] = [
        &["sh", "-c", "echo out; echo error >&2; exit 7"],
        &["env", "true"],
        &["git", "--version"],
        &["node", "-e", "console.log(1 + 1); process.exit(3)"],
        &["perl", "-e", "print 1 + 1; exit 4"],
        &["java", "-version"],
    ];
    for words in programs {
        let [name, arguments @ ..] = words else {
            continue;
        };
        let command = || {
            let mut command = Command::new(name);
            command.args(arguments);
            command
        };
        let Ok(alone) = command().output() else {
            skip("programs_that_are_no_python_notice_nothing", name);
            continue;
        };
        for now in [false, true] {
            let run = Run::new();
            let mut command = command();
            if now {
                command.env("LD_BIND_NOW", "1");
            }
            let with = preload(&run, &mut command);
            assert_eq!(with, alone, "{name}");
            assert_eq!(run.stores().len(), 0, "{name}");
        }
    }
}

#[test]
fn it_needs_one_symbol_and_not_even_that() {
    let run = Run::new();
    let object = run
        .path()
        .join("agent")
        .join(swath_agent::PRELOAD_FILE_NAME);
    let read = |options: &[&str]| {
        let output = Command::new("readelf").args(options).arg(&object).output();
        output.map(|output| String::from_utf8(output.stdout).unwrap())
    };
    let (Ok(dynamic), Ok(symbols)) = (read(&["-dW"]), read(&["--dyn-syms", "-W"])) else {
        skip("symbols of the preloaded object", "readelf");
        return;
    };
    assert!(!dynamic.contains("NEEDED"), "{dynamic}");
    let names: Vec<(&str, &str)> = symbols
        .lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [_, _, _, _, binding, _, _, name] = words[..] else {
                return None;
            };
            (name != "Name").then_some((binding, name))
        })
        .collect();
    assert_eq!(names, [("WEAK", "dlsym")]);
}
