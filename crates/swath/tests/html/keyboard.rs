//! From hole to hole and from file to file with the keys; links into a file.

use swath_test::{Browser, BrowserSettings};

use crate::recorded::Recorded;

const FOCUS: &str = "return document.activeElement.textContent.trim().split(' next')[0]";

#[test]
fn keys_lead_from_hole_to_hole() {
    let Some(browser) = Browser::start("keys_lead_from_hole_to_hole", BrowserSettings::default())
    else {
        return;
    };
    let recorded = Recorded::example();
    assert_eq!(recorded.html(&["--directory=out"]).code, 0);
    browser.open(&recorded.url(&recorded.page("out", "xy-geometry")));
    let holes = browser.run("return [...document.querySelectorAll('.src tbody.h th[scope]')].map(h => h.textContent.trim().split(' next')[0])");
    let holes: Vec<String> = holes
        .as_array()
        .unwrap()
        .iter()
        .map(|hole| hole.as_str().unwrap().to_owned())
        .collect();
    assert!(holes.len() > 2, "{holes:?}");
    let mut seen = Vec::new();
    for _ in 0..200 {
        let before = browser.text("return location.hash");
        browser.press("n");
        if browser.text("return location.hash") == before {
            break;
        }
        let focus = browser.text(FOCUS);
        if focus.starts_with('✗') {
            seen.push(focus);
        }
        let shown = "const box = document.querySelector('.here').getBoundingClientRect(); return box.top >= document.querySelector('.bar').getBoundingClientRect().bottom - 1 && box.top < innerHeight";
        browser.expect(shown, "true");
    }
    // The first of a row of single lines has its state behind its number.
    assert_eq!(
        seen.iter().filter(|focus| holes.contains(focus)).count(),
        holes.len()
    );
    browser.press("p");
    browser.expect(
        "return String(document.querySelectorAll('.here').length)",
        "1",
    );

    // Keys are letters in a filter, and nothing once they are off.
    let here = browser.text("return location.pathname");
    browser.press("]");
    browser.expect(&format!("return location.pathname !== '{here}'"), "true");
    browser.press("[");
    browser.expect(&format!("return location.pathname === '{here}'"), "true");
    browser.press("?");
    browser.expect("return document.querySelector('dialog').open", "true");
    browser.click("dialog input");
    browser.click("dialog button");
    browser.press("u");
    browser.expect("return location.pathname.endsWith('/index.html')", "false");
    browser.press("?");
    browser.click("dialog input");
    browser.click("dialog button");
    browser.press("u");
    browser.expect("return location.pathname.endsWith('/index.html')", "true");
    browser.press("/");
    browser.press("nup?");
    browser.expect(
        "return document.querySelector('.filter input').value",
        "nup?",
    );
}

#[test]
fn links_lead_to_lines_ranges_and_functions() {
    let Some(browser) = Browser::start(
        "links_lead_to_lines_ranges_and_functions",
        BrowserSettings::default(),
    ) else {
        return;
    };
    let recorded = Recorded::example();
    assert_eq!(recorded.html(&["--directory=out"]).code, 0);
    let page = recorded.url(&recorded.page("out", "xy-geometry"));
    browser.open(&format!("{page}#L20"));
    browser.expect("return document.querySelector(':target').id", "L20");
    browser.expect("const box = document.querySelector(':target').getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight", "true");
    browser.open("about:blank");
    browser.open(&format!("{page}#L20-22"));
    browser.expect(
        "return [...document.querySelectorAll('.here')].map(r => r.id).join()",
        "L20,L21,L22",
    );
    let function = browser.text("return document.querySelector('[id^=f-]').id");
    browser.open("about:blank");
    browser.open(&format!("{page}#{function}"));
    browser.expect("return document.querySelector(':target').id", &function);
}

#[test]
fn states_can_be_hidden_and_only_holes_shown() {
    let Some(browser) = Browser::start(
        "states_can_be_hidden_and_only_holes_shown",
        BrowserSettings::default(),
    ) else {
        return;
    };
    let recorded = Recorded::example();
    assert_eq!(recorded.html(&["--directory=out"]).code, 0);
    browser.open(&recorded.url(&recorded.page("out", "xy-geometry")));
    let ground = "return getComputedStyle(document.querySelector('.src .m[id]')).backgroundColor";
    let painted = browser.text(ground);
    browser.click(".counts .m button");
    browser.expect(
        "return document.querySelector('.counts .m button').ariaPressed",
        "false",
    );
    assert_ne!(browser.text(ground), painted);
    let shown =
        "return [...document.querySelectorAll('.src tbody tr')].filter(r => r.offsetParent).length";
    let all: usize = browser.text(shown).parse().unwrap();
    browser.run("[...document.querySelectorAll('.counts button')].find(b => b.textContent === 'Only holes').click()");
    let some: usize = browser.text(shown).parse().unwrap();
    assert!(some < all && some > 0, "{some} of {all}");
}

#[test]
fn a_long_file_is_walked_as_any_other() {
    let test = "a_long_file_is_walked_as_any_other";
    let Some(browser) = Browser::start(test, BrowserSettings::default()) else {
        return;
    };
    let sources = swath_test::temp_dir();
    let text = "def f(a):\n    return a\n\n\n".repeat(2000);
    fs_err::write(sources.path().join("long.py"), text).unwrap();
    let recorded = Recorded::of_folder(sources.path());
    assert_eq!(recorded.html(&["--directory=out"]).code, 0);
    let page = recorded.url(&recorded.page("out", "long-py"));
    browser.open(&format!("{page}#L6001"));
    // Parts far from the window are not laid out, and a link leads there all the same.
    let is_seen = |selector: &str| {
        format!(
            "const box = document.querySelector('{selector}').getBoundingClientRect(); return box.top >= document.querySelector('.bar').getBoundingClientRect().bottom - 1 && box.bottom <= innerHeight"
        )
    };
    browser.expect(&is_seen(":target"), "true");
    browser.expect("return document.querySelector(':target').id", "L6001");
    for _ in 0..3 {
        browser.press("n");
        browser.expect(&is_seen(".here"), "true");
    }
    browser.press("p");
    browser.expect(&is_seen(".here"), "true");
    browser.expect(
        "return document.activeElement.textContent.startsWith('✗ missed') || document.activeElement.matches('.p')",
        "true",
    );
}
