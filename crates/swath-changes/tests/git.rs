//! What real git says of real repositories.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use swath_changes::{Blanks, ChangedFile, GitChanges, GitError, Repository};
use swath_model::SourceHash;
use swath_test::{GitRepository, temp_dir};

/// Enough text that git finds it again under another name.
fn module(name: &str) -> String {
    let line = |number: u32| format!("def {name}_{number}(value):\n    return value + {number}\n");
    (0..20).map(line).collect()
}

fn since(folder: &Path, revision: Option<&str>) -> GitChanges {
    let repository = Repository::find(folder).unwrap();
    let baseline = repository.merge_base(revision).unwrap();
    repository
        .changes_since(&baseline.commit, Blanks::Ignored)
        .unwrap()
}

/// `kind path lines`, sorted by path.
fn summary(changes: &GitChanges) -> Vec<String> {
    let one = |file: &ChangedFile| {
        let before = file.before.as_ref().map(|before| format!("{before} → "));
        format!(
            "{} {}{} {}",
            file.kind.name(),
            before.unwrap_or_default(),
            file.path,
            file.lines
        )
    };
    let mut all: Vec<String> = changes.files.iter().map(one).collect();
    all.sort();
    all
}

#[test]
fn text_that_only_has_another_name_or_other_blanks_is_not_changed() {
    let Some(repository) = GitRepository::new("text_that_only_has_another_name") else {
        return;
    };
    repository.write("a.py", module("a"));
    repository.write("b.py", module("b"));
    repository.write("c.py", module("c"));
    repository.commit();
    fs_err::rename(
        repository.folder().join("a.py"),
        repository.folder().join("moved.py"),
    )
    .unwrap();
    repository.write("b.py", module("b").replace("    ", "\t  ") + "new = 1\n");
    repository.write("c.py", module("c") + "x = 1\n");
    repository.write("copy.py", module("c") + "y = 2\nz = 3\n");
    repository.git(["add", "--all"]);
    assert_eq!(
        summary(&since(repository.folder(), Some("HEAD"))),
        [
            "copied c.py → copy.py 41-42",
            "modified b.py 41",
            "modified c.py 41",
            "renamed a.py → moved.py ",
        ]
    );
}

#[test]
fn unusual_names_and_unusual_files_are_read() {
    let Some(repository) = GitRepository::new("unusual_names_and_unusual_files_are_read") else {
        return;
    };
    let names = [
        "a b.py",
        "q\"uo\te.py",
        "é\\.py",
        "new\nline.py",
        " b/ a.py",
        "x => y.py",
    ];
    for name in names {
        repository.write(name, "x = 1\n");
    }
    repository.write("gone.py", "x = 1\n");
    repository.write("binary.bin", [0, 1, 2]);
    repository.write(".gitignore", "*.log\n");
    repository.commit();
    for name in names {
        repository.write(name, "x = 1\ny = 2\n");
    }
    fs_err::remove_file(repository.folder().join("gone.py")).unwrap();
    repository.write("binary.bin", [0, 1, 2, 3]);
    repository.write("untracked é.py", "x = 1\n");
    repository.write("ignored.log", "x = 1\n");
    repository.write("nested/.git", "gitdir: nowhere\n");
    let changes = since(repository.folder(), None);
    for name in names {
        let file = changes.files.iter().find(|file| file.path == name);
        assert_eq!(file.unwrap().lines.to_string(), "2", "{name}");
    }
    let all = summary(&changes);
    assert!(all.contains(&"deleted gone.py ".to_owned()), "{all:?}");
    assert!(
        all.contains(&"modified binary.bin 1-4294967295".to_owned()),
        "{all:?}"
    );
    assert!(
        all.contains(&"added untracked é.py 1-4294967295".to_owned()),
        "{all:?}"
    );
    assert!(!all.iter().any(|line| line.contains("ignored")), "{all:?}");
}

#[test]
fn a_new_link_has_no_lines_whether_git_tracks_it_or_not() {
    let name = "a_new_link_has_no_lines_whether_git_tracks_it_or_not";
    let Some(repository) = GitRepository::new(name) else {
        return;
    };
    repository.write("target.py", "x = 1\n");
    repository.commit();
    for link in ["tracked.py", "untracked.py"] {
        std::os::unix::fs::symlink("target.py", repository.folder().join(link)).unwrap();
    }
    repository.git(["add", "tracked.py"]);
    assert_eq!(
        summary(&since(repository.folder(), None)),
        ["added tracked.py ", "added untracked.py "]
    );
}

#[test]
fn a_source_that_git_calls_binary_has_lines() {
    let Some(repository) = GitRepository::new("a_source_that_git_calls_binary_has_lines") else {
        return;
    };
    repository.write(".gitattributes", "attribute.py binary\n");
    repository.write("attribute.py", "x = 1\n");
    repository.write("nul.py", "x = '\0'\n");
    repository.commit();
    repository.write("attribute.py", "x = 1\ny = 2\n");
    repository.write("nul.py", "x = '\0'\ny = '\0'\n");
    assert_eq!(
        summary(&since(repository.folder(), None)),
        ["modified attribute.py 2", "modified nul.py 2"]
    );
}

#[test]
fn a_history_with_a_hole_is_not_called_another_history() {
    let Some(repository) = GitRepository::new("a_history_with_a_hole") else {
        return;
    };
    repository.write("a.py", "a = 1\n");
    let hole = repository.commit();
    repository.write("a.py", "a = 2\n");
    let base = repository.commit();
    repository.git(["checkout", "-q", "-b", "feature"]);
    repository.write("a.py", "a = 3\n");
    repository.commit();
    repository.git(["checkout", "-q", "-b", "other", &base]);
    repository.write("a.py", "a = 4\n");
    repository.commit();
    let (folder, file) = hole.split_at(2);
    let object = repository.folder().join(".git/objects").join(folder);
    fs_err::remove_file(object.join(file)).unwrap();
    let found = Repository::find(repository.folder()).unwrap();
    let error = found.merge_base(Some("feature")).unwrap_err();
    assert!(
        matches!(
            error,
            GitError::Failed {
                verb: "merge-base",
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn nobodys_settings_change_the_answer() {
    let Some(repository) = GitRepository::new("nobodys_settings_change_the_answer") else {
        return;
    };
    repository.write("sub/a.py", module("a"));
    repository.write("é.py", "x = 1\n");
    repository.commit();
    repository.git(["mv", "sub/a.py", "sub/b.py"]);
    repository.write("sub/b.py", module("a") + "x = 1\n");
    repository.write("é.py", "y = 1\n");
    let expected = summary(&since(repository.folder(), None));
    assert_eq!(
        expected,
        ["modified é.py 1", "renamed sub/a.py → sub/b.py 41"]
    );
    for (name, value) in [
        ("diff.srcPrefix", "one/two/"),
        ("diff.dstPrefix", "three/"),
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.external", "false"),
        ("diff.renames", "false"),
        ("diff.context", "9"),
        ("diff.interHunkContext", "99"),
        ("diff.relative", "true"),
        ("diff.algorithm", "patience"),
        ("diff.submodule", "log"),
        ("diff.ignoreSubmodules", "all"),
        ("diff.wordRegex", "."),
        ("color.ui", "always"),
        ("color.diff", "always"),
        ("core.quotePath", "false"),
        ("core.pager", "false"),
        ("diff.colorMoved", "zebra"),
        ("diff.orderFile", "/nowhere"),
    ] {
        repository.git(["config", name, value]);
        let below = repository.folder().join("sub");
        assert_eq!(summary(&since(&below, None)), expected, "{name}");
    }
}

#[test]
fn a_branch_is_compared_with_where_it_began() {
    let Some(repository) = GitRepository::new("a_branch_is_compared_with_where_it_began") else {
        return;
    };
    repository.write("a.py", "a = 1\n");
    let base = repository.commit();
    repository.git(["checkout", "-q", "-b", "feature"]);
    repository.write("a.py", "a = 1\nb = 2\n");
    repository.commit();
    repository.git(["checkout", "-q", "main"]);
    repository.write("other.py", "c = 3\n");
    let tip = repository.commit();
    repository.git(["checkout", "-q", "feature"]);
    let found = Repository::find(repository.folder()).unwrap();
    for revision in [None, Some("main"), Some(tip.as_str())] {
        let baseline = found.merge_base(revision).unwrap();
        assert_eq!(baseline.commit, base);
        assert!(baseline.is_merge_base);
        assert_eq!(baseline.revision, revision.unwrap_or("main"));
        let changes = found
            .changes_since(&baseline.commit, Blanks::Ignored)
            .unwrap();
        assert_eq!(summary(&changes), ["modified a.py 2"]);
    }
    let itself = found.merge_base(Some(&base)).unwrap();
    assert!(!itself.is_merge_base);
    // A merge of the branch that is compared with brings nothing of it.
    repository.git(["merge", "-q", "main"]);
    let changes = since(repository.folder(), Some("main"));
    assert_eq!(summary(&changes), ["modified a.py 2"]);
    // The remote's default branch comes first.
    repository.git(["update-ref", "refs/remotes/origin/dev", &base]);
    repository.git([
        "symbolic-ref",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/dev",
    ]);
    let found = found.merge_base(None).unwrap();
    assert_eq!(found.revision, "origin/dev");
}

#[test]
fn conflicts_and_other_work_trees_are_read() {
    let Some(repository) = GitRepository::new("conflicts_and_other_work_trees_are_read") else {
        return;
    };
    repository.write("a.py", "a = 1\n");
    let base = repository.commit();
    repository.git(["checkout", "-q", "-b", "feature"]);
    repository.write("a.py", "a = 2\n");
    repository.commit();
    let beside = temp_dir();
    let tree = beside.path().join("work tree");
    repository.git(["worktree", "add", "-q", tree.to_str().unwrap(), "main"]);
    let other = GitRepository::at(&tree);
    other.write("b.py", "b = 1\n");
    assert_eq!(
        summary(&since(&tree, Some(&base))),
        ["added b.py 1-4294967295"]
    );
    other.write("a.py", "a = 3\n");
    other.commit();
    let merge = other.command("git").args(["merge", "feature"]).output();
    assert!(!merge.unwrap().status.success());
    let changes = since(&tree, Some(&base));
    assert!(
        summary(&changes).contains(&"modified a.py 1-5".to_owned()),
        "{changes:?}"
    );
}

#[test]
fn submodules_are_followed_into_their_files() {
    let test = "submodules_are_followed_into_their_files";
    let (Some(library), Some(repository)) = (GitRepository::new(test), GitRepository::new(test))
    else {
        return;
    };
    library.write("lib.py", "a = 1\n");
    library.commit();
    repository.write("app.py", "x = 1\n");
    let before = repository.commit();
    let url = library.folder().to_str().unwrap();
    repository.git(["submodule", "--quiet", "add", url, "sub dir"]);
    let with = repository.commit();
    let of_new = since(repository.folder(), Some(&before));
    assert!(
        summary(&of_new).contains(&"added sub dir/lib.py 1".to_owned()),
        "{of_new:?}"
    );
    let inner = GitRepository::at(&repository.folder().join("sub dir"));
    inner.write("lib.py", "a = 1\nb = 2\n");
    let dirty = since(repository.folder(), Some(&with));
    assert_eq!(summary(&dirty), ["modified sub dir/lib.py 2"]);
    inner.commit();
    repository.commit();
    let moved = since(repository.folder(), Some(&with));
    assert_eq!(summary(&moved), ["modified sub dir/lib.py 2"]);
    repository.git(["submodule", "--quiet", "deinit", "--force", "sub dir"]);
    let gone = since(repository.folder(), Some(&with));
    assert_eq!(gone.gaps[0].path, "sub dir");
    assert_eq!(
        gone.gaps[0].reason,
        "submodule `sub dir` is not checked out"
    );
}

#[test]
fn what_a_shallow_clone_lacks_is_named() {
    let Some(repository) = GitRepository::new("what_a_shallow_clone_lacks_is_named") else {
        return;
    };
    repository.write("a.py", "a = 1\n");
    let first = repository.commit();
    repository.git(["branch", "old"]);
    repository.write("a.py", "a = 2\n");
    repository.commit();
    let beside = temp_dir();
    let url = format!("file://{}", repository.folder().display());
    let clone = beside.path().join("clone");
    let target = clone.to_str().unwrap();
    repository.git([
        "clone",
        "-q",
        "--depth=1",
        "--no-single-branch",
        &url,
        target,
    ]);
    let shallow = Repository::find(&clone).unwrap();
    let unknown = shallow.merge_base(Some(&format!("{first}~9"))).unwrap_err();
    assert!(
        matches!(unknown, GitError::UnknownRevision { .. }),
        "{unknown}"
    );
    assert!(unknown.message().hint.unwrap().contains("--unshallow"));
    let parted = shallow.merge_base(Some("origin/old")).unwrap_err();
    assert!(matches!(parted, GitError::NoMergeBase { .. }), "{parted}");
    assert!(parted.message().hint.unwrap().contains("--unshallow"));
    GitRepository::at(&clone).git(["fetch", "-q", "--unshallow"]);
    assert_eq!(
        summary(&since(&clone, Some("origin/old"))),
        ["modified a.py 1"]
    );
}

#[test]
fn what_cannot_be_asked_is_said() {
    let folder = temp_dir();
    let outside = Repository::find(folder.path()).unwrap_err();
    assert_eq!(outside.message().code, "not-a-repository");
    let Some(repository) = GitRepository::new("what_cannot_be_asked_is_said") else {
        return;
    };
    let found = Repository::find(repository.folder()).unwrap();
    for revision in [None, Some("HEAD"), Some("main")] {
        let error = found.merge_base(revision).unwrap_err();
        assert!(matches!(error, GitError::NoCommit), "{error}");
    }
    repository.write("a.py", "a = 1\n");
    repository.commit();
    repository.git(["branch", "-q", "-m", "work"]);
    assert!(matches!(
        found.merge_base(None).unwrap_err(),
        GitError::NoDefaultBranch
    ));
    repository.git(["branch", "-q", "-m", "main"]);
    for revision in ["nope", "--output=x", "-", "", "HEAD:a.py", "a\nb"] {
        let error = found.merge_base(Some(revision)).unwrap_err();
        assert_eq!(error.message().code, "unknown-revision", "{revision}");
    }
    repository.git(["checkout", "-q", "--orphan", "other"]);
    repository.git(["commit", "-q", "--allow-empty", "-m", "x"]);
    let error = found.merge_base(Some("main")).unwrap_err();
    assert_eq!(error.message().code, "no-merge-base");
    let bare = folder.path().join("bare.git");
    repository.git(["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let error = Repository::find(&bare).unwrap_err();
    assert!(matches!(error, GitError::NoWorkTree { .. }), "{error}");
}

#[test]
fn texts_are_found_by_what_they_hold() {
    let name = "texts_are_found_by_what_they_hold";
    for repository in [GitRepository::new(name), GitRepository::with_sha256(name)] {
        repository.as_ref().inspect(|one| texts_are_found_in(one));
    }
}

fn texts_are_found_in(repository: &GitRepository) {
    let texts: [&[u8]; 3] = [b"a = 1\n", b"", b"b\n\nc"];
    for text in texts {
        repository.write("a.py", text);
        repository.commit();
    }
    let mut hashes: Vec<SourceHash> = texts.iter().map(|text| SourceHash::of(text)).collect();
    hashes.insert(1, SourceHash::of(b"never committed"));
    let found = Repository::find(repository.folder()).unwrap();
    let expected = [Some(texts[0]), None, Some(texts[1]), Some(texts[2])];
    let found = found.texts(&hashes).unwrap();
    assert!(found.iter().map(Option::as_deref).eq(expected), "{found:?}");
}
