//! Everything can be read without scripts, under the policy with which Jenkins serves artifacts.

use swath_test::{Browser, BrowserSettings};

use crate::recorded::Recorded;
use crate::server::serve;

#[test]
fn a_strict_policy_takes_nothing_from_the_reader() {
    let Some(browser) = Browser::start(
        "a_strict_policy_takes_nothing_from_the_reader",
        BrowserSettings {
            no_scripts: true,
            ..BrowserSettings::default()
        },
    ) else {
        return;
    };
    let recorded = Recorded::example();
    assert_eq!(recorded.html(&["--directory=out"]).code, 0);
    let address = serve(&recorded.path("out"));
    browser.open(&format!("{address}/index.html"));
    // The script did not run, the style sheet did its work.
    browser.expect(
        "return String(document.querySelectorAll('.tools, .filter').length)",
        "0",
    );
    browser.expect("return String(document.styleSheets.length)", "1");
    browser.expect(
        "return getComputedStyle(document.querySelector('.top')).display",
        "flex",
    );
    browser.expect(
        "return document.querySelector('.trust').innerText.includes('no accounting')",
        "true",
    );
    let rows = browser.text("return [...document.querySelectorAll('.files tbody tr')].filter(r => r.offsetParent).length");
    assert!(rows.parse::<usize>().unwrap() > 5, "{rows}");

    // By links alone: the holes, the first of them, the next one.
    browser.click("nav a[href='holes.html']");
    browser.expect("return document.querySelector('h1').textContent", "Holes");
    browser.click(".holes tbody a");
    browser.expect(
        "return location.pathname.startsWith('/f/') && location.hash.startsWith('#L')",
        "true",
    );
    browser.expect(
        "return document.querySelector(':target .h, tr:target').innerText.length > 0",
        "true",
    );
    browser.click(".src .h a[href^='#H'], .src .h a[href^='#L']");
    let words = browser.text("return document.querySelector('main').innerText");
    for word in ["missed, line", "✗ missed", "function", "hole"] {
        assert!(words.contains(word), "{word} is not in {words}");
    }
}
