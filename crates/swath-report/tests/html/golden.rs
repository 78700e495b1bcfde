//! Every page of the shop, byte for byte.

use std::path::{Path, PathBuf};

use swath_data::Mode;
use swath_report::Piece;

use crate::model::{Project, page};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/html/golden")
}

fn is_page(piece: &Piece) -> bool {
    Path::new(&piece.name)
        .extension()
        .is_some_and(|extension| extension == "html")
}

#[test]
fn pages_are_those_that_are_committed() {
    let pages = Project::shop().pages(|options| {
        options.show_contexts = true;
        options.fail_under = 90.0;
        options.precision = 1;
    });
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    for piece in pages.iter().filter(|piece| is_page(piece)) {
        let path = golden().join(piece.name.replace('/', "."));
        if update {
            fs_err::write(&path, &piece.bytes).unwrap();
        }
        let committed = fs_err::read_to_string(&path).unwrap_or_default();
        let rendered = std::str::from_utf8(&piece.bytes).unwrap();
        assert!(
            committed == rendered,
            "{} differs; UPDATE_GOLDEN=1 writes it:\n{rendered}",
            path.display()
        );
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let project = Project::shop();
    assert_eq!(project.pages(|_| ()), project.pages(|_| ()));
}

#[test]
fn skipped_files_have_no_page_and_count_all_the_same() {
    let mut project = Project::shop();
    project.add("full.py", "x = 1\n", &[""], &[(-1, 1), (1, -1)]);
    let all = project.pages(|_| ());
    let some = project.pages(|options| options.skip_covered = true);
    let total = |pages| {
        page(pages, "index.html")
            .split("<p class=lead>")
            .nth(1)
            .and_then(|rest| rest.split("</p>").next())
            .map(str::to_owned)
    };
    assert_eq!(total(&all), total(&some));
    assert!(all.iter().any(|piece| piece.name.starts_with("f/full-py")));
    assert!(!some.iter().any(|piece| piece.name.starts_with("f/full-py")));
    // The empty package has nothing to miss either.
    assert!(page(&some, "index.html").contains("2 files skipped due to complete coverage."));
    let no_empty = project.pages(|options| options.skip_empty = true);
    assert!(page(&no_empty, "index.html").contains("1 empty file skipped."));
}

#[test]
fn without_source_only_numbers_and_states_are_left() {
    let pages = Project::shop().pages(|options| options.no_source = true);
    let app = page(&pages, "f/shop-app-py");
    assert!(app.contains("✗ missed") && !app.contains("ValueError"));
}

#[test]
fn files_that_never_ran_are_one_hole_each() {
    let mut project = Project::shop();
    let source = "def one():\n    return 1\n\n\ndef two():\n    return 2\n";
    project.add("shop/unused.py", source, &[], &[]);
    project.add("shop/spare.py", "x = 1\n", &[], &[]);
    let pages = project.pages(|_| ());
    for name in ["index.html", "holes.html"] {
        let page = page(&pages, name);
        let text = "<p>2 files never ran (5 lines): <a href=\"f/shop-unused-py-";
        assert!(page.contains(text), "{name}: {page}");
        // Their functions are not named beside those in which something ran.
        assert!(
            !page.contains(">one</a>") && page.contains(">price</a>"),
            "{name}: {page}"
        );
    }
}

#[test]
fn risk_is_missed_lines_times_complexity() {
    let mut project = Project::shop();
    let source = "\
def long_one():
    a = 1
    b = 2
    c = 3
    return a + b + c


def tangled(x):
    if x > 1:
        return 1
    elif x > 2:
        return 2
    return 3
";
    project.add("shop/more.py", source, &[""], &[(1, 8)]);
    let pages = project.pages(|_| ());
    let index = page(&pages, "index.html");
    let (_, risk) = index.split_once("<h2 id=risk>").expect("the section");
    let tangled = risk.find("shop/more.py: 5 lines missed × complexity 3 = 15");
    let long = risk.find("shop/more.py: 4 lines missed × complexity 1 = 4");
    assert!(tangled.is_some() && tangled < long, "{risk}");
    assert!(page(&pages, "words.html").contains("<dt id=risk>"));
}

#[test]
fn without_decisions_the_risk_is_not_said_twice() {
    let mut project = Project::empty(Mode::Arcs);
    let source = "def one():\n    return 1\n";
    project.add("shop/flat.py", source, &[""], &[(1, -1)]);
    let pages = project.pages(|_| ());
    assert!(!page(&pages, "index.html").contains("id=risk"));
}
