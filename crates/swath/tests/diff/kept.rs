//! `swath history`: what runs reached is kept, shown, joined, and held against.

use serde_json::Value;

use crate::project::Project;

const SHOP: &str = "\
def total(items):
    if not items:
        return 0
    return sum(items)


def refund(items):
    return -total(items)
";

/// Runs on `main` and on a branch: 4 of 6 lines, 5, and 4 again.
fn project(test: &str) -> Option<Project> {
    let project = Project::new(test, &[])?;
    let repository = &project.repository;
    repository.write(".gitignore", ".coverage\n.swath-history\npages/\n");
    repository.write("shop/cart.py", SHOP);
    repository.write("shop/__init__.py", "");
    repository.write("test_shop.py", "import shop.cart\nshop.cart.total([1])\n");
    repository.commit();
    add(&project);
    repository.write("test_shop.py", "import shop.cart\nshop.cart.refund([1])\n");
    repository.commit();
    add(&project);
    repository.git(["checkout", "-q", "-b", "cheaper"]);
    repository.write("test_shop.py", "import shop.cart\nshop.cart.total([2])\n");
    repository.commit();
    add(&project);
    Some(project)
}

fn add(project: &Project) {
    project.measure_with_swath(&["--source=shop", "test_shop.py"]);
    succeed(project, &["history", "add"]);
}

fn succeed(project: &Project, words: &[&str]) -> String {
    let done = project.swath(words);
    assert_eq!(done.code, 0, "{done:?}");
    done.stdout
}

fn entries(project: &Project, words: &[&str]) -> Vec<Value> {
    let words = [&["history", "show", "--format=json"], words].concat();
    let json: Value = serde_json::from_str(&succeed(project, &words)).unwrap();
    json["entries"].as_array().unwrap().clone()
}

#[test]
fn runs_are_kept_with_commit_branch_and_folders() {
    let Some(project) = project("runs_are_kept_with_commit_branch_and_folders") else {
        return;
    };
    let all = entries(&project, &[]);
    let told: Vec<_> = all
        .iter()
        .map(|entry| {
            let missing = &entry["folders"]["shop"]["missing"];
            (entry["branch"].as_str().unwrap(), missing.as_u64().unwrap())
        })
        .collect();
    assert_eq!(told, [("main", 2), ("main", 1), ("cheaper", 2)]);
    let head = project.repository.git(["rev-parse", "HEAD"]);
    assert_eq!(all[2]["commit"].as_str().unwrap(), head.trim());
    assert_eq!(all[2]["verdict"], "Complete");
    assert_eq!(all[2]["totals"]["statements"], 6);
    // The same data once more is nothing new.
    succeed(&project, &["history", "add"]);
    assert_eq!(entries(&project, &[]).len(), 3);
    let text = succeed(&project, &["history", "show", "--precision=1", "--folders"]);
    let first = text.lines().next().unwrap();
    assert!(
        first.starts_with("66.7% covered, −16.7 points since main ("),
        "{text}"
    );
    assert!(text.contains("shop     66.7%    −16.7     4/6\n"), "{text}");
    let main = succeed(&project, &["history", "show", "--branch=main", "--limit=1"]);
    assert!(
        main.starts_with("83% covered, +16.7 points since main ("),
        "{main}"
    );
    assert_eq!(main.lines().count(), 5, "{main}");
    let page = reference_page();
    for key in all[0].as_object().unwrap().keys() {
        assert!(page.contains(&format!("`{key}`")), "undocumented: {key}");
    }
    for key in all[0]["totals"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("`{key}`")), "undocumented: {key}");
    }
}

fn reference_page() -> String {
    let page = swath_test::workspace_root().join("docs/reference/history-json.md");
    fs_err::read_to_string(page).unwrap()
}

#[test]
fn a_page_has_a_line_for_each_folder() {
    let Some(project) = project("a_page_has_a_line_for_each_folder") else {
        return;
    };
    succeed(&project, &["history", "show", "--html=pages"]);
    let page = project.folder().join("pages/index.html");
    let page = fs_err::read_to_string(page).unwrap();
    assert_eq!(page.matches("<polyline").count(), 2, "{page}");
    assert!(page.contains("<code>shop</code>"), "{page}");
    assert!(
        !page.contains("<script") && !page.contains("style="),
        "{page}"
    );
}

#[test]
fn histories_are_joined_and_pruned() {
    let Some(project) = project("histories_are_joined_and_pruned") else {
        return;
    };
    let store = "--store=other";
    succeed(&project, &["history", "add", store, "--branch=release"]);
    succeed(&project, &["history", "merge", store, ".swath-history"]);
    assert_eq!(entries(&project, &[store]).len(), 4);
    succeed(&project, &["history", "prune", store, "--keep=1"]);
    let all = entries(&project, &[store]);
    let mut left: Vec<_> = all
        .iter()
        .map(|entry| entry["branch"].as_str().unwrap())
        .collect();
    left.sort_unstable();
    assert_eq!(left, ["cheaper", "main", "release"]);
    succeed(&project, &["history", "prune", store, "--older-than=1"]);
    assert_eq!(entries(&project, &[store]).len(), 3);
    let no_rule = project.swath(&["history", "prune", store]);
    assert_eq!(no_rule.code, 125, "{no_rule:?}");
}

#[test]
fn a_total_is_held_against_the_last_run_of_a_branch() {
    let Some(project) = project("a_total_is_held_against_the_last_run_of_a_branch") else {
        return;
    };
    let held = project.swath(&["report", "--gate=not-below=main"]);
    assert_eq!(held.code, 2, "{held:?}");
    let expected = "error[below-minimum]: total: 66.7% covered, 83.3% in the last run of `main`: 16.7 points less\n";
    assert!(held.stderr.contains(expected), "{held:?}");
    let own = project.swath(&["report", "--gate=not-below=cheaper"]);
    assert_eq!((own.code, own.stderr.contains('[')), (0, false), "{own:?}");
    let nobody = project.swath(&["report", "--gate=not-below=nobody"]);
    assert_eq!(nobody.code, 0, "{nobody:?}");
    let warning = "warning[no-history]: the total is held against nothing: ";
    assert!(nobody.stderr.contains(warning), "{nobody:?}");
    let gates = "[gates]\nnot-below = \"main\"\ntolerance = 16.66\n";
    project.repository.write("swath.toml", gates);
    let file = project.swath(&["report"]);
    assert!(
        file.stderr
            .contains("16.67 points less, 16.66 would pass\n"),
        "{file:?}"
    );
    project
        .repository
        .write("swath.toml", gates.replace("16.66", "16.67"));
    assert_eq!(project.swath(&["report"]).code, 0);
    // As a run sees it: what has less is seen before anything is kept.
    project
        .repository
        .write("swath.toml", "[gates]\nnot-below = \"main\"\n");
    let run = project.swath(&["run", "--source=shop", "--", "python", "test_shop.py"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("in the last run of `main`"), "{run:?}");
}

#[test]
fn the_comment_says_how_the_total_changed() {
    let Some(project) = project("the_comment_says_how_the_total_changed") else {
        return;
    };
    let done = project.swath(&["report", "--format=markdown", "--since=main"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.stdout.contains("\n−16.7 points since main \\("),
        "{done:?}"
    );
}

#[test]
fn a_history_that_is_none_is_named() {
    let Some(project) = Project::new("a_history_that_is_none_is_named", &[]) else {
        return;
    };
    let missing = project.swath(&["history", "show"]);
    assert_eq!(missing.code, 1, "{missing:?}");
    assert!(
        missing
            .stderr
            .starts_with("error[no-history]: there is no history `")
    );
    project
        .repository
        .write("text", "no database\n".repeat(100));
    let text = project.swath(&["history", "show", "--store=text"]);
    assert!(
        text.stderr
            .starts_with("error[no-history]: `text` cannot be used: "),
        "{text:?}"
    );
    let data = project.swath(&["history", "add"]);
    assert!(data.stderr.starts_with("error[no-data]"), "{data:?}");
    assert!(!project.folder().join(".swath-history").exists());
}
