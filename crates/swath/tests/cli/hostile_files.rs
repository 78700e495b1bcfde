//! Files that somebody else made: stores, sources and names that a process or a container chose.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;

use swath_data::{CoverageData, Mode, write_data_file};
use swath_store::StoreBuilder;

use crate::sandbox::{Finished, Sandbox, finish, python, text};

fn make_pipe(path: &Path) {
    let status = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(status.success());
}

/// The store of a process that ran three lines of each file, without a word on their content.
fn store_of(paths: &[&[u8]]) -> Vec<u8> {
    let mut store = StoreBuilder::new(1, [1; 16]).process(b"python", b"/", b"", &[b"python"]);
    for (number, path) in (1..).zip(paths) {
        store = store.file(number, path, None).code(number, 1, &[2, 2, 2]);
    }
    store.finish()
}

#[test]
fn what_is_no_regular_file_is_named_and_holds_nothing_up() {
    let sandbox = Sandbox::new();
    let stores = sandbox.project().join("stores");
    fs_err::create_dir(&stores).unwrap();
    let app = sandbox.write("app.py", "a = 1\nb = 2\nc = 3\n");
    let at = |name: &str| stores.join(name);
    fs_err::write(at("1-01.hits"), store_of(&[text(&app).as_bytes()])).unwrap();
    make_pipe(&at("2-02.hits"));
    std::os::unix::fs::symlink(at("1-01.hits"), at("3-03.hits")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", at("4-04.hits")).unwrap();
    fs_err::create_dir(at("5-05.hits")).unwrap();
    let sparse = fs_err::File::create(at("6-06.hits")).unwrap();
    sparse.set_len(1 << 40).unwrap();
    make_pipe(&sandbox.project().join(".coverage.pipe"));

    let run = sandbox.swath(&["combine", "--keep", "stores", ".coverage.pipe"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    for name in ["2-02", "3-03", "4-04", "5-05", "6-06"] {
        assert!(run.stderr.contains(name), "{name}: {}", run.stderr);
    }
    assert!(
        run.stderr.contains(".coverage.pipe': not a regular file"),
        "{}",
        run.stderr
    );
    let report = sandbox.swath(&["report", "--format=total"]);
    assert_eq!(report.stdout, "100\n");

    // A source that became a pipe meanwhile.
    fs_err::remove_file(&app).unwrap();
    make_pipe(&app);
    let report = sandbox.swath(&["report"]);
    assert_eq!(report.code, 1);
    assert!(
        report.stdout.contains("is not a regular file"),
        "{}",
        report.stdout
    );
}

#[test]
fn what_cannot_hold_the_data_is_refused_before_the_tests() {
    let Some(python) = python("what_cannot_hold_the_data_is_refused_before_the_tests") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("app.py", "open('ran', 'w').close()\n");
    make_pipe(&sandbox.project().join("pipe"));
    let python = text(&python.path);
    let refused = |options: &[&str], word: &str| {
        let words = [&["run", "--no-docker"], options, &["--", &python, "app.py"]];
        let run = sandbox.swath(&words.concat());
        assert_ne!(run.code, 0, "{options:?}");
        assert!(run.stderr.contains("output-not-writable"), "{}", run.stderr);
        assert!(run.stderr.contains(word), "{}", run.stderr);
        assert!(!sandbox.project().join("ran").exists(), "{options:?}");
    };
    refused(&["--data-file=pipe"], "a pipe or a device");
    // The later one of two would take the place of the other.
    refused(&["--data-file=one", "--json=./one"], "goes there as well");
}

#[test]
fn a_store_chooses_no_file_of_this_machine() {
    let sandbox = Sandbox::new();
    let secret = sandbox.temporary().join("credentials");
    fs_err::write(&secret, "key = 1\nNotToBeShown = 2\nx = 3\n").unwrap();
    let app = sandbox.write("app.py", "a = 1\nb = 2\nc = 3\n");
    std::os::unix::fs::symlink(&secret, sandbox.project().join("linked.py")).unwrap();
    let around = sandbox.project().join("../tmp/credentials");
    let linked = sandbox.project().join("linked.py");
    let paths = [&secret, &around, &linked, &app].map(|path| text(path));
    let paths: Vec<&[u8]> = paths.iter().map(String::as_bytes).collect();
    fs_err::create_dir(sandbox.project().join("stores")).unwrap();
    let store = sandbox.project().join("stores/1-01.hits");
    fs_err::write(store, store_of(&paths)).unwrap();
    assert_eq!(sandbox.swath(&["combine", "stores"]).code, 0);
    for words in [
        &["html", "-i", "-d", "out/pages"][..],
        &["html", "-i", "--single-file", "-d", "out/one"],
        &["annotate", "-i", "-d", "out/annotated"],
        &["json", "-i", "-o", "out/x.json"],
        &["xml", "-i", "-o", "out/x.xml"],
        &["lcov", "-i", "-o", "out/x.lcov"],
    ] {
        let run = sandbox.swath(words);
        assert_eq!(run.code, 0, "{words:?}: {}{}", run.stdout, run.stderr);
        assert!(
            run.stderr.contains("warning[source-unproved]"),
            "{}",
            run.stderr
        );
    }
    let pages = walkdir::WalkDir::new(sandbox.project().join("out"));
    let mut files = 0;
    for entry in pages {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            files += 1;
            let bytes = fs_err::read(entry.path()).unwrap();
            let shown = String::from_utf8_lossy(&bytes);
            let path = entry.path().display();
            assert!(!shown.contains("NotToBeShown"), "the text is in {path}");
        }
    }
    assert!(files > 5);
    let table = sandbox.swath(&["report", "-i"]).stdout;
    assert!(
        table.contains("app.py") && !table.contains("credentials"),
        "{table}"
    );

    // Whoever names the folder means it.
    let folder = text(&sandbox.temporary());
    sandbox.write(
        ".coveragerc",
        &format!("[run]\nsource =\n    .\n    {folder}\n"),
    );
    let table = sandbox.swath(&["report", "-i"]).stdout;
    assert!(table.contains("credentials"), "{table}");
}

/// Everything that steers a terminal, as a name in the data.
const STEERING: &str = "/gone/\u{1b}]0;OWNED\u{7}\u{1b}[31m\u{9b}1m\u{202e}\u{2066}yp.x";

fn assert_tame(words: &[&str], run: &Finished) {
    let shown = format!("{}{}", run.stdout, run.stderr);
    let steers = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    assert!(
        !shown.contains(steers),
        "{words:?}: {}",
        shown.escape_debug()
    );
}

#[test]
fn names_steer_no_terminal_whatever_prints_them() {
    let sandbox = Sandbox::new();
    let mut data = CoverageData::new(Mode::Lines);
    let context = data.intern_context("\u{1b}[31mcontext");
    data.add_lines(STEERING, context, &[1].into_iter().collect());
    write_data_file(&data, &sandbox.project().join(".coverage")).unwrap();
    sandbox.write("x\u{1b}[31m.toml", "not toml");
    sandbox.write("wreck\u{1b}[31m", "no database");
    for words in [
        &["report"][..],
        &["report", "-i"],
        &["report", "--format=markdown"],
        &["html", "-d", "h"],
        &["html", "-i", "-d", "h\u{1b}[31m"],
        &["xml", "-o", "x.xml"],
        &["xml", "-o", "-"],
        &["json", "-o", "/proc/\u{1b}[31m"],
        &["lcov", "-o", "l.lcov"],
        &["annotate"],
        &["combine", "wreck\u{1b}[31m"],
        &["combine", "gone\u{1b}[31m"],
        &["debug", "data"],
        &["debug", "\u{1b}[31m"],
        &["report", "--rcfile=gone\u{1b}[31m"],
        &["report", "--rcfile=x\u{1b}[31m.toml"],
        &["report", "--\u{1b}[31m"],
        &["\u{1b}[31m"],
        &["run", "--\u{1b}[31m", "--", "true"],
        &["run", "--ready-timeout", "\u{1b}[31m", "--", "true"],
        &["run", "--no-docker", "--", "./\u{1b}[31m\u{202e}gpj.py"],
        &[
            "run",
            "--no-docker",
            "--service",
            "\u{1b}[31m=false",
            "--",
            "true",
        ],
        &["run", "gone\u{1b}[31m\u{202e}.py"],
    ] {
        assert_tame(words, &sandbox.swath(words));
    }
}

#[test]
fn odd_names_are_in_the_runs_report_and_in_later_ones() {
    let test = "odd_names_are_in_the_runs_report_and_in_later_ones";
    let pythons = swath_test::pythons();
    if pythons.is_empty() {
        return swath_test::skip(test, "a CPython");
    }
    let kinds = [false, true];
    for (python, relative) in pythons
        .iter()
        .flat_map(|python| kinds.map(|relative| (python, relative)))
    {
        let sandbox = Sandbox::new();
        sandbox.write(
            ".coveragerc",
            &format!("[run]\nrelative_files = {relative}\n"),
        );
        sandbox.write("main.py", "import os, runpy\nfor name in os.listdir(b'.'):\n    if name.startswith(b'odd'):\n        runpy.run_path(os.fsdecode(name))\n");
        for name in [&b"odd\xff.py"[..], b"odd\\slash.py", b"odd \xc3\xa9.py"] {
            let path = sandbox.project().join(OsStr::from_bytes(name));
            fs_err::write(path, "value = 1\n").unwrap();
        }
        let python = text(&python.path);
        let words = ["run", "--no-docker", "--source=.", "--", &python, "main.py"];
        let run = sandbox.swath(&words);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let later = sandbox.swath(&["report"]);
        for name in ["odd\u{fffd}.py", "odd\\slash.py", "odd é.py"] {
            let row = |table: &str| {
                let line = table.lines().find(|line| line.starts_with(name));
                line.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            };
            let expected = Some(format!("{name} 1 0 100%"));
            assert_eq!(
                row(&run.stdout),
                expected,
                "{python} {relative}: {}{}",
                run.stdout,
                run.stderr
            );
            assert_eq!(
                row(&later.stdout),
                expected,
                "{python} {relative}: {}",
                later.stdout
            );
        }
    }
}

#[test]
fn a_name_that_is_not_utf_8_is_shown_with_a_replacement_and_its_lines_count() {
    let sandbox = Sandbox::new();
    let app = sandbox.project().join(OsStr::from_bytes(b"odd\xff.py"));
    fs_err::write(&app, "a = 1\nb = 2\nc = 3\n").unwrap();
    fs_err::create_dir(sandbox.project().join("stores")).unwrap();
    let store = sandbox.project().join("stores/1-01.hits");
    fs_err::write(store, store_of(&[app.as_os_str().as_bytes()])).unwrap();
    assert_eq!(sandbox.swath(&["combine", "stores"]).code, 0);
    let report = sandbox.swath(&["report"]);
    let row = report
        .stdout
        .lines()
        .find(|line| line.starts_with("odd\u{fffd}.py"));
    assert!(
        row.is_some_and(|row| row.ends_with("100%")),
        "{}",
        report.stdout
    );
}

#[test]
fn a_program_in_an_archive_of_any_name_is_reported() {
    let Some(python) = python("a_program_in_an_archive_of_any_name_is_reported") else {
        return;
    };
    let sandbox = Sandbox::new();
    let source = "import sys\nif len(sys.argv) > 5:\n    print('never')\nprint('done')\n";
    sandbox.write("made/__main__.py", source);
    let python = text(&python.path);
    for name in ["shop.pyz", "shop", "shop.zip.old"] {
        let make = [
            "-m",
            "zipapp",
            "made",
            "-p",
            "/usr/bin/env python3",
            "-o",
            name,
        ];
        let mut command = Command::new(&python);
        sandbox.prepare(&mut command);
        assert_eq!(
            finish({
                command.args(make);
                command
            })
            .code,
            0
        );
        let run = sandbox.swath(&["run", "--no-docker", "--source=.", "--", &python, name]);
        let row = format!("{name}/__main__.py");
        let line = run.stdout.lines().find(|line| line.starts_with(&row));
        let line = line.unwrap_or_else(|| panic!("{name}: {}{}", run.stdout, run.stderr));
        assert!(line.ends_with("75%   3"), "{line}");
        let pages = sandbox.swath(&["html", "-d", "pages"]);
        assert_eq!(pages.code, 0, "{}", pages.stdout);
    }
}

#[test]
fn secrets_of_command_lines_are_nowhere() {
    let Some(python) = python("secrets_of_command_lines_are_nowhere") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("app.py", "value = 1\n");
    sandbox.write(
        "start.py",
        "import subprocess, sys\nfor words in (['--password', '-Hidden1'], ['-H', 'Authorization: Bearer Hidden2'], ['http://h/?token=Hidden3&x=1'], ['-pHidden4'], ['{\"apiKey\": \"Hidden5\"}']):\n    subprocess.run([sys.executable, 'app.py'] + words)\n    subprocess.run([sys.executable, '-I', 'app.py'] + words)\n",
    );
    let python = text(&python.path);
    let run = sandbox.swath(&[
        "run",
        "--no-docker",
        "--source=.",
        "--json",
        "a.json",
        "--html",
        "h",
        "--",
        &python,
        "start.py",
    ]);
    assert!(
        sandbox.read("a.json").contains("Authorization"),
        "{}",
        run.stderr
    );
    let mut shown = vec![run.stdout.into_bytes(), run.stderr.into_bytes()];
    for folder in [sandbox.project(), sandbox.project().join("../cache")] {
        for entry in walkdir::WalkDir::new(folder) {
            let entry = entry.unwrap();
            if entry.file_type().is_file() && entry.file_name() != "start.py" {
                shown.push(fs_err::read(entry.path()).unwrap());
            }
        }
    }
    // The page of `start.py` shows its text.
    let pages = shown
        .iter()
        .filter(|bytes| !String::from_utf8_lossy(bytes).contains("subprocess"));
    for bytes in pages {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("Hidden"), "{text}");
    }
}

#[test]
fn a_program_of_ones_own_may_import_from_an_archive_anywhere() {
    let Some(python) = python("a_program_of_ones_own_may_import_from_an_archive_anywhere") else {
        return;
    };
    let sandbox = Sandbox::new();
    let archive = sandbox.temporary().with_file_name("elsewhere.zip");
    let make =
        "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').writestr('packed.py', 'x = 1\\n')";
    let mut command = python.command();
    assert!(
        command
            .args(["-c", make])
            .arg(&archive)
            .status()
            .unwrap()
            .success()
    );
    let import = format!(
        "import sys\nsys.path.append({:?})\nimport packed\n",
        text(&archive)
    );
    sandbox.write("app.py", &import);
    let bin = sandbox.temporary().with_file_name("bin");
    fs_err::create_dir(&bin).unwrap();
    fs_err::os::unix::fs::symlink(&python.path, bin.join("python3")).unwrap();
    let mut command = sandbox.command(&["run", "app.py"]);
    command.env("PATH", &bin);
    let run = finish(command);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:?}");
    let report = sandbox.swath(&["report"]);
    assert!(
        report.stdout.contains("elsewhere.zip/packed.py "),
        "{report:?}"
    );
}

#[test]
fn a_pipe_is_not_waited_for_without_a_limit() {
    let Some(python) = python("a_pipe_is_not_waited_for_without_a_limit") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("app.py", "a = 1\n");
    make_pipe(&sandbox.project().join("pipe"));
    let python = text(&python.path);
    let run = |option: &str| {
        let words = ["run", "--no-docker", option, "--", &python, "app.py"];
        sandbox.swath(&words)
    };
    let without_reader = run("--json=pipe");
    assert_ne!(without_reader.code, 0);
    let said = &without_reader.stderr;
    assert!(
        said.contains("json-not-written") && said.contains("nobody reads"),
        "{said}"
    );
    let without_writer = run("--rcfile=pipe");
    assert_ne!(without_writer.code, 0);
    let said = &without_writer.stderr;
    assert!(said.contains("nobody writes"), "{said}");
    assert!(!said.contains("Running"), "{said}");

    let pipe = sandbox.project().join("pipe");
    let there = pipe.clone();
    let reader = std::thread::spawn(move || fs_err::read_to_string(there).unwrap());
    assert_eq!(run("--json=pipe").code, 0);
    assert!(reader.join().unwrap().contains("\"processes\""));
    let writer = std::thread::spawn(move || fs_err::write(pipe, "[run]\nbranch = true\n").unwrap());
    let with_writer = run("--rcfile=pipe");
    writer.join().unwrap();
    assert!(
        with_writer.stdout.contains("BrPart"),
        "{}",
        with_writer.stdout
    );
}
