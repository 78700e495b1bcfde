//! The requests of a real browser that is driven from Python.

use std::collections::BTreeSet;

use swath_test::{Guard, free_port, venv};

use crate::stage::{Stage, python_for_all, requirements, stop};

/// Where a program is on the path.
fn program(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

#[test]
fn a_browser_sends_the_test_that_drives_it() {
    let test = "a_browser_sends_the_test_that_drives_it";
    let (Some(chromium), Some(driver)) = (program("chromium"), program("chromedriver")) else {
        return swath_test::skip(test, "chromium and chromium-driver");
    };
    let Some(python) = python_for_all() else {
        return swath_test::skip(test, "no CPython");
    };
    let Some(environment) = venv(python, &requirements()) else {
        return;
    };
    let stage = Stage::new(environment);
    let port = free_port();
    let words = format!("gunicorn --threads 4 -b 127.0.0.1:{port} flask_app:app");
    let mut server = Guard::spawn(&mut stage.command("server", "apps", &words)).unwrap();
    stage.wait_for_server("server", &mut server, port);
    let words = "python -m pytest -q -p no:cacheprovider --rootdir . test_browsers.py";
    let mut command = stage.command("browser", ".", words);
    command
        .env("STAND_IN_PORT", port.to_string())
        .env("STAND_IN_CHROMIUM", chromium)
        .env("STAND_IN_CHROMEDRIVER", driver);
    assert!(
        stage.run("browser", &mut command),
        "{}",
        stage.output("browser")
    );
    stop(&mut server);
    let expected: BTreeSet<(String, String)> = [
        ("playwright", 1, &[10, 20, 30, 40][..]),
        ("playwright", 2, &[10, 20, 30, 40]),
        ("selenium", 3, &[10, 20]),
        ("selenium", 4, &[10, 20]),
    ]
    .iter()
    .flat_map(|(tool, number, tens)| {
        let test = format!("test_browsers.py::test_{tool}[{number}]|run");
        tens.iter()
            .map(move |ten| (format!("point {}", ten + number), test.clone()))
    })
    .collect();
    let seen: BTreeSet<(String, String)> = stage
        .log("server")
        .ran()
        .into_iter()
        .filter(|(place, _)| place.starts_with("point"))
        .map(|(place, context)| (place, context[1].clone()))
        .collect();
    assert_eq!(seen, expected);
    let headers = stage.log("browser").texts("header");
    for header in headers
        .iter()
        .filter(|header| header.contains("test_playwright"))
    {
        assert!(header.contains("own=1,swath.test="), "{header}");
    }
}
