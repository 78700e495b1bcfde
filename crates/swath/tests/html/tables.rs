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
        0
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

const STATES: &str =
    "return [...document.querySelectorAll('.fold')].map(b => b.ariaExpanded).join(' ')";

/// Presses a key on the button with this text, which must take the focus.
fn press_on(browser: &Browser, text: &str, key: &str) {
    browser.run(&format!(
        "[...document.querySelectorAll('.filter button')].find(b => b.textContent === '{text}').focus()"
    ));
    browser.expect("return document.activeElement.textContent", text);
    browser.press(key);
}

#[test]
fn all_folders_collapse_and_expand_by_keyboard() {
    let Some(browser) = Browser::start(
        "all_folders_collapse_and_expand_by_keyboard",
        BrowserSettings::default(),
    ) else {
        return;
    };
    let recorded = Recorded::example();
    assert_eq!(recorded.html(&["--directory=out"]).code, 0);
    let size = serde_json::json!({ "width": 1200, "height": 4000, "deviceScaleFactor": 1, "mobile": false });
    browser.devtools("Emulation.setDeviceMetricsOverride", &size);
    browser.open(&recorded.url("out/index.html"));
    let all = browser.text(COUNT);
    let top = browser
        .text("return String(document.querySelectorAll('.files tbody:last-child .d0').length)");
    assert!(
        !browser.text(STATES).contains("false"),
        "a short tree is open"
    );
    press_on(&browser, "Collapse all", "\u{e007}");
    browser.expect(COUNT, &top);
    assert!(!browser.text(STATES).contains("true"));
    press_on(&browser, "Expand all", " ");
    browser.expect(COUNT, &all);
    assert!(!browser.text(STATES).contains("false"));
}

/// Folders with more files than fit on a screen.
fn long_project() -> Recorded {
    let folder = swath_test::temp_dir();
    for name in ["api/users", "api/orders", "jobs"] {
        for number in 0..30 {
            let file = folder.path().join(format!("shop/{name}/file{number}.py"));
            swath_test::write_file(&file, b"x = 1\ny = 2\n");
        }
    }
    Recorded::of_folder(folder.path())
}

#[test]
fn a_tree_longer_than_the_screen_opens_folded() {
    let name = "a_tree_longer_than_the_screen_opens_folded";
    let Some(browser) = Browser::start(name, BrowserSettings::default()) else {
        return;
    };
    let recorded = long_project();
    assert_eq!(recorded.html(&["--directory=out"]).code, 0);
    browser.open(&recorded.url("out/index.html"));
    browser.expect(
        "return document.querySelector('.files').offsetHeight <= innerHeight ? 'fits' : 'does not'",
        "fits",
    );
    assert!(browser.text(STATES).contains("false"));
    // A filter looks into folded folders.
    filter(&browser, "orders file7");
    browser.expect(NAMES, "file7.py");
    filter(&browser, "");
    press_on(&browser, "Expand all", " ");
    assert!(browser.text(COUNT).parse::<usize>().unwrap() > 90);
}

#[test]
fn without_scripts_every_folder_is_open() {
    let settings = BrowserSettings {
        no_scripts: true,
        ..BrowserSettings::default()
    };
    let Some(browser) = Browser::start("without_scripts_every_folder_is_open", settings) else {
        return;
    };
    let recorded = long_project();
    assert_eq!(recorded.html(&["--directory=out"]).code, 0);
    browser.open(&recorded.url("out/index.html"));
    assert!(browser.text(COUNT).parse::<usize>().unwrap() > 90);
    browser.expect(
        "return String(document.querySelectorAll('main button').length)",
        "0",
    );
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
    assert_eq!(recorded.html(&["--directory=out"]).code, 0);
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
