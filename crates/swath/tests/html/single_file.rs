//! The whole report in one file.

use swath_test::{Browser, BrowserSettings};

use crate::recorded::Recorded;

#[test]
fn one_file_shows_every_page() {
    let Some(browser) = Browser::start("one_file_shows_every_page", BrowserSettings::default())
    else {
        return;
    };
    let recorded = Recorded::example();
    assert_eq!(recorded.html(&["--single-file", "--directory=one"]).code, 0);
    assert!(!recorded.path("one/f").exists() && !recorded.path("one/swath.js").exists());
    browser.open(&recorded.url("one/index.html"));
    browser.expect(
        "return document.querySelector('h1').textContent.endsWith('covered')",
        "true",
    );
    browser.click("nav a[href='holes.html']");
    browser.expect("return document.querySelector('h1').textContent", "Holes");
    browser.click(".holes tbody a");
    browser.expect("return Boolean(document.querySelector('.src'))", "true");
    browser.expect("return /^#f.*:L\\d+$/.test(location.hash)", "true");
    browser.press("n");
    browser.expect(
        "return String(document.querySelectorAll('.here').length)",
        "1",
    );
    let address = browser.text("return location.href");
    browser.open("about:blank");
    browser.open(&address);
    browser.expect("return Boolean(document.querySelector('.src'))", "true");
    browser.press("u");
    browser.expect(
        "return document.querySelector('h1').textContent.endsWith('covered')",
        "true",
    );
    // A page that is shown again is set up once.
    browser.expect(
        "return String(document.querySelectorAll('.filter input').length)",
        "1",
    );
    browser.press("/");
    browser.press("geom");
    browser.expect(
        "return [...document.querySelectorAll('.files tbody:last-child tr:not(.f) a')].map(a => a.textContent).join()",
        "geometry.py",
    );
}
