//! No space, no inodes, no descriptors, in each folder that a run writes to and at each time: the
//! run ends, what it says is true, and nothing that was recorded is lost without a word.

use std::process::Command;

use swath_test::{can_mount, skip};

use crate::sandbox::{Finished, Sandbox, finish, python};

/// The folders that a run writes to, as variables of the script below.
const FOLDERS: [&str; 3] = ["TMPDIR", "XDG_CACHE_HOME", "OUT"];

/// What a file system has little of: options of its mount, and what takes the rest.
const SCARCE: [(&str, &str); 6] = [
    ("size=4k", "nothing"),
    ("size=64k", "nothing"),
    ("nr_inodes=1", "nothing"),
    ("nr_inodes=4", "nothing"),
    ("size=8m", "space"),
    ("size=8m,nr_inodes=400", "inodes"),
];

/// The tests: they say that they ran, and take what there is.
const APP: &str = "import os, sys, take
os.write(1, b'ran\\n')
take.take(*sys.argv[1:])
last = 4
";

const TAKE: &str = r#"def take(folder, what):
    try:
        if what == "space":
            with open(folder + "/filler", "wb", 0) as filler:
                while True:
                    filler.write(b"x" * 4096)
        elif what == "inodes":
            for number in range(100_000):
                open(f"{folder}/filler{number}", "w").close()
    except OSError:
        pass
"#;

/// What is there at the end is copied to where there is room.
const SCRIPT: &str = r#"
mkdir -p out kept
export OUT=$PWD/out
eval "FOLDER=\$$WHERE"
[ -z "$MOUNT" ] || mount -t tmpfs -o "$MOUNT" none "$FOLDER" || exit 99
[ -z "$DESCRIPTORS" ] || ulimit -n "$DESCRIPTORS"
"$SWATH" run --no-docker --source=. --omit=take.py --data-file=out/data --json=out/account.json --html=out/html -- "$PYTHON" app.py "$FOLDER" "$WHAT"
code=$?
ulimit -n "$(ulimit -Hn)"
rm -f "$FOLDER"/filler*
cp -r out/. kept
exit $code
"#;

/// A server that forks for each request, whose tests wait until what its children left is small.
const FORKS: &str = r#"import os, signal, sys, time

def rare():
    last = 5

for number in range(1200):
    pid = os.fork()
    if pid == 0:
        if number == 3:
            rare()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
data = next(
    os.path.join(os.path.dirname(folder), "data")
    for folder in os.environ["PYTHONPATH"].split(":")
    if os.path.exists(os.path.join(folder, "sitecustomize.py"))
)
size = 1 << 60
end = time.monotonic() + 60
while size > 6 << 20 and time.monotonic() < end:
    time.sleep(0.05)
    size = sum(os.stat(entry.path).st_blocks * 512 for entry in os.scandir(data))
print("bytes", size)
"#;

struct Case<'a> {
    mount: &'a str,
    folder: &'a str,
    what: &'a str,
    descriptors: &'a str,
}

fn play(sandbox: &Sandbox, python: &swath_test::Python, case: &Case<'_>) -> Finished {
    let mut command = Command::new("unshare");
    sandbox.prepare(&mut command);
    command.args(["--mount", "sh", "-c", SCRIPT]);
    command
        .env("SWATH", env!("CARGO_BIN_EXE_swath"))
        .env("PYTHON", &python.path)
        .env("WHERE", case.folder)
        .env("MOUNT", case.mount)
        .env("WHAT", case.what)
        .env("DESCRIPTORS", case.descriptors);
    finish(command)
}

/// What must hold, whatever there is too little of.
fn judge(sandbox: &Sandbox, run: &Finished, name: &str) {
    let kept = |file: &str| sandbox.project().join("kept").join(file).exists();
    let said = format!("{name}: {run:#?}");
    assert!(run.code != 99 && !run.stderr.contains("panicked"), "{said}");
    let is_told = run.stderr.contains("error[") || run.stderr.contains("warning[");
    if run.code == 0 {
        assert!(kept("data") && kept("account.json"), "{said}");
        assert!(kept("html/index.html") || is_told, "{said}");
    } else {
        assert!(is_told, "{said}");
    }
    if !run.stdout.contains("ran\n") {
        assert!(run.code != 0 && !run.stderr.contains("Complete"), "{said}");
        return;
    }
    // What ran is in the data, or what keeps it is named with the command that brings it back.
    let mut data = "kept/data";
    if !kept(data.trim_start_matches("kept/")) {
        let hint = run
            .stderr
            .lines()
            .find_map(|line| line.strip_prefix("hint: swath "));
        let words: Vec<&str> = hint
            .unwrap_or_else(|| panic!("{said}"))
            .split(' ')
            .collect();
        let combined = sandbox.swath(&words);
        assert_eq!(combined.code, 0, "{said}{combined:#?}");
        data = ".coverage";
    }
    let report = sandbox.swath(&["report", "--include=app.py", "--data-file", data]);
    if run.stderr.contains("Complete") {
        assert!(report.stdout.contains("100%"), "{said}{report:#?}");
    }
}

#[test]
fn a_run_that_finds_no_room_loses_nothing_without_a_word() {
    const TEST: &str = "a_run_that_finds_no_room_loses_nothing_without_a_word";
    let Some(python) = python(TEST) else {
        return;
    };
    if !can_mount() {
        skip(TEST, "the right to mount a file system");
        return;
    }
    for folder in FOLDERS {
        for (mount, what) in SCARCE {
            let sandbox = Sandbox::new();
            sandbox.write("app.py", APP);
            sandbox.write("take.py", TAKE);
            let descriptors = "";
            let case = Case {
                mount,
                folder,
                what,
                descriptors,
            };
            let run = play(&sandbox, python, &case);
            let name = format!("{folder} with {mount}, of which the tests take {what}");
            judge(&sandbox, &run, &name);
        }
    }
}

#[test]
fn a_run_without_descriptors_ends_and_says_so() {
    const TEST: &str = "a_run_without_descriptors_ends_and_says_so";
    let Some(python) = python(TEST) else {
        return;
    };
    if !can_mount() {
        skip(TEST, "the right to mount a file system");
        return;
    }
    for descriptors in ["5", "6", "7", "8", "9", "10", "12", "16", "32"] {
        let sandbox = Sandbox::new();
        sandbox.write("app.py", APP);
        sandbox.write("take.py", TAKE);
        let case = Case {
            mount: "",
            folder: "OUT",
            what: "nothing",
            descriptors,
        };
        let run = play(&sandbox, python, &case);
        judge(&sandbox, &run, descriptors);
    }
}

#[test]
fn children_without_number_fill_no_disk_and_lose_nothing() {
    let Some(python) = python("children_without_number_fill_no_disk_and_lose_nothing") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("app.py", FORKS);
    let interpreter = python.path.to_string_lossy();
    let arguments = [
        "run",
        "--source=.",
        "--json=run.json",
        "--",
        &*interpreter,
        "app.py",
    ];
    let run = sandbox.swath(&arguments);
    assert_eq!(run.code, 0, "{run:#?}");
    // Each store takes 16 KiB; those for the next 256 children are there in advance.
    let size = run
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("bytes "));
    let size: u64 = size
        .and_then(|size| size.parse().ok())
        .expect("it says a size");
    assert!(size <= 6 << 20, "{size} bytes: {run:#?}");
    assert!(run.stderr.contains("Complete 1201 of 1201"), "{run:#?}");
    let report = sandbox.swath(&["report", "--show-missing"]);
    let row = report
        .stdout
        .lines()
        .find(|line| line.starts_with("app.py"));
    assert!(row.is_some_and(|row| row.contains("100%")), "{report:#?}");
    sandbox.assert_nothing_left();
}

/// A test suite that clears the temporary folder takes the run's with it.
const CLEARS: &str = "import os, shutil, tempfile, time
for entry in os.scandir(tempfile.gettempdir()):
    shutil.rmtree(entry.path)
# As long as tests: so it is seen.
time.sleep(2)
";

#[test]
fn what_removes_the_runs_folder_makes_the_number_incomplete() {
    let Some(python) = python("what_removes_the_runs_folder_makes_the_number_incomplete") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("clears.py", CLEARS);
    let interpreter = python.path.to_string_lossy();
    let run = sandbox.swath(&["run", "--source=.", "--", &interpreter, "clears.py"]);
    assert_eq!(run.code, 125, "{run:#?}");
    for words in [
        "` was removed while the run went on, with what it recorded",
        "1 Python process was not measured: the run's folder was removed, with what it recorded",
        "hint: let nothing clear the temporary folder while swath runs, or set TMPDIR",
        "  what they recorded could not be read",
    ] {
        assert!(run.stderr.contains(words), "{words}: {run:#?}");
    }
}
