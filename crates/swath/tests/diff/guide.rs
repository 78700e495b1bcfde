//! The console blocks of `docs/guides/changes.md` are what the commands print.

use swath_test::{console_commands, finish};

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

const AFTER: &str = "\
class Cart:
    def __init__(self):
        self.items = []

    def add(self, name, price, count=1):
        if count < 1:
            raise ValueError(f\"{count} of {name}\")
        self.items.append((name, price, count))

    def total(self, discount=0):
        total = sum(price * count for _, price, count in self.items)
        if discount:
            total -= total * min(discount, 50) // 100
        return total
";

/// Keeps what the data says, as of this commit.
fn keep(project: &Project, commit: &str) {
    let done = project.swath(&["history", "add", "--commit", commit]);
    assert_eq!(done.code, 0, "{done:?}");
}

/// The same with times that stay.
fn without_times(text: &str) -> String {
    let time = fancy_regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d").unwrap();
    time.replace_all(text, "2026-11-29 10:15").into_owned()
}

#[test]
fn the_guide_shows_what_is_printed() {
    let Some(project) = Project::new("the_guide_shows_what_is_printed", &[]) else {
        return;
    };
    let repository = &project.repository;
    repository.write(".gitignore", ".coverage\nunit.coverage\n");
    repository.write(".git/info/exclude", ".swath-history\n");
    repository.write("shop/cart.py", BEFORE);
    repository.write("shop/__init__.py", "");
    repository.write(
        "unit.py",
        "from shop.cart import Cart\nassert Cart().total(discount=10) == 0\n",
    );
    repository.write(
        "system.py",
        "from shop.cart import Cart\ncart = Cart()\ncart.add('pen', 2)\nassert cart.total() == 2\n",
    );
    repository.commit();
    project.measure_with_swath(&["--branch", "--source=shop", "system.py"]);
    keep(&project, "4c01d5a8c1b7a3a9d0f86e0cf2e5ad7ec1b5d3f0");
    repository.git(["checkout", "-q", "-b", "discount"]);
    repository.write("shop/cart.py", AFTER);
    repository.write("setup.py", "x = 1\n");
    repository.commit();
    project.measure(&[
        "--branch",
        "--source=shop",
        "--data-file=unit.coverage",
        "unit.py",
    ]);
    project.measure_with_swath(&["--branch", "--source=shop", "system.py"]);
    keep(&project, "9be1f0c27a3a9d0f86e0cf2e5ad7ec1b5d3f04c0");
    let page = swath_test::workspace_root().join("docs/guides/changes.md");
    let page = fs_err::read_to_string(page).unwrap();
    let blocks = console_commands(&page);
    assert!(blocks.len() >= 5, "{blocks:?}");
    for (words, shown) in blocks {
        let words: Vec<String> = shell_words::split(&words).unwrap();
        assert_eq!(words[0], "swath");
        let words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        let mut command = project.swath_command(&words);
        // Both streams in the order of a terminal: what is printed is short.
        command.env("NO_COLOR", "1");
        let done = finish(command);
        let said = without_times(&(done.stdout.clone() + &done.stderr));
        assert_eq!(said, shown, "{words:?}");
    }
}

/// The recipe, with its first two commands in either order.
#[test]
fn the_recipe_for_two_kinds_of_tests_loses_nothing() {
    let test = "the_recipe_for_two_kinds_of_tests_loses_nothing";
    let Some(project) = Project::new(test, &["pytest", "pytest-cov"]) else {
        return;
    };
    let repository = &project.repository;
    repository.write("shop/__init__.py", "");
    repository.write("shop/cart.py", BEFORE);
    repository.write("conftest.py", "");
    repository.write(
        "tests/unit/test_cart.py",
        "from shop.cart import Cart\n\ndef test_it():\n    assert Cart().total() == 0\n",
    );
    repository.write(
        "tests/system/test_shop.py",
        "from shop.cart import Cart\n\ndef test_it():\n    Cart().add('pen', 2)\n",
    );
    let page = swath_test::workspace_root().join("docs/guides/changes.md");
    let page = fs_err::read_to_string(page).unwrap();
    let recipe = page.split("### In one pipeline").nth(1).unwrap();
    let recipe = recipe.split("```sh\n").nth(1).unwrap();
    let recipe = recipe.split("```").next().unwrap();
    let lines: Vec<&str> = recipe.lines().collect();
    let [unit, system, combine, compare] = lines[..] else {
        panic!("{recipe}")
    };
    for order in [[unit, system], [system, unit]] {
        let script = [order[0], order[1], combine, compare].join("\n");
        let script = script.replace("swath ", &format!("'{}' ", env!("CARGO_BIN_EXE_swath")));
        let mut command = project.command("sh");
        command.args(["-ec", &script]);
        let done = finish(command);
        assert_eq!(done.code, 0, "{done:?}");
        let lines = "Lines                7      5             1           1         0\n";
        assert!(done.stdout.contains(lines), "{done:?}");
    }
    // What the page warns of: pytest-cov takes a file of that name in, and deletes it.
    let part = project.folder().join(".coverage.system");
    fs_err::copy(project.folder().join("system.coverage"), &part).unwrap();
    let mut command = project.command("sh");
    command.args(["-ec", "pytest -q --cov=shop --cov-branch tests/unit"]);
    let done = finish(command);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(!part.exists(), "{done:?}");
}
