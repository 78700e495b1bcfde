//! The report of a large package from the Python Package Index.

use swath_test::{Browser, BrowserSettings, Requirements, newest_python, skip, venv};

use crate::recorded::Recorded;

const PACKAGE: &str = "django==5.2";

#[test]
fn a_large_package_is_read_as_easily() {
    let test = "a_large_package_is_read_as_easily";
    let Some(browser) = Browser::start(test, BrowserSettings::default()) else {
        return;
    };
    let requirements = Requirements::new([PACKAGE]);
    let environment = newest_python().and_then(|python| venv(python, &requirements));
    let Some(environment) = environment else {
        skip(test, PACKAGE);
        return;
    };
    let (major, minor) = environment.version();
    let packages = format!("lib/python{major}.{minor}/site-packages/django");
    let recorded = Recorded::of_folder(&environment.folder().join(packages));
    let done = recorded.html(&["--skip-covered", "--directory", "out"]);
    assert_eq!((done.code, done.stdout.as_str()), (0, ""));

    let rows =
        "return String(document.querySelectorAll('.files tbody:last-child tr').length > NUMBER)";
    browser.open(&recorded.url("out/index.html"));
    // Folded until it fits on a screen; all of it is one press away.
    browser.expect(&rows.replace("NUMBER", "60"), "false");
    browser.run("[...document.querySelectorAll('.filter button')].at(-1).click()");
    browser.expect(&rows.replace("NUMBER", "500"), "true");
    // The largest hole is one click away, and the next one a key.
    browser.click(".worst a");
    browser.expect("return location.hash.startsWith('#L')", "true");
    browser.expect(
        "const box = document.querySelector(':target').getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight",
        "true",
    );
    browser.press("n");
    browser.expect(
        "return String(document.querySelectorAll('.here').length)",
        "1",
    );
    browser.press("u");
    browser.expect("return location.pathname.endsWith('/index.html')", "true");
    browser.press("/");
    browser.press("admin views");
    browser.expect(
        "return [...document.querySelectorAll('.files tbody:last-child tr:not(.f)')].length > 3",
        "true",
    );
    browser.expect(
        "return [...document.querySelectorAll('.files tbody:last-child tr:not(.f) a')].every(a => /admin.*views/.test(a.href))",
        "true",
    );

    browser.open(&recorded.url("out/files.html"));
    browser.expect(&rows.replace("NUMBER", "500"), "true");
    browser.click(".files thead th:nth-child(3) button");
    browser.expect("const n = [...document.querySelectorAll('.files tbody:last-child tr')].map(r => Number(r.cells[2].textContent)); return n.every((v, i) => !i || n[i - 1] >= v)", "true");
}
