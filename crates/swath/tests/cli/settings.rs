//! Where swath's own settings are found, and what is said about those that are not used.

use crate::sandbox::{Sandbox, python, text};

#[test]
fn settings_are_found_from_a_folder_below() {
    let Some(python) = python("settings_are_found_from_a_folder_below") else {
        return;
    };
    let sandbox = Sandbox::new();
    let interpreter = text(&python.path);
    sandbox.write("app.py", "print('here')\n");
    sandbox.write("tests/deep/x", "");
    sandbox.write("swath.toml", &format!("test = '{interpreter} app.py'\n"));
    let below = sandbox.project().join("tests/deep");
    let mut command = sandbox.command(&["run", "--no-docker", "--json", "out.json", "--source=.."]);
    command.current_dir(&below);
    let run = crate::sandbox::finish(command);
    assert_eq!(
        run.code, 125,
        "`--source=..` is `tests`, where nothing runs: {run:?}"
    );
    let mut command = sandbox.command(&["run", "--no-docker", "--json", "out.json"]);
    command.current_dir(&below);
    let run = crate::sandbox::finish(command);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("Using "), "{run:?}");
    assert!(run.stdout.starts_with("here\n"), "{run:?}");
    // The data lies where the tests ran; what the command line names, where it was called.
    assert!(sandbox.project().join(".coverage").exists());
    assert!(below.join("out.json").exists());
}

#[test]
fn a_command_of_ones_own_runs_where_it_was_called() {
    let Some(python) = python("a_command_of_ones_own_runs_where_it_was_called") else {
        return;
    };
    let sandbox = Sandbox::new();
    let interpreter = text(&python.path);
    sandbox.write(
        "serve.py",
        "import os, time\nprint('up in', os.path.basename(os.getcwd()), flush=True)\ntime.sleep(600)\n",
    );
    sandbox.write(
        "swath.toml",
        &format!(
            "[services.web]\ncommand = '{interpreter} serve.py'\nready = 'log:up in project'\n"
        ),
    );
    sandbox.write(
        "tests/where.py",
        "import os\nprint(os.path.basename(os.getcwd()))\n",
    );
    let mut command = sandbox.command(&["run", "--no-docker", "--services", "--"]);
    command.args([&interpreter, "where.py"]);
    command.current_dir(sandbox.project().join("tests"));
    let run = crate::sandbox::finish(command);
    assert!(run.stdout.starts_with("tests\n"), "{run:?}");
    assert!(run.stderr.contains("Ready 1 service"), "{run:?}");
}

#[test]
fn settings_that_are_not_used_are_named() {
    let sandbox = Sandbox::new();
    sandbox.write("swath.toml", "test = 'true'\n");
    sandbox.write("pyproject.toml", "[tool.swath]\ntest = 'false'\n");
    let run = sandbox.swath(&["run", "--no-docker"]);
    assert!(run.stderr.contains("warning[settings-unused]"), "{run:?}");
    assert!(run.stderr.contains("pyproject.toml"), "{run:?}");
}

#[test]
fn without_settings_it_is_said_where_they_were_looked_for() {
    let sandbox = Sandbox::new();
    let run = sandbox.swath(&["run"]);
    assert_eq!(run.code, 125);
    let folder = sandbox.project().canonicalize().unwrap();
    let looked = format!(
        "neither `{}` nor a folder above it has a swath.toml",
        folder.display()
    );
    assert!(run.stderr.contains(&looked), "{run:?}");
}

#[test]
fn the_file_says_what_comes_of_a_run() {
    let Some(python) = python("the_file_says_what_comes_of_a_run") else {
        return;
    };
    let sandbox = Sandbox::new();
    let interpreter = text(&python.path);
    sandbox.write(
        "app.py",
        "import os, subprocess, time\nquiet = subprocess.DEVNULL\n\
         words = ['env', '-i', os.environ['PY'], 'other.py']\n\
         subprocess.Popen(words, stdin=quiet, stdout=quiet, stderr=quiet)\n\
         while not os.path.exists('up'):\n    time.sleep(0.02)\n",
    );
    // It is there until the run is over, so that the run cannot miss it.
    sandbox.write(
        "other.py",
        "import os, time\nopen('up', 'w').close()\nfor _ in range(3000):\n    \
         if os.path.exists('over'):\n        break\n    time.sleep(0.02)\n",
    );
    sandbox.write(
        "swath.toml",
        &format!(
            "test = '{interpreter} app.py'\ncount = 'all'\nrequire-complete = true\nhtml = 'out/html'\njson = \
             'run.json'\n"
        ),
    );
    fs_err::create_dir(sandbox.project().join("out")).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = sandbox.command(&["run", "--no-docker"]);
        command.args(arguments).env("PY", &interpreter);
        crate::sandbox::finish(command)
    };
    let found = run(&[]);
    sandbox.write("over", "");
    // One Python could not be measured.
    assert_eq!(found.code, 3, "{found:?}");
    assert!(
        found.stderr.contains("Report out/html/index.html"),
        "{found:?}"
    );
    assert!(sandbox.project().join("out/html/index.html").exists());
    let account: serde_json::Value = serde_json::from_str(&sandbox.read("run.json")).unwrap();
    assert_eq!(account["complete"], false, "{account}");
    // The command line has the last word.
    let found = run(&["--json=other.json", "--html=other"]);
    assert!(
        found.stderr.contains("Report other/index.html"),
        "{found:?}"
    );
    assert!(sandbox.project().join("other.json").exists());
}

#[test]
fn an_option_of_a_project_needs_one() {
    let sandbox = Sandbox::new();
    let run = sandbox.swath(&["run", "--keep-up", "--", "true"]);
    assert_eq!(run.code, 125, "{run:?}");
    assert!(
        run.stderr.contains("error[no-project]: `--keep-up`"),
        "{run:?}"
    );
}
