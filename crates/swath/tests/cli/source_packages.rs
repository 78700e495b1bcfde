//! Packages that `source` names, wherever they lie.

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, python, text};

/// Imports `lib/code` as `shop`, as the hook of an editable installation does whose `package-dir` says so.
const PROGRAM: &str = r#"
import importlib.util, sys

spec = importlib.util.spec_from_file_location(
    "shop", "lib/code/__init__.py", submodule_search_locations=["lib/code"])
shop = importlib.util.module_from_spec(spec)
sys.modules["shop"] = shop
spec.loader.exec_module(shop)

import shop.cart
"#;

#[test]
fn a_package_in_a_folder_of_another_name_counts_whole() {
    let Some(python) = python("a_package_in_a_folder_of_another_name_counts_whole") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("lib/code/__init__.py", "VERSION = 1\n");
    sandbox.write("lib/code/cart.py", "def add():\n    return 1\n");
    sandbox.write("lib/code/never.py", "x = 1\ny = 2\n");
    sandbox.write("serve.py", PROGRAM);
    let begin = ["run", "--no-docker", "--count=all", "--source=shop", "--"];
    let run = sandbox.swath(&[&begin[..], &[&text(&python.path), "serve.py"]].concat());
    assert!(!run.stderr.contains("module-not-imported"), "{run:?}");
    let report = sandbox.swath(&["json", "-q", "-o", "report.json"]);
    assert!(report.code < 2, "{report:?}");
    let report: Value = serde_json::from_str(&sandbox.read("report.json")).unwrap();
    let files = report["files"].as_object().unwrap();
    let missing = files
        .iter()
        .map(|(file, of)| (file.as_str(), &of["missing_lines"]));
    assert_eq!(
        missing.collect::<Vec<_>>(),
        [
            ("lib/code/__init__.py", &json!([])),
            ("lib/code/cart.py", &json!([2])),
            ("lib/code/never.py", &json!([1, 2])),
        ]
    );
}

/// Copies an extension module of the standard library into `shop`, with a source beside it; its name.
const EXTENSION: &str = r#"
import importlib.util, pathlib, shutil, sys

for name in "_bisect", "_csv", "_queue", "_json":
    spec = importlib.util.find_spec(name)
    if spec and (spec.origin or "").endswith(".so"):
        shutil.copy(spec.origin, "shop")
        pathlib.Path("shop", name + ".py").write_text("x = 1\n")
        pathlib.Path("serve.py").write_text(f"import shop.{name}\n")
        print(name)
        break
"#;

#[test]
fn a_module_that_is_compiled_is_named() {
    let name = "a_module_that_is_compiled_is_named";
    let Some(python) = python(name) else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("shop/__init__.py", "VERSION = 1\n");
    sandbox.write("shop/never.py", "x = 1\n");
    let mut made = std::process::Command::new(&python.path);
    made.args(["-c", EXTENSION]).current_dir(sandbox.project());
    let made = String::from_utf8(made.output().unwrap().stdout).unwrap();
    if made.is_empty() {
        return swath_test::skip(
            name,
            "the standard library has no extension module as a file",
        );
    }
    let source = format!("`shop/{}.py`", made.trim());
    let begin = ["run", "--no-docker", "--count=all", "--source=shop", "--"];
    let run = sandbox.swath(&[&begin[..], &[&text(&python.path), "serve.py"]].concat());
    assert!(
        run.stderr.contains("warning[module-compiled]: 1 module"),
        "{run:?}"
    );
    assert!(run.stderr.contains(&source), "{run:?}");
    let begin = [
        "run",
        "--no-docker",
        "--count=all",
        "--source=shop",
        "--omit=*/_*.py",
        "--",
    ];
    let run = sandbox.swath(&[&begin[..], &[&text(&python.path), "serve.py"]].concat());
    assert!(!run.stderr.contains("module-compiled"), "{run:?}");
}
