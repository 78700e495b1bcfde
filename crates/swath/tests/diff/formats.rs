//! Each format, as its readers take it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;
use swath_test::{Finished, finish};

use crate::project::Project;

const BEFORE: &str = "\
class Cart:
    def __init__(self):
        self.items = []

    def add(self, name, price, count=1):
        self.items.append((name, price, count))

    def total(self):
        return sum(price * count for _, price, count in self.items)
";

/// Lines 6 to 9 and 13 to 14 are new, and neither condition was ever true.
const AFTER: &str = "\
class Cart:
    def __init__(self):
        self.items = []

    def add(self, name, price, count=1):
        if count < 1:
            raise ValueError(
                f\"{count}, is: 100% no count\",
            )
        self.items.append((name, price, count))

    def total(self):
        if not self.items:
            return 0
        return sum(price * count for _, price, count in self.items)
";

const TEST: &str = "\
from shop import Cart
cart = Cart()
cart.add('pen', 2)
assert cart.total() == 2
";

fn project(test: &str) -> Option<Project> {
    let project = Project::new(test, &[])?;
    project.repository.write(".gitignore", ".coverage\n");
    project.repository.write("shop.py", BEFORE);
    project.repository.write("test_shop.py", TEST);
    project.repository.commit();
    project.repository.git(["checkout", "-q", "-b", "feature"]);
    project.repository.write("shop.py", AFTER);
    project.repository.write("setup.py", "x = 1\n");
    project.repository.commit();
    project.measure(&["--branch", "--include=shop.py", "test_shop.py"]);
    Some(project)
}

fn json(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"))
}

#[test]
fn text_names_the_comparison_the_lines_and_what_is_left_out() {
    let Some(project) = project("text_names_the_comparison_the_lines_and_what_is_left_out") else {
        return;
    };
    let base = project.repository.git(["rev-parse", "main"]);
    let done = project.swath(&["diff"]);
    assert_eq!(done.code, 0, "{done:?}");
    let expected = format!(
        "Changes since main ({})\n\n\
         Name      Stmts   Miss Branch BrPart  Cover   Missing\n\
         -----------------------------------------------------\n\
         shop.py       4      2      4      2    50%   7, 14\n\
         -----------------------------------------------------\n\
         TOTAL         4      2      4      2    50%\n\n\
         setup.py: not in the data\n\n\
         Unknown: this data was not recorded by swath\n",
        &base[..10]
    );
    assert_eq!(done.stdout, expected);
}

#[test]
fn the_gate_says_by_how_much_it_is_missed() {
    let Some(project) = project("the_gate_says_by_how_much_it_is_missed") else {
        return;
    };
    let below = project.swath(&["diff", "--fail-under=80"]);
    assert_eq!(below.code, 2, "{below:?}");
    assert_eq!(
        below.stderr,
        "error[below-minimum]: changed lines: 50% covered, 80% is the minimum: 3 lines or branches short\n"
    );
    assert_eq!(project.swath(&["diff", "--fail-under=50"]).code, 0);
    let bad = project.swath(&["diff", "--fail-under=101"]);
    assert_eq!(bad.code, 125, "{bad:?}");
    assert!(bad.stderr.contains("error[bad-gate]"), "{bad:?}");
}

#[test]
fn json_holds_the_same_numbers() {
    let Some(project) = project("json_holds_the_same_numbers") else {
        return;
    };
    let done = project.swath(&["diff", "--format=json"]);
    let report = json(&done);
    assert_eq!(report["format"], 1);
    assert_eq!(report["comparison"]["revision"], "main");
    let file = &report["files"][0];
    assert_eq!(file["path"], "shop.py");
    assert_eq!(file["changed_lines"], serde_json::json!([6, 7, 13, 14]));
    assert_eq!(file["missing_lines"], serde_json::json!([7, 14]));
    assert_eq!(
        file["missing_branches"],
        serde_json::json!([[6, 7], [13, 14]])
    );
    assert_eq!(file["untested"][0]["last"], 9);
    assert_eq!(report["totals"]["percent_covered"], 50.0);
    assert_eq!(report["left_out"][0]["reason"], "not-measured");
    assert_eq!(report["verdict"]["completeness"], "Unknown");
    let page = swath_test::workspace_root().join("docs/reference/changes-json.md");
    let page = fs_err::read_to_string(page).unwrap();
    let mut keys = BTreeSet::new();
    collect_keys(&report, &mut keys);
    for key in keys {
        assert!(page.contains(&format!("`{key}`")), "undocumented: {key}");
    }
}

pub(crate) fn collect_keys(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                keys.insert(key.clone());
                collect_keys(value, keys);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_keys(item, keys)),
        _ => {}
    }
}

#[test]
fn annotations_are_commands_of_a_workflow() {
    let Some(project) = project("annotations_are_commands_of_a_workflow") else {
        return;
    };
    let done = project.swath(&["diff", "--format=github"]);
    assert_eq!(
        done.stdout,
        "::warning file=shop.py,line=7,endLine=9,title=Changed and not tested::lines 7 to 9 did not run\n\
         ::warning file=shop.py,line=14,endLine=14,title=Changed and not tested::line 14 did not run\n"
    );
    assert!(
        done.stderr
            .starts_with("setup.py: not in the data\nUnknown: "),
        "{done:?}"
    );
}

#[test]
fn code_quality_issues_keep_their_identity() {
    let Some(project) = project("code_quality_issues_keep_their_identity") else {
        return;
    };
    let issues = |done: &Finished| -> Vec<(String, u64)> {
        let issues = json(done);
        let issue = |issue: &Value| {
            assert!(["info", "minor", "major"].contains(&issue["severity"].as_str().unwrap()));
            assert_eq!(issue["location"]["path"], "shop.py");
            assert!(issue["description"].is_string() && issue["check_name"].is_string());
            (
                issue["fingerprint"].as_str().unwrap().to_owned(),
                issue["location"]["lines"]["begin"].as_u64().unwrap(),
            )
        };
        issues.as_array().unwrap().iter().map(issue).collect()
    };
    let before = issues(&project.swath(&["diff", "--format=gitlab"]));
    project
        .repository
        .write("shop.py", format!("import os\n\n{AFTER}"));
    project.measure(&["--branch", "--include=shop.py", "test_shop.py"]);
    let after = issues(&project.swath(&["diff", "--format=gitlab"]));
    let ids = |issues: &[(String, u64)]| -> BTreeSet<String> {
        issues.iter().map(|issue| issue.0.clone()).collect()
    };
    assert_eq!((before.len(), ids(&before).len()), (2, 2));
    assert_eq!(ids(&before), ids(&after));
    assert_eq!((before[0].1, after[0].1), (7, 9));
}

#[test]
fn markdown_shows_the_lines_and_fits_into_a_comment() {
    let Some(project) = project("markdown_shows_the_lines_and_fits_into_a_comment") else {
        return;
    };
    let done = project.swath(&["diff", "--format=markdown"]);
    for part in [
        "**50%** of what changed is covered: 2 of 4 changed lines and 2 of 4 branches.",
        "| shop.py   |",
        "- setup.py\\: not in the data",
        "- lines 7 to 9 did not run",
        "-    7             raise ValueError(\n-    8                 f\"{count}, is: 100% no count\",\n-    9             )\n    10 ",
        "\n</details>\n\n**Unknown**: this data was not recorded by swath\n",
    ] {
        assert!(done.stdout.contains(part), "{part}\n{}", done.stdout);
    }
    // A forge that runs this shows the sources.
    let head = project.repository.git(["rev-parse", "HEAD"]);
    let blob = format!("blob/{}", head.trim());
    for (variables, place) in [
        (
            &[
                ("GITHUB_SERVER_URL", "https://forge"),
                ("GITHUB_REPOSITORY", "a/b"),
            ][..],
            format!("https://forge/a/b/{blob}/shop.py#L7-L9"),
        ),
        (
            &[("CI_PROJECT_URL", "https://lab/a/b")],
            format!("https://lab/a/b/-/{blob}/shop.py#L7-9"),
        ),
    ] {
        let mut command = project.swath_command(&["diff", "--format=markdown"]);
        command.envs(variables.iter().copied());
        let done = finish(command);
        let part = format!("- [lines 7 to 9]({place}) did not run");
        assert!(done.stdout.contains(&part), "{part}\n{}", done.stdout);
    }
    // A change larger than any comment.
    let long = |number: usize| format!("def f_{number}():\n    return '{}'\n", "`é`".repeat(80));
    for file in 0..60 {
        let text: String = (0..30).map(long).collect();
        let name = format!("a_package_with_a_long_name/a_module_with_a_long_name_{file}.py");
        project.repository.write(&name, text);
    }
    project
        .repository
        .write("a_package_with_a_long_name/__init__.py", "");
    project.repository.commit();
    project.measure(&["--branch", "--source=.", "test_shop.py"]);
    let done = project.swath(&["diff", "--format=markdown"]);
    assert!(done.stdout.len() <= 65_536, "{}", done.stdout.len());
    assert!(done.stdout.len() > 40_000, "{}", done.stdout.len());
    assert!(done.stdout.contains(" more places are not shown."));
    assert!(done.stdout.contains("**TOTAL**"));
    assert!(
        done.stdout
            .ends_with("**Unknown**: this data was not recorded by swath\n")
    );
}

#[test]
fn a_page_lists_what_is_left_to_test() {
    let Some(project) = project("a_page_lists_what_is_left_to_test") else {
        return;
    };
    project.repository.write("fine.py", "x = 1\n");
    project
        .repository
        .write("test_fine.py", format!("import fine\n{TEST}"));
    project.repository.commit();
    project.measure(&["--branch", "--include=shop.py,fine.py", "test_fine.py"]);
    let done = project.swath(&["diff", "--html", "pages", "--output", "changes.txt"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.stdout, "");
    let read = |name: &str| fs_err::read_to_string(project.folder().join(name)).unwrap();
    assert!(read("changes.txt").contains("TOTAL"));
    let page = read("pages/index.html");
    for part in [
        "<a href=#F1>shop.py</a>: 2 lines missed, 2 branches partial",
        "<tr id=F1L7 class=\"m c\"><th scope=row><ins>+</ins>",
        "<tr id=F1L10 class=\"r\"><th scope=row><a href=#F1L10>10</a><td>✓ run<td>",
        "lines 7 to 9 did not run",
        "Unknown: this data was not recorded by swath",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(!page.contains(">fine.py<"), "{page}");
    assert!(
        !page.contains("<script") && !page.contains("style="),
        "{page}"
    );
    assert!(read("pages/changes.css").contains(".changes"));
}

#[test]
fn source_pages_mark_what_changed() {
    let Some(project) = project("source_pages_mark_what_changed") else {
        return;
    };
    let done = project.swath(&["html", "--since=main", "-d", "pages"]);
    assert_eq!(done.code, 0, "{done:?}");
    let pages = fs_err::read_dir(project.folder().join("pages/f")).unwrap();
    let page = pages.map(|entry| entry.unwrap().path()).next().unwrap();
    let page = fs_err::read_to_string(page).unwrap();
    for part in [
        "<tr id=L3 class=r><th><a href=#L3>3</a><td>✓ run<td>",
        "<tr id=L6 class=\"p c\"><th><ins>+</ins><a href=#L6>6</a><td>◐ partial<td>",
        "<tr id=L8 class=\"m c\"><th><ins>+</ins><a href=#L8>8</a><td>✗ missed<td>",
        "<link rel=stylesheet href=\"../changes.css\">",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    let done = project.swath(&["html", "--since=nope", "-d", "other"]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.stderr.contains("error[unknown-revision]"), "{done:?}");
    assert!(!project.folder().join("other").exists());
}

#[test]
fn a_patch_says_the_same_as_git() {
    let Some(project) = project("a_patch_says_the_same_as_git") else {
        return;
    };
    let lines = |done: &Finished| {
        let table = done.stdout.lines().find(|line| line.starts_with("shop.py"));
        table.unwrap_or_else(|| panic!("{done:?}")).to_owned()
    };
    let expected = lines(&project.swath(&["diff"]));
    for options in [
        &["diff", "main"][..],
        &["diff", "--no-prefix", "main"],
        &["diff", "-U0", "main"],
        &["format-patch", "--stdout", "main"],
        &["diff", "--src-prefix=old/", "--dst-prefix=new/", "main"],
    ] {
        let patch = project.repository.git(options);
        project.repository.write("change.patch", &patch);
        let done = project.swath(&["diff", "--patch", "change.patch"]);
        assert_eq!(lines(&done), expected, "{options:?}");
        assert!(
            done.stdout
                .starts_with("Changes in the patch change.patch\n")
        );
        let mut command = project.swath_command(&["diff", "--patch=-"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(patch.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains(&expected), "{text}");
    }
    let plain = project
        .command("diff")
        .args(["-u", "-L", "x/old/shop.py", "-L", "x/new/shop.py"])
        .arg("/dev/stdin")
        .arg("shop.py")
        .stdin(
            fs_err::File::open({
                let old = project.folder().join("old.txt");
                fs_err::write(&old, BEFORE).unwrap();
                old
            })
            .unwrap()
            .into_parts()
            .0,
        )
        .output()
        .unwrap();
    project.repository.write("plain.patch", &plain.stdout);
    let done = project.swath(&["diff", "--patch", "plain.patch"]);
    assert_eq!(lines(&done), expected);
}

#[test]
fn names_and_sources_steer_nothing() {
    const NAME: &str = "a\u{1b}[31m<script>,:%\n::error::x|`\u{202e}.py";
    let Some(project) = Project::new("names_and_sources_steer_nothing", &[]) else {
        return;
    };
    project.repository.write("README", "");
    project.repository.commit();
    project.repository.write(
        NAME,
        "def f():\n    return '</td><script>```\u{1b}[2J\u{202e}::error::y'\n",
    );
    let mut run = project.command("coverage");
    run.args(["run", "--branch", "--source=."]).arg(NAME);
    assert_eq!(finish(run).code, 0);
    for format in ["text", "markdown", "json", "github", "gitlab"] {
        let format = format!("--format={format}");
        let done = project.swath(&["diff", &format, "--html=pages"]);
        assert_eq!(done.code, 0, "{format} {done:?}");
        let all = done.stdout + &done.stderr;
        assert!(!all.contains(['\u{1b}', '\u{202e}']), "{format} {all}");
        let begins = |line: &&str| line.starts_with("::error");
        assert_eq!(all.lines().find(begins), None, "{format} {all}");
    }
    let markdown = project.swath(&["diff", "--format=markdown"]).stdout;
    assert!(markdown.contains("| a\\?\\[31m\\<script\\>"), "{markdown}");
    assert!(markdown.contains("````diff\n"), "{markdown}");
    let annotations = project.swath(&["diff", "--format=github"]).stdout;
    assert!(
        annotations.starts_with(
            "::warning file=a?[31m<script>%2C%3A%25%0A%3A%3Aerror%3A%3Ax|`?.py,line=2,"
        ),
        "{annotations}"
    );
    let page = fs_err::read_to_string(project.folder().join("pages/index.html")).unwrap();
    assert!(
        !page.contains("<script") && !page.contains(['\u{1b}', '\u{202e}']),
        "{page}"
    );
    assert!(page.contains("&lt;script"), "{page}");
}
