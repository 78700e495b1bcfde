//! Windows of any width, print, and colours that the system dictates.

use serde_json::json;
use swath_test::{Browser, BrowserSettings};

use crate::recorded::Recorded;

/// Every kind of page.
fn pages(recorded: &Recorded) -> Vec<String> {
    let fixed = ["index.html", "files.html", "holes.html", "runs.html"];
    let fixed = fixed.map(|name| format!("out/{name}"));
    let page = recorded.page("out", "xy-geometry");
    fixed.into_iter().chain([page]).collect()
}

#[test]
fn a_phone_and_a_zoom_of_400_percent_are_wide_enough() {
    let test = "a_phone_and_a_zoom_of_400_percent_are_wide_enough";
    let Some(browser) = Browser::start(test, BrowserSettings::default()) else {
        return;
    };
    let recorded = Recorded::accounted();
    assert_eq!(recorded.html(&["--directory=out"]).code, 0);
    // A window of 1280 pixels at 400 % is one of 320.
    for (width, scale) in [(360, 1), (320, 4)] {
        let size =
            json!({ "width": width, "height": 640, "deviceScaleFactor": scale, "mobile": false });
        browser.devtools("Emulation.setDeviceMetricsOverride", &size);
        for page in pages(&recorded) {
            browser.open(&recorded.url(&page));
            browser.expect("return String(innerWidth)", &width.to_string());
            // Wide tables scroll in boxes of their own.
            browser.expect(
                "return document.documentElement.scrollWidth <= innerWidth || `${document.documentElement.scrollWidth} on ${location.pathname}`",
                "true",
            );
        }
        // What sticks to the top leaves room for the source.
        browser.expect(
            "return document.querySelector('.bar').offsetHeight < innerHeight / 2 || getComputedStyle(document.querySelector('.bar')).position === 'static'",
            "true",
        );
    }
}

#[test]
fn print_shows_the_holes_in_words() {
    let Some(browser) =
        Browser::start("print_shows_the_holes_in_words", BrowserSettings::default())
    else {
        return;
    };
    let recorded = Recorded::example();
    assert_eq!(recorded.html(&["--directory=out"]).code, 0);
    browser.open(&recorded.url(&recorded.page("out", "xy-geometry")));
    browser.devtools("Emulation.setEmulatedMedia", &json!({ "media": "print" }));
    let shown = |selector: &str| {
        format!(
            "return String([...document.querySelectorAll('{selector}')].filter(e => e.offsetParent).length > 0)"
        )
    };
    browser.expect(&shown(".src .m"), "true");
    browser.expect(&shown(".src tbody:not(.h) .r"), "false");
    browser.expect(&shown(".top"), "false");
    // The word is not cut off.
    browser.expect(
        "const cell = document.querySelector('.src .m[id] td'); return cell.innerText === '✗ missed' && cell.scrollWidth <= cell.clientWidth + 1",
        "true",
    );
}

#[test]
fn states_are_told_without_colours() {
    let Some(browser) = Browser::start(
        "states_are_told_without_colours",
        BrowserSettings::default(),
    ) else {
        return;
    };
    let recorded = Recorded::example();
    assert_eq!(recorded.html(&["--directory=out"]).code, 0);
    browser.open(&recorded.url(&recorded.page("out", "xy-geometry")));
    let forced = json!({ "features": [{ "name": "forced-colors", "value": "active" }] });
    browser.devtools("Emulation.setEmulatedMedia", &forced);
    browser.expect(
        "return matchMedia('(forced-colors: active)').matches",
        "true",
    );
    for (row, glyph) in [(".m[id]", '✗'), (".r", '✓')] {
        browser.expect(
            &format!("return document.querySelector('.src {row} td').textContent.trim()[0]"),
            &glyph.to_string(),
        );
    }
    browser.expect(
        "return getComputedStyle(document.querySelector('.src .m[id] td:last-child')).textDecorationLine",
        "underline",
    );
}
