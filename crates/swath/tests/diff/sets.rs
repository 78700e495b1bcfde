//! `swath compare`: two data files side by side.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::project::Project;

const SHOP: &str = "\
def total(items):
    if not items:
        return 0
    return sum(items)


def refund(items):
    return -total(items)


def unused():
    return 1
";

/// What a system test and a unit test of the same program recorded.
fn project(test: &str) -> Option<Project> {
    let project = Project::new(test, &[])?;
    project.repository.write("shop.py", SHOP);
    project.repository.write("extra.py", "x = 1\n");
    project
        .repository
        .write("unit.py", "import shop\nshop.total([])\n");
    project
        .repository
        .write("system.py", "import shop, extra\nshop.refund([1])\n");
    for name in ["unit", "system"] {
        let data = format!("--data-file={name}.data");
        let program = format!("{name}.py");
        project.measure(&["--branch", "--include=shop.py,extra.py", &data, &program]);
    }
    Some(project)
}

const NAMED: [&str; 5] = [
    "compare",
    "--name",
    "system=system.data",
    "--name",
    "unit=unit.data",
];

#[test]
fn each_line_branch_and_function_is_in_one_set() {
    let Some(project) = project("each_line_branch_and_function_is_in_one_set") else {
        return;
    };
    let done = project.swath(&[&NAMED[..], &["--show=system"]].concat());
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(
        done.stdout,
        "Name        All   Both   Only system   Only unit   Neither   Lines only system reached\n\
         --------------------------------------------------------------------------------------\n\
         extra.py      1      0             1           0         0   1\n\
         shop.py       8      4             2           1         1   4, 8\n\
         --------------------------------------------------------------------------------------\n\
         Lines         9      4             3           1         1\n\
         Branches      2      0             1           1         0\n\
         Functions     3      1             1           0         1\n"
    );
    let markdown = project.swath(&["compare", "--format=markdown", "system.data", "unit.data"]);
    assert!(
        markdown.stdout.starts_with(
            "| Name | All | Both | Only system.data | Only unit.data | Neither |\n| --- | ---: |"
        ),
        "{markdown:?}"
    );
    assert!(
        markdown
            .stdout
            .contains("| **Functions** | **3** | **1** | **1** | **0** | **1** |")
    );
}

#[test]
fn json_names_what_is_in_the_sets() {
    let Some(project) = project("json_names_what_is_in_the_sets") else {
        return;
    };
    let done = project.swath(&[&NAMED[..], &["--format=json"]].concat());
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(report["names"], serde_json::json!(["system", "unit"]));
    let shop = &report["files"][1];
    assert_eq!(
        shop["functions"]["only_first"],
        serde_json::json!(["refund"])
    );
    assert_eq!(shop["functions"]["neither"], serde_json::json!(["unused"]));
    assert_eq!(shop["lines"]["only_second"], serde_json::json!([3]));
    assert_eq!(shop["branches"]["only_first"], serde_json::json!([[2, 4]]));
    let page = swath_test::workspace_root().join("docs/reference/sets-json.md");
    let page = fs_err::read_to_string(page).unwrap();
    let mut keys = BTreeSet::new();
    crate::formats::collect_keys(&report, &mut keys);
    for key in keys {
        assert!(page.contains(&format!("`{key}`")), "undocumented: {key}");
    }
}

#[test]
fn sets_agree_with_combined_data() {
    let Some(project) = project("sets_agree_with_combined_data") else {
        return;
    };
    let done = project.swath(&[&NAMED[..], &["--format=json"]].concat());
    let sets: Value = serde_json::from_str(&done.stdout).unwrap();
    let combined = project.swath(&["combine", "--keep", "unit.data", "system.data"]);
    assert_eq!(combined.code, 0, "{combined:?}");
    let json = project.swath(&["json", "-q", "-o", "-"]);
    let report: Value = serde_json::from_str(&json.stdout).unwrap();
    let lines = &sets["totals"]["lines"];
    let reached: u64 = ["both", "only_first", "only_second"]
        .iter()
        .map(|key| lines[key].as_u64().unwrap())
        .sum();
    assert_eq!(reached, report["totals"]["covered_lines"]);
    assert_eq!(lines["neither"], report["totals"]["missing_lines"]);
    let branches = &sets["totals"]["branches"];
    assert_eq!(branches["neither"], report["totals"]["missing_branches"]);
}

#[test]
fn a_file_of_which_one_ran_another_text_is_not_compared() {
    let Some(project) = project("a_file_of_which_one_ran_another_text_is_not_compared") else {
        return;
    };
    let files = "--include=shop.py,extra.py";
    project.measure_with_swath(&[files, "--data-file=system.data", "system.py"]);
    project
        .repository
        .write("shop.py", format!("# New.\n{SHOP}"));
    project.measure_with_swath(&[files, "--data-file=unit.data", "unit.py"]);
    let done = project.swath(&NAMED);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.stdout
            .ends_with("\n\nshop.py: changed after system was recorded\n"),
        "{done:?}"
    );
    assert!(!done.stdout.contains("\nshop.py  "), "{done:?}");
    let done = project.swath(&[&NAMED[..], &["--format=json"]].concat());
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(
        report["left_out"],
        serde_json::json!([{
            "name": "shop.py",
            "reason": "source-changed",
            "text": "changed after system was recorded",
        }])
    );
}

#[test]
fn what_cannot_be_compared_is_said() {
    let Some(project) = project("what_cannot_be_compared_is_said") else {
        return;
    };
    for (words, part, code) in [
        (
            &["compare", "unit.data"][..],
            "error[usage]: two data files are compared, and one is named",
            125,
        ),
        (
            &["compare", "unit.data", "unit.data"],
            "both data files are called `unit.data`",
            125,
        ),
        (
            &["compare", "--name", "x", "unit.data"],
            "`--name x` is not NAME=FILE",
            125,
        ),
        (
            &["compare", "unit.data", "gone.data"],
            "error[no-data]: there is no data file `",
            1,
        ),
        (
            &["compare", "unit.data", "system.data", "--show=other"],
            "hint: the sets are `unit.data`, `system.data`, `both` and `neither`",
            125,
        ),
    ] {
        let done = project.swath(words);
        assert_eq!(done.code, code, "{words:?} {done:?}");
        assert!(
            done.stdout.is_empty() && done.stderr.contains(part),
            "{words:?} {done:?}"
        );
    }
    // Nothing is combined, and nothing is taken away.
    assert!(project.folder().join("unit.data").exists());
    assert!(!project.folder().join(".coverage").exists());
}

#[test]
fn pages_have_two_marks_on_each_line() {
    let Some(project) = project("pages_have_two_marks_on_each_line") else {
        return;
    };
    let done = project.swath(&[&NAMED[..], &["--html=pages"]].concat());
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.starts_with("Name "), "{done:?}");
    assert!(done.stderr.ends_with("pages/index.html\n"), "{done:?}");
    let folder = project.folder().join("pages");
    let index = fs_err::read_to_string(folder.join("index.html")).unwrap();
    assert!(
        index.contains(">shop.py</a><td>8<td>4<td>2<td>1<td>1\n"),
        "{index}"
    );
    let link = index.split("href=\"f/shop-py").nth(1).unwrap();
    let link = link.split('"').next().unwrap();
    let page = fs_err::read_to_string(folder.join(format!("f/shop-py{link}"))).unwrap();
    for part in [
        "<dt>Only system<dd>refund\n<dt>Neither<dd>unused\n",
        "<tr id=L1 class=r><th scope=row><a href=#L1>1</a><td>✓ reached<td>✓ reached<td>",
        "<tr id=L3 class=p><th scope=row><a href=#L3>3</a><td>✗ missed<td>✓ reached<td>",
        "<tr id=L4 class=p><th scope=row><a href=#L4>4</a><td>✓ reached<td>✗ missed<td>",
        "<tr id=L12 class=m><th scope=row><a href=#L12>12</a><td>✗ missed<td>✗ missed<td>",
        "<tr id=L5><th scope=row><a href=#L5>5</a><td><td><td>\n",
        "<small>2 → <a href=#L4>4</a>: only system</small>",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(
        !page.contains("<script") && !page.contains("style="),
        "{page}"
    );
    assert!(folder.join("compare.css").exists() && folder.join("swath.css").exists());
}
