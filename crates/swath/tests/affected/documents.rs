//! The guide shows what is printed, and the page about the JSON names every key.

use std::collections::BTreeSet;

use crate::project::Project;

const STOCK: &str = "\
def stock(product):
    if product in KNOWN:
        return KNOWN[product]
    return 0


def refill(product):
    KNOWN[product] = 10
    log(product)


KNOWN = {}
";

fn catalog(test: &str) -> Option<Project> {
    let mut project = Project::new(test)?;
    let test = |name: &str| format!("tests/test_products.py::test_{name}");
    let contexts = [
        ("(start-up)".to_owned(), vec![1, 7, 12]),
        (format!("{}|run", test("stock")), vec![2, 3]),
        (format!("{}|run", test("none")), vec![2, 4]),
        (format!("{}|run", test("found")), vec![2, 4]),
    ];
    let contexts: Vec<(&str, &[u32])> = contexts
        .iter()
        .map(|(name, lines)| (name.as_str(), lines.as_slice()))
        .collect();
    project.measured("catalog/stock.py", STOCK, "catalog", &contexts);
    for name in ["stock", "none", "found"] {
        project.test(&test(name), &["catalog"]);
    }
    let later = format!("{}|run", test("later"));
    let attribution = &mut project.data.accounting.attribution;
    attribution.add_test(&later, Some("skipped"));
    project.recorded();
    project.replace(
        "catalog/stock.py",
        "return KNOWN[product]",
        "return KNOWN[product] + 1",
    );
    project.replace(
        "catalog/stock.py",
        "    log(product)\n",
        "    if product:\n        log(product)\n",
    );
    Some(project)
}

#[test]
fn the_guide_shows_what_is_printed() {
    let Some(project) = catalog("the_guide_shows_what_is_printed") else {
        return;
    };
    let page = swath_test::workspace_root().join("docs/guides/affected.md");
    let page = fs_err::read_to_string(page).unwrap();
    let (command, shown) = swath_test::console_commands(&page).swap_remove(0);
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let done = project.swath(&words);
    let commit = project.repository.git(["rev-parse", "main"]);
    let said = done.stderr.replace(&commit[..10], "3f9050dd71");
    assert_eq!(format!("{}{said}", done.stdout), shown);
}

/// The keys of a JSON value, and of all inside it.
fn keys(value: &serde_json::Value, found: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                found.insert(key.clone());
                keys(value, found);
            }
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

#[test]
fn the_page_about_the_json_names_every_key() {
    let Some(project) = catalog("the_page_about_the_json_names_every_key") else {
        return;
    };
    let done = project.swath(&["affected", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let file = &json["files"][0];
    assert_eq!(file["path"], "catalog/stock.py");
    assert_eq!(
        (&file["tests"], &file["causes"][0]["cause"]),
        (&1.into(), &"ran".into())
    );
    assert_eq!(file["untested"], serde_json::json!([[9, 10]]));
    assert_eq!(
        (&json["selected"], &json["obscure"]),
        (&2.into(), &1.into())
    );
    let mut found = BTreeSet::new();
    keys(&json, &mut found);
    let page = swath_test::workspace_root().join("docs/reference/affected-json.md");
    let page = fs_err::read_to_string(page).unwrap();
    for key in found {
        assert!(page.contains(&format!("`{key}`")), "{key}");
    }
}
