//! axe-core's rules find nothing, in the light and in the dark.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use swath_test::{Browser, BrowserSettings, Python, pythons, skip, target_dir};

use crate::recorded::Recorded;

/// The wheel that carries the script; it is used here and not part of the repository.
const WHEEL: &str = "axe-playwright-python==0.1.8";

/// The rules, as a script; `None` where they cannot be had.
fn axe() -> Option<String> {
    let folder = target_dir().join("axe");
    let script = folder.join("axe.min.js");
    if !script.exists() {
        let python = pythons().iter().rev().find(|python| has_pip(python))?;
        fs_err::create_dir_all(&folder).ok()?;
        let mut download = Command::new(&python.path);
        download
            .args(["-m", "pip", "download", "--quiet", "--no-deps", "--dest"])
            .arg(&folder)
            .arg(WHEEL);
        if !download
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok()?
            .success()
        {
            return None;
        }
        let wheels = fs_err::read_dir(&folder)
            .ok()?
            .flatten()
            .map(|entry| entry.path());
        let wheel: PathBuf = wheels
            .filter(|path| path.extension().is_some_and(|it| it == "whl"))
            .max()?;
        let extract = "import os, sys, zipfile\nwheel = zipfile.ZipFile(sys.argv[1])\nname = next(n for n in wheel.namelist() if n.endswith('axe.min.js'))\npart = f'{sys.argv[2]}.{os.getpid()}'\nopen(part, 'wb').write(wheel.read(name))\nos.replace(part, sys.argv[2])";
        let status = Command::new(&python.path)
            .arg("-c")
            .arg(extract)
            .arg(wheel)
            .arg(&script)
            .status();
        if !status.ok()?.success() {
            return None;
        }
    }
    fs_err::read_to_string(script).ok()
}

/// The newest Pythons come without pip.
fn has_pip(python: &Python) -> bool {
    let mut command = Command::new(&python.path);
    command
        .args(["-m", "pip", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Gives each violation with the first elements that show it.
const RUN_AXE: &str = "axe.run().then(r => done(r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html + ' ' + n.failureSummary).join(' | '))));";

fn check(test: &str, settings: BrowserSettings) {
    let Some(browser) = Browser::start(test, settings) else {
        return;
    };
    let Some(axe) = axe() else {
        skip(test, WHEEL);
        return;
    };
    let recorded = Recorded::accounted();
    assert_eq!(
        recorded
            .html(&["--directory=out", "--fail-under=1", "--show-contexts"])
            .code,
        0
    );
    let pages = [
        "index.html",
        "files.html",
        "holes.html",
        "runs.html",
        "tests.html",
        "endpoints.html",
    ];
    let pages = pages.map(|name| format!("out/{name}"));
    for page in pages.into_iter().chain([
        recorded.page("out", "xy-geometry"),
        recorded.page_in("out", "t", "test_near"),
    ]) {
        browser.open(&recorded.url(&page));
        // In one go: a page that is still about to be replaced would take axe with it.
        let found = browser.run_later(&format!("const done = arguments[0];\n{axe}\n{RUN_AXE}"));
        assert_eq!(found.as_array().map(Vec::len), Some(0), "{page}: {found:#}");
    }
}

#[test]
fn nothing_stands_in_anybodys_way() {
    check("nothing_stands_in_anybodys_way", BrowserSettings::default());
}

#[test]
fn nothing_stands_in_anybodys_way_in_the_dark() {
    check(
        "nothing_stands_in_anybodys_way_in_the_dark",
        BrowserSettings {
            dark: true,
            ..BrowserSettings::default()
        },
    );
}
