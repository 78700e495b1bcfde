//! Sorting, filtering and folding the index.

use swath_test::{Browser, BrowserSettings};

use crate::recorded::Recorded;

const NAMES: &str = "return [...document.querySelectorAll('.files tbody:last-child tr:not(.f) th a')].map(a => a.textContent).join(' ')";
const COUNT: &str = "return String(document.querySelectorAll('.files tbody:last-child tr').length)";

fn filter(browser: &Browser, text: &str) {
    browser.run(&format!(
        "const input = document.querySelector('.filter input'); input.value = '{text}'; input.dispatchEvent(new Event('input'))"
    ));
}

#[test]
fn the_index_sorts_filters_and_folds() {
    let Some(browser) = Browser::start(
        "the_index_sorts_filters_and_folds",
        BrowserSettings::default(),
    ) else {
        return;
    };
    let recorded = Recorded::example();
    assert_eq!(
        recorded.html(&["--skip-covered", "--directory=out"]).code,
        Some(0)
    );
    browser.open(&recorded.url("out/files.html"));

    // Most missed lines first, as the markup has them; then by name.
    let first = browser.text(NAMES);
    let missed = "return [...document.querySelectorAll('.files tbody:last-child tr')].map(r => Number(r.cells[3].textContent)).every((n, i, all) => !i || all[i - 1] >= n)";
    browser.expect(missed, "true");
    browser.click(".files thead th:first-child button");
    browser.expect(
        "return document.querySelector('.files thead th').ariaSort",
        "ascending",
    );
    let sorted = browser.text(NAMES);
    assert_ne!(first, sorted);
    let mut names: Vec<&str> = sorted.split(' ').collect();
    names.sort_unstable();
    assert_eq!(names.join(" "), sorted);

    filter(&browser, "GEOM");
    browser.expect(NAMES, "xy/geometry.py");
    browser.expect(
        "return document.querySelector('.sum th').textContent",
        "Total, filtered",
    );
    browser.expect("return document.querySelector('.sum').rows[0].cells[3].textContent === document.querySelector('.files tbody:last-child tr').cells[3].textContent", "true");
    filter(&browser, "");
    browser.expect(
        "return document.querySelector('.sum th').textContent",
        "Total",
    );

    browser.open(&recorded.url("out/index.html"));
    let all: usize = browser.text(COUNT).parse().unwrap();
    browser.click(".fold");
    browser.expect(
        "return document.querySelector('.fold').ariaExpanded",
        "false",
    );
    let folded: usize = browser.text(COUNT).parse().unwrap();
    assert!(folded < all, "{folded} of {all}");
    browser.click(".fold");
    browser.expect(COUNT, &all.to_string());
}

#[test]
fn a_theme_is_chosen_and_remembered() {
    let Some(browser) = Browser::start(
        "a_theme_is_chosen_and_remembered",
        BrowserSettings::default(),
    ) else {
        return;
    };
    let recorded = Recorded::example();
    assert_eq!(recorded.html(&["--directory=out"]).code, Some(0));
    let ground = "return getComputedStyle(document.body).backgroundColor";
    browser.open(&recorded.url("out/index.html"));
    browser.expect(ground, "rgb(255, 255, 255)");
    browser.click(".tools button");
    browser.click(".tools button");
    browser.expect(
        "return document.querySelector('.tools button').textContent",
        "Theme: dark",
    );
    browser.expect(ground, "rgb(22, 24, 29)");
    browser.open(&recorded.url("out/holes.html"));
    browser.expect(ground, "rgb(22, 24, 29)");
}
