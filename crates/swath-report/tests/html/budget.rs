//! Sizes: of the style sheet and the script, of a line, of a row of the index, of many contexts.

use std::fmt::Write as _;
use std::sync::Arc;

use swath_data::Mode;

use crate::model::{Project, page};

#[test]
fn style_and_script_are_small() {
    let pages = Project::shop().pages(|_| ());
    let (style, script) = (page(&pages, "swath.css"), page(&pages, "swath.js"));
    assert!(style.len() <= 10_000, "{}", style.len());
    assert!(script.len() <= 13_000, "{}", script.len());
}

/// A source as people write them.
fn source(functions: usize) -> String {
    let mut source = String::new();
    for number in 0..functions {
        let _ = write!(
            source,
            "def function_{number}(first, second=None):\n    \"\"\"What it does.\"\"\"\n    if first is None:  # rarely\n        return second\n    for item in first.items():\n        second.append(item[0], name='{number}')\n    return sorted(second)\n\n\n"
        );
    }
    source
}

#[test]
fn a_line_takes_few_bytes_and_elements() {
    let mut project = Project::empty(Mode::Lines);
    let text = source(300);
    let lines = text.lines().count();
    project.add_lines("big.py", &text, (1..=2700).filter(|line| line % 9 != 4));
    let pages = project.pages(|_| ());
    let page = page(&pages, "f/big-py");
    let table = &page[page.find("<table class=src>").unwrap()..page.rfind("</table>").unwrap()];
    let (bytes, elements) = (
        table.len() / lines,
        table.matches(['<']).count() - table.matches("</").count(),
    );
    assert!(bytes <= 140, "{bytes} bytes a line");
    assert!(
        elements <= 8 * lines,
        "{} elements a line",
        elements / lines
    );
}

#[test]
fn a_long_text_is_laid_out_in_parts() {
    let mut project = Project::empty(Mode::Lines);
    let text = source(700);
    let lines = u32::try_from(text.lines().count()).unwrap();
    // The second half is one hole, the first has many small ones.
    project.add_lines(
        "long.py",
        &text,
        (1..lines / 2).filter(|line| line % 90 != 4),
    );
    let pages = project.pages(|_| ());
    let page = page(&pages, "f/long-py");
    assert!(page.contains("<table class=\"src large\">"));
    let parts = page.split("<tbody").skip(1);
    let most = parts.map(|part| part.matches("<tr id=L").count()).max();
    assert_eq!(most, Some(100));
    assert_eq!(page.matches("<tr id=L").count(), lines as usize);
    assert_eq!(
        page.matches(" id=H").count(),
        page.matches("✗ missed, line").count()
    );
}

#[test]
fn a_row_of_the_index_is_small_and_many_files_have_pages_of_folders() {
    let mut project = Project::empty(Mode::Lines);
    for number in 0..2100 {
        let name = format!("package_{}/module_{number}.py", number % 7);
        project.add_lines(&name, "a = 1\nb = 2\n", 1..2);
    }
    let pages = project.pages(|_| ());
    let files = page(&pages, "files.html");
    assert!(
        files.len() / 2100 <= 400,
        "{} bytes a file",
        files.len() / 2100
    );
    let index = page(&pages, "index.html");
    assert!(index.len() < 10_000, "{}", index.len());
    assert_eq!(
        pages
            .iter()
            .filter(|piece| piece.name.starts_with("d/"))
            .count(),
        7
    );
    assert!(page(&pages, "d/package_3").contains("href=\"../f/package_3-module_3-py-"));
}

#[test]
fn a_row_of_the_tree_is_small_with_every_column() {
    let mut project = Project::shop();
    let long = "a_package_with_a_name/and_another_one_below";
    for number in 0..500 {
        let name = format!("{long}/package_{}/module_{number}.py", number % 20);
        project.add(&name, "if a:\n    b = 2\n", &["test"], &[(-1, 1), (1, -1)]);
        let path = project.directory().absolute(&name);
        for process in &mut project.data.accounting.processes {
            Arc::make_mut(&mut process.touched).insert(path.clone());
        }
    }
    let pages = project.pages(|options| options.precision = 2);
    let index = page(&pages, "index.html");
    assert!(index.contains("module_499.py") && index.contains("Run by"));
    assert!(
        index.len() / 503 <= 400,
        "{} bytes a file",
        index.len() / 503
    );
}

#[test]
fn two_thousand_contexts_do_not_blow_a_page_up() {
    let mut project = Project::empty(Mode::Lines);
    let text = source(100);
    let lines = text.lines().count();
    project.add_lines("big.py", &text, std::iter::empty());
    let path = project.directory().absolute("big.py");
    for number in 0..2000u32 {
        let context = project.data.intern_context(&format!(
            "tests/system/test_shop.py::test_number_{number}|run"
        ));
        let ran = (1..=lines).map(|line| u32::try_from(line).unwrap());
        let ran = ran
            .filter(|line| (line * 7919 + number * 104_729) % 13 < 6)
            .collect();
        project.data.add_lines(&path, context, &ran);
    }
    let pages = project.pages(|options| options.show_contexts = true);
    let page = page(&pages, "f/big-py");
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    assert!(page.contains("test_number_1999|run"));
}
