use super::*;

fn check(patch: &str, expected: &[(&str, &str, &str)]) {
    let files = parse_patch(patch.as_bytes()).unwrap();
    let found: Vec<(&str, &str, String)> = files
        .iter()
        .map(|file| (file.path.as_str(), file.kind.name(), file.lines.to_string()))
        .collect();
    let expected: Vec<(&str, &str, String)> = expected
        .iter()
        .map(|&(path, kind, lines)| (path, kind, lines.to_owned()))
        .collect();
    assert_eq!(found, expected, "{patch}");
}

fn error(patch: &str) -> PatchError {
    parse_patch(patch.as_bytes()).unwrap_err()
}

#[test]
fn lines_are_those_of_the_text_after_the_change() {
    check(
        "diff --git a/x.py b/x.py\nindex 1..2 100644\n--- a/x.py\n+++ b/x.py\n\
         @@ -1,3 +1,4 @@ def f():\n a\n-b\n+c\n+d\n e\n@@ -9 +10,0 @@\n-z\n@@ -20,0 +20 @@\n+q\n\\ No newline at end of file\n",
        &[("x.py", "modified", "2-3, 20")],
    );
}

#[test]
fn names_are_read_as_git_writes_them() {
    let body = "@@ -0,0 +1 @@\n+x\n";
    for (header, expected) in [
        (
            "diff --git a/a b.py b/a b.py\n--- a/a b.py\t\n+++ b/a b.py\t\n",
            "a b.py",
        ),
        (
            "diff --git \"a/\\303\\251 \\\"q\\\".py\" \"b/\\303\\251 \\\"q\\\".py\"\n--- \"a/\\303\\251 \\\"q\\\".py\"\n+++ \"b/\\303\\251 \\\"q\\\".py\"\n",
            "é \"q\".py",
        ),
        (
            "diff --git src/x.py src/x.py\n--- src/x.py\n+++ src/x.py\n",
            "src/x.py",
        ),
        ("diff --git i/x.py w/x.py\n--- i/x.py\n+++ w/x.py\n", "x.py"),
        (
            "diff --git old/x.py new/x.py\r\n--- old/x.py\r\n+++ new/x.py\r\n",
            "x.py",
        ),
    ] {
        check(&format!("{header}{body}"), &[(expected, "modified", "1")]);
    }
}

#[test]
fn files_come_go_and_change_their_names() {
    check(
        "diff --git a/new.py b/new.py\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/new.py\n@@ -0,0 +1,2 @@\n+a\n+b\n\
         diff --git a/empty.py b/empty.py\nnew file mode 100644\nindex 0..1\n\
         diff --git a/gone.py b/gone.py\ndeleted file mode 100644\nindex 1..0\n--- a/gone.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n\
         diff --git a/one two.py b/three.py\nsimilarity index 90%\nrename from one two.py\nrename to three.py\nindex 1..2 100644\n--- a/one two.py\t\n+++ b/three.py\n@@ -3 +3 @@\n-a\n+b\n\
         diff --git a/x.py b/y.py\nsimilarity index 100%\ncopy from x.py\ncopy to y.py\n\
         diff --git a/p.png b/p.png\nindex 1..2 100644\nBinary files a/p.png and b/p.png differ\n\
         diff --git a/z.py b/z.py\nindex 1..2 100644\nGIT binary patch\ndelta 1\nnew mode\n\n\
         diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n",
        &[
            ("new.py", "added", "1-2"),
            ("empty.py", "added", ""),
            ("gone.py", "deleted", ""),
            ("three.py", "renamed", "3"),
            ("y.py", "copied", ""),
            ("p.png", "modified", "1-4294967295"),
            ("z.py", "modified", "1-4294967295"),
            ("run.sh", "modified", ""),
        ],
    );
}

#[test]
fn links_have_no_lines() {
    check(
        "diff --git a/x.py b/x.py\nnew file mode 120000\nindex 0..1\n--- /dev/null\n+++ b/x.py\n@@ -0,0 +1 @@\n+target\n",
        &[("x.py", "added", "")],
    );
}

#[test]
fn a_file_that_becomes_a_link_is_deleted_and_added() {
    check(
        "diff --git a/x.py b/x.py\ndeleted file mode 100644\nindex 1..0\n--- a/x.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n\
         diff --git a/x.py b/x.py\nnew file mode 120000\nindex 0..1\n--- /dev/null\n+++ b/x.py\n@@ -0,0 +1 @@\n+target\n",
        &[("x.py", "deleted", ""), ("x.py", "added", "")],
    );
}

#[test]
fn plain_diffs_and_mails_are_patches_too() {
    check(
        "From 1234 Mon Sep 17 00:00:00 2001\nSubject: [PATCH] a\n\n--- a rule\n---\n x.py | 2 +-\n\n\
         diff -u old/x.py new/x.py\n--- old/x.py\t2026-01-01 00:00:00\n+++ new/x.py\t2026-01-02 00:00:00\n@@ -1 +1 @@\n-a\n+b\n-- \n2.47.3\n",
        &[("new/x.py", "modified", "1")],
    );
    let files = parse_patch(b"--- old/x.py\n+++ new/x.py\n@@ -1 +1 @@\n-a\n+b\n").unwrap();
    assert_eq!(
        files[0].candidates().collect::<Vec<_>>(),
        ["new/x.py", "x.py"]
    );
}

#[test]
fn what_looks_like_a_header_in_a_hunk_is_text() {
    check(
        "--- x.sql\n+++ x.sql\n@@ -1,2 +1,2 @@\n--- a comment\n-@@ -1 +1 @@\n+++ b\n+diff --git a/y b/y\n",
        &[("x.sql", "modified", "1-2")],
    );
}

#[test]
fn a_merge_wrote_what_no_parent_has() {
    check(
        "diff --cc x.py\nindex 1,2..3\n--- a/x.py\n+++ b/x.py\n@@@ -1,3 -1,4 +1,4 @@@\n  a\n- b\n -c\n++d\n+ e\n  f\n",
        &[("x.py", "modified", "2")],
    );
}

#[test]
fn blank_lines_that_a_mailer_cut_are_context() {
    check(
        "--- x.py\n+++ x.py\n@@ -1,3 +1,4 @@\n a\n\n+b\n\r\n",
        &[("x.py", "modified", "3")],
    );
}

#[test]
fn what_is_no_patch_is_said_with_its_line() {
    assert!(parse_patch(b" \n").unwrap().is_empty());
    assert_eq!(error("hello\n"), PatchError::NoDiff);
    let colored = "\u{1b}[1mdiff --git a/x b/x\u{1b}[m\n\u{1b}[1m--- a/x\u{1b}[m\n";
    assert_eq!(error(colored), PatchError::Colored);
    let names = "--- x\n+++ x\n";
    for (body, expected) in [
        ("@@ -1 +1 @@\n-a\n", PatchError::Truncated { line: 3 }),
        ("@@ -1 +1 @@\n-a\nb\n", PatchError::NotInHunk { line: 5 }),
        ("@@ -1 +1 @@\n-a\n-b\n", PatchError::NotInHunk { line: 5 }),
        ("@@ -1 1 @@\n", PatchError::HunkHeader { line: 3 }),
        ("@@ -1,+2 +1 @@\n", PatchError::HunkHeader { line: 3 }),
        (
            "@@ -1 +4294967295 @@\n-a\n+b\n",
            PatchError::NotInHunk { line: 5 },
        ),
    ] {
        assert_eq!(error(&format!("{names}{body}")), expected, "{body}");
    }
    let one = "@@ -1 +1 @@\n-a\n+b\n";
    assert_eq!(
        error(&format!("{names}@@ -9 +9 @@\n-a\n+b\n{one}")),
        PatchError::HunkOrder { line: 6 }
    );
    assert_eq!(
        error(&format!("{names}{one}@@ -2 +1,0 @@\n-c\n{one}")),
        PatchError::HunkOrder { line: 8 }
    );
    for (first, second, line) in [
        (names, names, 6),
        (names, "--- y\n+++ x\n", 6),
        (
            "diff --git a/x b/x\n",
            "diff --git a/x b/x\n--- a/x\n+++ b/x\n",
            5,
        ),
    ] {
        let path = "x".to_owned();
        assert_eq!(
            error(&format!("{first}{one}{second}{one}")),
            PatchError::FileTwice { line, path },
            "{first}{second}"
        );
    }
    assert_eq!(
        error("@@ -1 +1 @@\n"),
        PatchError::HunkWithoutFile { line: 1 }
    );
    assert_eq!(
        error("diff --git \"a/\\q\" b\n"),
        PatchError::Path { line: 1 }
    );
}

#[test]
fn a_submodule_has_commits() {
    let patch = "diff --git a/lib b/lib\nindex 1234567..89abcde 160000\n--- a/lib\n+++ b/lib\n@@ -1 +1 @@\n\
                 -Subproject commit 1234567\n+Subproject commit 89abcde-dirty\n";
    let files = parse_files(patch.as_bytes()).unwrap();
    let change = files[0].submodule().unwrap();
    assert_eq!(change.before.as_deref(), Some("1234567"));
    assert_eq!(change.after.as_deref(), Some("89abcde"));
    assert!(parse_patch(patch.as_bytes()).unwrap()[0].lines.is_empty());
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(0u8..=255, 0..200)) {
        let _ = parse_patch(&bytes);
    }

    #[test]
    fn no_words_make_the_reader_panic(words in proptest::collection::vec(
        proptest::sample::select(vec![
            "diff --git a/x b/x\n", "--- a/x\n", "+++ b/x\n", "@@ -1 +1 @@\n", "@@@ -1 -1 +1 @@@\n",
            "+a\n", "-a\n", " a\n", "\n", "rename to ", "\"", "GIT binary patch\n", "@@", "\\ No\n",
        ]), 0..30)) {
        let _ = parse_patch(words.concat().as_bytes());
    }
}
