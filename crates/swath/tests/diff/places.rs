//! Where the command is called, and what kind of repository that is.

use swath_test::{GitRepository, finish};

use crate::project::Project;

fn lines(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| line.contains(".py  "));
    lines.collect()
}

#[test]
fn a_folder_below_and_a_hook_see_the_same() {
    let test = "a_folder_below_and_a_hook_see_the_same";
    let (Some(library), Some(project)) = (GitRepository::new(test), Project::new(test, &[])) else {
        return;
    };
    library.write("lib.py", "a = 1\n");
    library.commit();
    let repository = &project.repository;
    repository.write(".gitignore", ".coverage\n");
    repository.write("back end/app.py", "x = 1\n");
    let url = library.folder().to_str().unwrap();
    repository.git(["submodule", "--quiet", "add", url, "back end/lib"]);
    repository.commit();
    repository.write(
        "back end/app.py",
        "import lib.lib\nx = 1\nif x > 1:\n    x = 2\n",
    );
    repository.write("back end/lib/lib.py", "a = 1\nb = 2\n");
    repository.write("elsewhere.py", "x = 1\n");
    let below = project.folder().join("back end");
    let python = project.python();
    let mut run = project.command(python);
    run.args(["-m", "coverage", "run", "--source=.", "app.py"])
        .current_dir(&below);
    assert_eq!(finish(run).code, 0);
    let expected = [
        "app.py           3      1    67%   4",
        "lib/lib.py       1      0   100%",
    ];
    let git = project.folder().join(".git");
    let surroundings: [&[(&str, &std::path::Path)]; 2] = [
        &[],
        // As git calls a hook.
        &[("GIT_DIR", &git), ("GIT_WORK_TREE", project.folder())],
    ];
    for variables in surroundings {
        let mut command = project.swath_command(&["diff", "--since=HEAD"]);
        command.current_dir(&below).envs(variables.iter().copied());
        let done = finish(command);
        assert_eq!(done.code, 0, "{done:?}");
        assert_eq!(lines(&done.stdout), expected, "{done:?}");
        assert!(!done.stdout.contains("elsewhere.py"), "{done:?}");
    }
    // What a forge reads has paths from the top of the repository.
    let mut command = project.swath_command(&["diff", "--since=HEAD", "--format=github"]);
    command.current_dir(&below);
    let done = finish(command);
    assert!(
        done.stdout
            .starts_with("::warning file=back end/app.py,line=4,"),
        "{done:?}"
    );
}

#[test]
fn relative_data_and_other_work_trees_are_matched() {
    let Some(project) = Project::new("relative_data_and_other_work_trees_are_matched", &[]) else {
        return;
    };
    let repository = &project.repository;
    repository.write(".gitignore", ".coverage\n");
    repository.write(".coveragerc", "[run]\nrelative_files = true\nsource = .\n");
    repository.write("a b.py", "x = 1\n");
    repository.commit();
    let beside = swath_test::temp_dir();
    let tree = beside.path().join("other tree");
    repository.git([
        "worktree",
        "add",
        "-q",
        "-b",
        "feature",
        tree.to_str().unwrap(),
    ]);
    fs_err::write(tree.join("a b.py"), "x = 1\ny = 2\n").unwrap();
    let mut run = project.command(project.python());
    run.args(["-m", "coverage", "run", "a b.py"])
        .current_dir(&tree);
    assert_eq!(finish(run).code, 0);
    let mut command = project.swath_command(&["diff"]);
    command.current_dir(&tree);
    let done = finish(command);
    assert_eq!(
        lines(&done.stdout),
        ["a b.py       1      0   100%"],
        "{done:?}"
    );
    assert!(done.stdout.starts_with("Changes since main ("), "{done:?}");
}

#[test]
fn a_shallow_clone_says_what_it_lacks() {
    let Some(project) = Project::new("a_shallow_clone_says_what_it_lacks", &[]) else {
        return;
    };
    project.repository.write("a.py", "x = 1\n");
    let first = project.repository.commit();
    project.repository.write("a.py", "x = 2\n");
    project.repository.commit();
    let beside = swath_test::temp_dir();
    let clone = beside.path().join("clone");
    let url = format!("file://{}", project.folder().display());
    project
        .repository
        .git(["clone", "-q", "--depth=1", &url, clone.to_str().unwrap()]);
    let mut command = project.swath_command(&["diff", "--since", &first]);
    command.current_dir(&clone);
    let done = finish(command);
    assert_eq!(done.code, 1, "{done:?}");
    for part in [
        "error[unknown-revision]",
        "hint: this clone is shallow: `git fetch --unshallow`",
    ] {
        assert!(done.stderr.contains(part), "{done:?}");
    }
}

#[test]
fn a_file_that_is_newer_than_coverage_pys_data_is_named() {
    let Some(project) = Project::new("a_file_that_is_newer_than_coverage_pys_data_is_named", &[])
    else {
        return;
    };
    project.repository.write(".gitignore", ".coverage\n");
    project.repository.write("a.py", "x = 1\n");
    project.repository.commit();
    project.repository.write("a.py", "x = 2\n");
    project.measure(&["--source=.", "a.py"]);
    let fresh = project.swath(&["diff", "--since=HEAD"]);
    assert!(!fresh.stdout.contains("newer"), "{fresh:?}");
    let later = std::time::SystemTime::now() + std::time::Duration::from_mins(1);
    let file = fs_err::File::options()
        .append(true)
        .open(project.folder().join("a.py"));
    file.unwrap().set_modified(later).unwrap();
    let done = project.swath(&["diff", "--since=HEAD"]);
    assert!(
        done.stdout
            .contains("a.py: newer than the data, which does not say which text ran"),
        "{done:?}"
    );
}

#[test]
fn a_source_that_nobody_measured_is_named_whatever_its_name_is() {
    use std::os::unix::ffi::OsStrExt as _;

    let Some(project) = Project::new(
        "a_source_that_nobody_measured_is_named_whatever_its_name_is",
        &[],
    ) else {
        return;
    };
    project.repository.write(".gitignore", ".coverage\n");
    project.repository.write("a.py", "x = 1\n");
    project.repository.commit();
    project.measure(&["--source=.", "a.py"]);
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.py");
    fs_err::write(project.folder().join(name), "x = 1\n").unwrap();
    let untracked = project.swath(&["diff"]);
    project.repository.commit();
    let committed = project.swath(&["diff", "--since=HEAD~1"]);
    for done in [untracked, committed] {
        assert!(
            done.stdout.contains("caf\u{fffd}.py: not in the data"),
            "{done:?}"
        );
    }
}
