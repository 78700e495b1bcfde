//! What cannot be answered, and how swath says it.

use swath_test::{Finished, finish};

use crate::project::Project;

fn assert_refused(done: &Finished, code: i32, parts: &[&str]) {
    assert_eq!(done.code, code, "{done:?}");
    assert_eq!(done.stdout, "", "{done:?}");
    for part in parts {
        assert!(done.stderr.contains(part), "{part}: {done:?}");
    }
}

fn measured(test: &str) -> Option<Project> {
    let project = Project::new(test, &[])?;
    project.repository.write(".gitignore", ".coverage\n");
    project.repository.write("a.py", "x = 1\n");
    project.measure(&["--source=.", "a.py"]);
    Some(project)
}

#[test]
fn without_git_there_is_a_patch() {
    let Some(project) = measured("without_git_there_is_a_patch") else {
        return;
    };
    let patch = "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-y = 1\n+x = 1\n";
    project.repository.write("a.patch", patch);
    fs_err::remove_dir_all(project.folder().join(".git")).unwrap();
    let mut command = project.swath_command(&["diff"]);
    command.env("PATH", "/nowhere");
    assert_refused(
        &finish(command),
        1,
        &["error[git-not-found]", "--patch FILE"],
    );
    let done = project.swath(&["diff"]);
    assert_refused(&done, 1, &["error[not-a-repository]", "--patch FILE"]);
    let mut command = project.swath_command(&["diff", "--patch=a.patch"]);
    command.env("PATH", "/nowhere");
    let done = finish(command);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.stdout.contains("a.py        1      0   100%"),
        "{done:?}"
    );
}

#[test]
fn what_git_does_not_know_is_said() {
    let Some(project) = measured("what_git_does_not_know_is_said") else {
        return;
    };
    for words in [&["diff"][..], &["diff", "--since=HEAD"]] {
        assert_refused(
            &project.swath(words),
            1,
            &["error[no-merge-base]", "`git commit` first", "--patch FILE"],
        );
    }
    project.repository.commit();
    project.repository.git(["branch", "-q", "-m", "work"]);
    let done = project.swath(&["diff"]);
    assert_refused(&done, 1, &["error[no-default-branch]", "--since REVISION"]);
    project.repository.git(["branch", "-q", "-m", "main"]);
    let done = project.swath(&["diff", "--since=no\u{1b}[31mpe"]);
    assert_refused(
        &done,
        1,
        &["error[unknown-revision]: git knows no revision `no\u{fffd}[31mpe`"],
    );
    project
        .repository
        .git(["checkout", "-q", "--orphan", "other"]);
    project.repository.write("b.py", "x = 1\n");
    project.repository.commit();
    let done = project.swath(&["diff", "--since=main"]);
    assert_refused(&done, 1, &["error[no-merge-base]"]);
    let done = project.swath(&["diff", "--since=main", "--no-merge-base"]);
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn data_that_is_not_there_is_said() {
    let Some(project) = measured("data_that_is_not_there_is_said") else {
        return;
    };
    project.repository.commit();
    let done = project.swath(&["diff", "--data-file=other"]);
    assert_refused(
        &done,
        1,
        &[
            "error[no-data]: there is no data file `",
            "/other`",
            "--data-file",
        ],
    );
    let parts = project.folder().join("other.host.pid1");
    fs_err::rename(project.folder().join(".coverage"), &parts).unwrap();
    let done = project.swath(&["diff", "--data-file=other"]);
    assert_refused(
        &done,
        1,
        &["hint: `swath combine` makes one of the files beside it"],
    );
    assert!(parts.exists());
    project.repository.write(".coverage", "no database");
    assert_refused(&project.swath(&["diff"]), 1, &["error[report-failed]"]);
}

#[test]
fn a_patch_that_does_not_fit_counts_nothing() {
    let Some(project) = measured("a_patch_that_does_not_fit_counts_nothing") else {
        return;
    };
    let patch = "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-y = 1\n+z = 1\n";
    project.repository.write("a.patch", patch);
    let done = project.swath(&["diff", "--patch=a.patch"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.stdout
            .contains("a.py: line 1 here is not what the patch says"),
        "{done:?}"
    );
    project.repository.write("b.patch", "@@ -1 +1 @@\n");
    let done = project.swath(&["diff", "--patch=b.patch"]);
    assert_refused(
        &done,
        1,
        &["error[bad-patch]: `b.patch` is not a patch: the hunk at line 1 belongs to no file"],
    );
    let done = project.swath(&["diff", "--patch=gone.patch"]);
    assert_refused(&done, 1, &["error[patch-not-read]"]);
    project.repository.write("c.patch", patch.repeat(2));
    let done = project.swath(&["diff", "--patch=c.patch"]);
    assert_refused(
        &done,
        1,
        &["error[bad-patch]: `c.patch` is not a patch: line 6 begins `a.py` a second time"],
    );
    let file = fs_err::File::create(project.folder().join("d.patch")).unwrap();
    file.set_len(1 << 40).unwrap();
    let done = project.swath(&["diff", "--patch=d.patch"]);
    assert_refused(
        &done,
        1,
        &["error[patch-not-read]: the patch `d.patch` is larger than 512 MB"],
    );
}

#[test]
fn options_that_contradict_are_refused() {
    let Some(project) = measured("options_that_contradict_are_refused") else {
        return;
    };
    for words in [
        &["diff", "--since=x", "--patch=y"][..],
        &["diff", "--no-merge-base"],
        &["diff", "--format=html"],
        &["diff", "extra"],
    ] {
        let done = project.swath(words);
        assert_eq!(done.code, 125, "{words:?} {done:?}");
        assert!(done.stderr.contains("error: "), "{done:?}");
    }
    for words in [["diff", "--gate=linse=80"], ["diff", "--fail-under=101"]] {
        assert_refused(&project.swath(&words), 125, &["error[bad-gate]"]);
    }
}
