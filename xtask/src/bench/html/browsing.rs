//! Large pages in a real browser.

use std::path::Path;
use std::time::Instant;

use swath_test::{Browser, BrowserSettings};

use super::super::median::median;

/// Milliseconds.
pub(super) struct Browsed {
    pub(super) file_load: f64,
    pub(super) next_hole: f64,
    pub(super) index_load: f64,
    pub(super) list_load: f64,
    pub(super) filter_key: f64,
}

/// Ends when what was changed is painted.
const PAINTED: &str =
    "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(1)));";
const FILTER: &str = "\
const done = arguments[0], input = document.querySelector('.filter input'), start = performance.now();
input.value = 'TEXT'; input.dispatchEvent(new Event('input'));
requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));";
const NEXT_HOLE: &str = "\
const done = arguments[0], start = performance.now();
document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'n', bubbles: true }));
requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));";

/// Opens the pages of a report so many times; `None` where there is no browser.
pub(super) fn browse(report: &Path, file: &Path, rounds: u32) -> Option<Browsed> {
    let browser = Browser::start("bench html", BrowserSettings::default())?;
    let time = |path: &Path| {
        let loads = (0..rounds).map(|_| load(&browser, path));
        median(loads).unwrap_or(f64::NAN)
    };
    let index_load = time(&report.join("index.html"));
    let list_load = time(&report.join("files.html"));
    let filter_key = ["m", "mo", "mod", "module_1", "module_1 9"]
        .iter()
        .map(|text| milliseconds(&browser, &FILTER.replace("TEXT", text)))
        .fold(0.0, f64::max);
    let file_load = time(file);
    let jumps = (0..5).map(|_| milliseconds(&browser, NEXT_HOLE));
    let browsed = Browsed {
        file_load,
        next_hole: median(jumps).unwrap_or(f64::NAN),
        index_load,
        list_load,
        filter_key,
    };
    Some(browsed)
}

/// From the address to the painted page.
fn load(browser: &Browser, path: &Path) -> f64 {
    browser.open("about:blank");
    let start = Instant::now();
    browser.open(&format!("file://{}", path.display()));
    browser.run_later(PAINTED);
    start.elapsed().as_secs_f64() * 1000.0
}

fn milliseconds(browser: &Browser, script: &str) -> f64 {
    browser.run_later(script).as_f64().unwrap_or(f64::NAN)
}
