//! Repositories with known answers.

use std::collections::BTreeSet;

use swath_test::GitRepository;

use crate::project::Project;

const CART: &str = "\
LIMIT = 3


def total(items):
    if not items:
        return 0
    price = sum(items)
    return price


def discount(price):
    for limit in (10, 20):
        price -= limit
    return price


def never():
    return 1


def configure():
    return LIMIT
";

const TESTS: &str = "\
import pytest
import requests


@pytest.fixture
def cart():
    return []


@pytest.mark.parametrize('count', [1, 2])
def test_total(cart, count):
    assert requests


def test_empty():
    assert requests


def test_discount():
    assert requests
";

const EMPTY: &str = "tests/test_cart.py::test_empty";
const ONE: &str = "tests/test_cart.py::test_total[1]";
const TWO: &str = "tests/test_cart.py::test_total[2]";
const DISCOUNT: &str = "tests/test_cart.py::test_discount";
const PRICE: &str = "tests/test_price.py::test_price";

/// Two services, and tests of them.
fn shop(test: &str) -> Option<Project> {
    Project::new(test).map(shop_in)
}

fn shop_in(mut project: Project) -> Project {
    let run = |name: &str| format!("{name}|run");
    let (empty, one, two, discount) = (run(EMPTY), run(ONE), run(TWO), run(DISCOUNT));
    let (all, price) = ([1, 4, 11, 17, 21].as_slice(), run(PRICE));
    project.measured(
        "source/cart.py",
        CART,
        "web",
        &[
            ("(start-up)", all),
            ("(start-up)", &[22]),
            (&empty, &[5, 6]),
            (&one, &[5, 7, 8]),
            (&two, &[5, 7, 8]),
            (&discount, &[12, 13, 14]),
        ],
    );
    let pricing = "RATE = 2\n\n\ndef rate():\n    return RATE\n";
    project.measured(
        "source/rates.py",
        pricing,
        "pricing",
        &[("(start-up)", &[1, 4]), (&price, &[5]), (&discount, &[5])],
    );
    for name in [EMPTY, ONE, TWO] {
        project.test(name, &["web"]);
    }
    project.test(DISCOUNT, &["web", "pricing"]);
    project.test(PRICE, &["pricing"]);
    project
        .repository
        .write("source/idle.py", "def idle():\n    return 1\n");
    project.repository.write("tests/test_cart.py", TESTS);
    project
        .repository
        .write("tests/test_price.py", "def test_price():\n    assert 1\n");
    project.recorded();
    project
}

fn set<const N: usize>(tests: [&str; N]) -> BTreeSet<String> {
    tests.into_iter().map(str::to_owned).collect()
}

fn check<const N: usize>(project: &Project, expected: [&str; N], said: &[&str]) {
    let (tests, stderr) = project.affected(&[]);
    assert_eq!(tests, set(expected), "{stderr}");
    for words in said {
        assert!(stderr.contains(words), "{words}: {stderr}");
    }
    project.repository.git(["checkout", "--quiet", "."]);
    project
        .repository
        .git(["clean", "--quiet", "-d", "--force"]);
}

#[test]
fn a_line_selects_who_ran_it() {
    let Some(project) = shop("a_line_selects_who_ran_it") else {
        return;
    };
    check(
        &project,
        [],
        &["no test, by changes since main", "the data has 5 tests"],
    );
    project.replace("source/cart.py", "return 0", "return 1");
    check(
        &project,
        [EMPTY],
        &["source/cart.py: 1 test, as they ran what changed"],
    );
    project.replace(
        "source/cart.py",
        "return price\n\n\ndef discount",
        "return -price\n\n\ndef discount",
    );
    check(&project, [ONE, TWO], &[]);
    // Blanks and comments are nothing, but those in front of a statement.
    project.replace("source/cart.py", "return 0", "return  0  # nothing");
    check(&project, [], &[]);
    project.replace(
        "source/cart.py",
        "    return price\n\n\ndef never",
        "        return price\n\n\ndef never",
    );
    check(&project, [DISCOUNT], &[]);
}

#[test]
fn lines_that_are_new_or_gone_select_who_ran_the_function() {
    let Some(project) = shop("lines_that_are_new_or_gone_select_who_ran_the_function") else {
        return;
    };
    let cart = "source/cart.py";
    project.replace(
        cart,
        "    price = sum(items)\n",
        "    price = sum(items)\n    price += 1\n",
    );
    check(&project, [EMPTY, ONE, TWO], &[]);
    project.replace(cart, "    if not items:\n        return 0\n", "");
    check(&project, [EMPTY, ONE, TWO], &[]);
    // A name that is bound in one line is the function's in all lines.
    project.replace(cart, "return 0", "items = 0");
    check(&project, [EMPTY, ONE, TWO], &[]);
    project.replace(cart, "    for limit", "    global LIMIT\n    for limit");
    check(&project, [DISCOUNT], &[]);
}

#[test]
fn what_runs_on_import_selects_who_called_the_service() {
    let Some(project) = shop("what_runs_on_import_selects_who_called_the_service") else {
        return;
    };
    let web = [EMPTY, "tests/test_cart.py::test_total", DISCOUNT];
    for (old, new) in [
        ("LIMIT = 3", "LIMIT = 4"),
        ("def total(items)", "def total(items, more=1)"),
        (
            "def never():\n    return 1\n",
            "def added():\n    return 1\n\n\ndef never():\n    return 1\n",
        ),
    ] {
        project.replace("source/cart.py", old, new);
        check(
            &project,
            web,
            &["4 tests by 3 names, by changes", "as it runs on import"],
        );
    }
    project.replace("source/rates.py", "RATE = 2", "RATE = 3");
    check(&project, [DISCOUNT, PRICE], &[]);
    // What ran at start-up as well.
    project.replace("source/cart.py", "return LIMIT", "return LIMIT + 1");
    check(
        &project,
        [EMPTY, ONE, TWO, DISCOUNT],
        &["it ran at start-up, or for no test"],
    );
    project.repository.git(["rm", "--quiet", "source/rates.py"]);
    let (tests, _) = project.affected(&[]);
    assert_eq!(tests, set([DISCOUNT, PRICE]));
}

#[test]
fn changed_lines_that_no_test_reached_are_named() {
    let Some(project) = shop("changed_lines_that_no_test_reached_are_named") else {
        return;
    };
    project.replace(
        "source/cart.py",
        "def never():\n    return 1",
        "def never():\n    return 2",
    );
    check(&project, [], &["Untested source/cart.py:18\n"]);
    project.replace("source/idle.py", "return 1", "return 2");
    check(&project, [], &["Untested source/idle.py:1-2\n"]);
}

#[test]
fn tests_that_changed_are_among_them() {
    let Some(project) = shop("tests_that_changed_are_among_them") else {
        return;
    };
    let tests = "tests/test_cart.py";
    project.replace(tests, "[1, 2]", "[1, 2, 3]");
    check(&project, ["tests/test_cart.py::test_total"], &[]);
    project.replace(tests, "return []", "return [1]");
    let file = [EMPTY, "tests/test_cart.py::test_total", DISCOUNT];
    check(
        &project,
        file,
        &["tests/test_cart.py: 4 tests, as it holds tests"],
    );
    project.replace(tests, "def test_empty", "def test_void");
    check(
        &project,
        ["tests/test_cart.py::test_void"],
        &["Gone 1 test"],
    );
    project
        .repository
        .write("tests/test_new.py", "def test_new():\n    pass\n");
    check(
        &project,
        ["tests/test_new.py"],
        &["tests/test_new.py: new tests, as"],
    );
    project
        .repository
        .write("tests/conftest.py", "import pytest\n");
    let below = [EMPTY, "tests/test_cart.py::test_total", DISCOUNT, PRICE];
    check(
        &project,
        below,
        &["it configures the tests below its folder"],
    );
    // What other tests take from it may be anything.
    project.repository.write(
        "tests/test_price.py",
        "from test_cart import cart\n\n\ndef test_price():\n    assert 1\n",
    );
    project.repository.commit();
    project.repository.git(["branch", "--force", "base"]);
    project.replace(tests, "return []", "return [1]");
    let (tests, _) = project.affected(&["--since", "base"]);
    assert_eq!(tests.len(), 4, "{tests:?}");
}

#[test]
fn what_nobody_can_follow_selects_all() {
    let Some(project) = shop("what_nobody_can_follow_selects_all") else {
        return;
    };
    let all = [EMPTY, "tests/test_cart.py::test_total", DISCOUNT, PRICE];
    for (path, cause) in [
        ("templates/cart.html", "it is not Python"),
        ("tools/helper.py", "it is new"),
        (".coveragerc", "it is not Python"),
    ] {
        project.repository.write(path, "# x\n");
        check(&project, all, &[cause]);
    }
    for path in [
        "README.md",
        "LICENSE",
        ".gitignore",
        ".github/workflows/ci.yml",
    ] {
        project.repository.write(path, ".coverage\n");
        check(&project, [], &[]);
    }
    // A new module that code names: who ran that code.
    project.repository.write(
        "source/rates.py",
        "RATE = 2\n\n\ndef rate():\n    import prices\n    return RATE\n",
    );
    project.repository.write("source/prices.py", "PRICE = 1\n");
    check(&project, [DISCOUNT, PRICE], &[]);
}

#[test]
fn data_of_any_revision_is_followed() {
    let name = "data_of_any_revision_is_followed";
    let repositories = [GitRepository::new(name), GitRepository::with_sha256(name)];
    for repository in repositories.into_iter().flatten() {
        is_followed(&shop_in(Project::of(repository)));
    }
}

fn is_followed(project: &Project) {
    let cart = "source/cart.py";
    // After the data, before the branch.
    project.replace(cart, "LIMIT = 3\n", "LIMIT = 3\n\n# Lines move.\n");
    project.repository.commit();
    project
        .repository
        .git(["checkout", "--quiet", "-b", "feature"]);
    check(project, [], &[]);
    project.replace(cart, "return 0", "return 1");
    check(project, [EMPTY], &[]);
    project.replace(cart, "price -= limit", "price -= 1");
    project.repository.commit();
    let (tests, _) = project.affected(&[]);
    assert_eq!(tests, set([DISCOUNT]));
    // What changed after the data is not tested by it, whatever is asked for.
    let (tests, _) = project.affected(&["--since", "HEAD"]);
    assert_eq!(tests, set([DISCOUNT]));
}

#[test]
fn data_of_the_new_text_says_who_ran_the_new_lines() {
    let Some(mut project) = shop("data_of_the_new_text_says_who_ran_the_new_lines") else {
        return;
    };
    project
        .repository
        .git(["checkout", "--quiet", "-b", "feature"]);
    // What the data has of lines 7 and 8 is of the new text, in which they say something else.
    let text = CART.replace("return 0", "return 1");
    let moved = text.replace("LIMIT = 3\n", "# Lines move.\n\nLIMIT = 3\n");
    for (text, expected) in [(&text, set([EMPTY])), (&moved, set([ONE, TWO]))] {
        project.data.accounting.files.clear();
        project.measured("source/cart.py", text, "web", &[]);
        project.recorded();
        let (tests, stderr) = project.affected(&[]);
        assert_eq!(tests, expected, "{stderr}");
    }
    let (tests, _) = project.affected(&["--since", "HEAD"]);
    assert_eq!(tests, set([]));
}

#[test]
fn a_patch_says_what_changed() {
    let Some(project) = shop("a_patch_says_what_changed") else {
        return;
    };
    project.replace("source/cart.py", "return 0", "return 1");
    let patch = project.repository.git(["diff"]);
    fs_err::write(project.folder().join(".git/change"), &patch).unwrap();
    let (tests, stderr) = project.affected(&["--patch", ".git/change"]);
    assert_eq!(tests, set([EMPTY]), "{stderr}");
    assert!(
        stderr.contains("by changes in the patch .git/change"),
        "{stderr}"
    );
    // A patch of another text: all of the file.
    fs_err::write(
        project.folder().join(".git/change"),
        patch.replace("+        return 1", "+        return 7"),
    )
    .unwrap();
    let (tests, stderr) = project.affected(&["--patch", ".git/change"]);
    assert_eq!(tests.len(), 3, "{stderr}");
    assert!(stderr.contains("is not what the patch says"), "{stderr}");
}

#[test]
fn files_that_are_named_count_as_changed() {
    let Some(project) = shop("files_that_are_named_count_as_changed") else {
        return;
    };
    let (tests, stderr) = project.affected(&["source/rates.py"]);
    assert_eq!(tests, set([DISCOUNT, PRICE]), "{stderr}");
    assert!(
        stderr.contains("by changes in the files that were named"),
        "{stderr}"
    );
    let (tests, _) = project.affected(&["tests/test_price.py"]);
    assert_eq!(tests, set([PRICE]));
}

#[test]
fn tests_of_which_nothing_is_known_are_always_among_them() {
    let Some(mut project) = shop("tests_of_which_nothing_is_known_are_always_among_them") else {
        return;
    };
    project.test("tests/test_cart.py::test_idle", &["web"]);
    let attribution = &mut project.data.accounting.attribution;
    attribution.add_test(&format!("{PRICE}|run"), Some("failed"));
    attribution.add_test("tests/test_cart.py::test_later|run", Some("skipped"));
    project.recorded();
    let expected = [
        "tests/test_cart.py::test_idle",
        "tests/test_cart.py::test_later",
        PRICE,
    ];
    check(&project, expected, &["Unknown 3 tests more"]);
    // In data that is not complete, nothing is known of any.
    project.data.accounting.runs[0].facts[0].1 = "0".to_owned();
    project.recorded();
    let (tests, stderr) = project.affected(&[]);
    assert_eq!(tests.len(), 7, "{stderr}");
    assert!(stderr.contains("warning[affected-by-incomplete]: the data is not complete: all of its 7 tests are selected"), "{stderr}");
}

#[test]
fn what_a_setup_ran_may_be_shared() {
    let Some(mut project) = shop("what_a_setup_ran_may_be_shared") else {
        return;
    };
    project.measured(
        "source/login.py",
        "def login():\n    return 1\n",
        "web",
        &[
            (&format!("{ONE}|setup"), &[2]),
            (&format!("{TWO}|setup"), &[2]),
        ],
    );
    for name in [ONE, TWO] {
        let attribution = &mut project.data.accounting.attribution;
        attribution.add_test(&format!("{name}|setup"), Some("passed"));
    }
    project.recorded();
    project.replace("source/login.py", "return 1", "return 2");
    check(&project, [ONE, TWO], &[]);
    let fixture = |scope: &str| {
        format!("import pytest\n\n\n@pytest.fixture(scope='{scope}')\ndef login():\n    return 1\n")
    };
    for (scope, tests) in [("module", 4), ("session", 5)] {
        project
            .repository
            .write("tests/conftest.py", fixture(scope));
        project.repository.commit();
        project.replace("source/login.py", "return 1", "return 2");
        let (found, stderr) = project.affected(&["--since", "HEAD"]);
        assert_eq!(found.len(), tests, "{scope}: {stderr}");
        project.repository.git(["checkout", "--quiet", "."]);
    }
}

#[test]
fn names_are_words_of_a_command_line() {
    let Some(mut project) = shop("names_are_words_of_a_command_line") else {
        return;
    };
    project.test("--collect-only", &[]);
    project.test("tests/test_cart.py::test_words[a b\u{7}]", &[]);
    project.test("tests/test_cart.py::test_words[a b]", &[]);
    project.recorded();
    let done = project.swath(&["affected", "--format", "null"]);
    assert_eq!(
        done.stdout, "tests/test_cart.py::test_words[a b]\0",
        "{done:?}"
    );
    assert!(done.stderr.contains("warning[strange-test-names]: 2 affected tests cannot be given to a command by name: left out"), "{done:?}");
    let done = project.swath(&["affected", "--format=json", "-o", "tests.json"]);
    assert_eq!((done.code, done.stdout.as_str()), (0, ""), "{done:?}");
    let text = fs_err::read_to_string(project.folder().join("tests.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["tests"].as_array().unwrap().len(), 3, "{json}");
    assert_eq!(json["known"], 8, "{json}");
    assert_eq!(json["comparison"]["revision"], "main", "{json}");
}

#[test]
fn the_order_is_the_same_each_time() {
    let Some(project) = shop("the_order_is_the_same_each_time") else {
        return;
    };
    project.replace("source/cart.py", "return LIMIT", "return LIMIT + 1");
    let first = project.swath(&["affected"]);
    let second = project.swath(&["affected"]);
    assert_eq!(first.stdout, second.stdout);
    assert_eq!(first.stdout, format!("{DISCOUNT}\n{EMPTY}\n{ONE}\n{TWO}\n"));
}

const JOURNAL: &str = "\
class Journal:
    def record(self):
        if self.queue is None:
            self.start()
        self.queue.put(1)

    def start(self):
        self.queue = make()


def make():
    return []
";

#[test]
fn what_is_done_once_serves_all() {
    let Some(mut project) = shop("what_is_done_once_serves_all") else {
        return;
    };
    let run = |name: &str| format!("{name}|run");
    project.measured(
        "source/journal.py",
        JOURNAL,
        "web",
        &[
            ("(start-up)", &[1, 2, 7, 11]),
            (&run(EMPTY), &[3, 4, 5, 8, 12]),
            (&run(ONE), &[3, 5]),
            (&run(TWO), &[3, 5]),
        ],
    );
    project.recorded();
    for (old, new) in [
        ("self.start()", "pass"),
        ("self.queue = make()", "self.queue = None"),
        ("return []", "return [1]"),
    ] {
        project.replace("source/journal.py", old, new);
        let all = [EMPTY, ONE, TWO, DISCOUNT];
        check(&project, all, &["what it leaves behind may serve others"]);
    }
    project.replace("source/journal.py", "put(1)", "put(2)");
    check(&project, [EMPTY, ONE, TWO], &[]);
}
