//! What a page may not hold: anything from outside that is markup, and anything that a strict policy forbids.

use swath_data::Mode;
use swath_model::Finding;
use swath_report::{AttributionRows, Piece, render_attribution};

use crate::model::{Project, page, recorded};

const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\"'&\u{202e}\u{1b}[2J\n.py";

fn hostile() -> Project {
    let mut project = Project::empty(Mode::Arcs);
    let source = format!(
        "def f(a):\n    return r'''{HOSTILE}'''\n# \u{202e}</td><script>\t\u{7f}\n'''<!--\n-->'''\n"
    );
    project.add(
        &format!("a/{}", HOSTILE.replace('/', "|")),
        &source,
        &[HOSTILE],
        &[(-1, 1), (1, 4), (4, -1)],
    );
    HOSTILE.clone_into(&mut project.config.html_title);
    project.data.accounting.processes = vec![swath_data::ProcessRecord {
        service: Some(HOSTILE.to_owned()),
        state: swath_model::AgentState::named(HOSTILE),
        command: vec![HOSTILE.to_owned()],
        ..swath_data::ProcessRecord::default()
    }];
    let endpoint = swath_data::Endpoint {
        service: HOSTILE.to_owned(),
        route: HOSTILE.to_owned(),
        method: HOSTILE.to_owned(),
    };
    let attribution = &mut project.data.accounting.attribution;
    attribution.add_test(HOSTILE, Some(HOSTILE));
    attribution.add_call(&endpoint, HOSTILE, Some(200));
    project.data.accounting.runs = vec![swath_data::RunRecord {
        id: HOSTILE.to_owned(),
        facts: vec![
            ("command".to_owned(), HOSTILE.to_owned()),
            ("finding".to_owned(), recorded(&hostile_finding())),
        ],
    }];
    project
}

fn hostile_finding() -> Finding {
    Finding::ServiceEnded {
        service: HOSTILE.to_owned(),
        how: HOSTILE.to_owned(),
        last_output: vec![HOSTILE.to_owned()],
        log: Some(HOSTILE.to_owned()),
    }
}

fn html(pages: &[Piece]) -> impl Iterator<Item = (&str, &str)> {
    let pages = pages
        .iter()
        .filter(|piece| !piece.name.starts_with("swath."));
    pages.map(|piece| {
        (
            piece.name.as_str(),
            std::str::from_utf8(&piece.bytes).unwrap(),
        )
    })
}

#[test]
fn nothing_from_outside_is_markup() {
    let pages = hostile().pages(|options| options.show_contexts = true);
    assert!(pages.len() > 5);
    for (name, text) in html(&pages) {
        assert!(!name.contains(['"', '<', '\n', '\u{202e}']), "{name:?}");
        for forbidden in [
            "<img",
            "onerror=a",
            "</script><",
            "\u{202e}",
            "\u{1b}",
            "<!--",
            "\u{0}",
        ] {
            let text = text.replace("onerror=alert(1)&gt;", "");
            assert!(!text.contains(forbidden), "{forbidden:?} in {name}: {text}");
        }
    }
    assert!(page(&pages, "index.html").contains("&lt;img src=x"));
}

#[test]
fn one_file_holds_no_end_of_its_blocks() {
    let pages = hostile().pages(|options| {
        options.single_file = true;
        options.show_contexts = true;
        options.extra_css = Some(b"</style><p>".to_vec());
    });
    assert_eq!(pages.len(), 1);
    let text = page(&pages, "index.html");
    assert_eq!(
        text.matches("<script").count(),
        text.matches("</script>").count()
    );
    assert_eq!(text.matches("</style>").count(), 2);
    assert!(!text.contains("<img"));
    assert!(text.contains("id=\"page:f/"));
}

#[test]
fn nothing_needs_what_a_strict_policy_forbids() {
    for (name, text) in html(&Project::shop().pages(|options| options.show_contexts = true)) {
        for forbidden in [
            " style=",
            "<style",
            " onclick",
            "javascript:",
            "http:",
            "https:",
            "data:",
            "<iframe",
            "<img",
        ] {
            assert!(!text.contains(forbidden), "{forbidden:?} in {name}");
        }
        assert_eq!(text.matches("<script").count(), 1, "{name}");
        assert_eq!(text.matches("swath.js\"></script>").count(), 1, "{name}");
    }
}

#[test]
fn ids_are_unique_and_links_lead_somewhere() {
    let pages = Project::shop().pages(|options| options.show_contexts = true);
    let names: Vec<&str> = pages.iter().map(|piece| piece.name.as_str()).collect();
    let after = |text: &'static str| {
        move |part: &str| {
            part.split([' ', '>', '"'])
                .find(|word| !word.is_empty())
                .map(str::to_owned)
                .filter(|_| !text.is_empty())
        }
    };
    for (name, text) in html(&pages) {
        let ids: Vec<String> = text.split(" id=").skip(1).filter_map(after("id")).collect();
        let mut unique = ids.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), ids.len(), "{name}: {ids:?}");
        for link in text.split(" href=").skip(1).filter_map(after("href")) {
            let (page, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let page = page.trim_start_matches("../");
            assert!(page.is_empty() || names.contains(&page), "{link} in {name}");
            if page.is_empty() && !anchor.is_empty() {
                assert!(ids.iter().any(|id| id == anchor), "{link} in {name}");
            }
        }
    }
}

#[test]
fn every_line_of_any_text_has_a_row() {
    let long = format!("x = '{}'\n", "a".repeat(100_000));
    let cases: [(&[u8], usize, &str); 6] = [
        (b"# coding: latin-1\nx = '\xe9'\n", 2, "<i>'é'</i>"),
        (b"a = 1\r\nb = 2\r\n", 2, "b = 2\n"),
        (b"if 1:\n\tx = 1", 2, "\tx = 1\n"),
        (b"\xef\xbb\xbfa = 1\n\x0c\nb = 2\n", 3, "b = 2\n"),
        ("x = 'a\u{2028}b'\ny = 'ж文'\n".as_bytes(), 2, "[U+2028]"),
        (long.as_bytes(), 1, "aaaa'</i>\n"),
    ];
    for (source, lines, text) in cases {
        let mut project = Project::empty(Mode::Lines);
        project.add_lines("a.py", "", 1..2);
        fs_err::write(project.directory().absolute("a.py"), source).unwrap();
        let pages = project.pages(|_| ());
        let page = page(&pages, "f/a-py");
        assert_eq!(page.matches("<tr id=L").count(), lines, "{source:?}");
        assert!(page.contains(text), "{text:?} is not in {page}");
        assert!(!page.contains('\r'), "{page}");
    }
}

#[test]
fn a_text_that_is_gone_leaves_its_numbers() {
    let project = Project::shop();
    let report = project.report();
    let options = swath_report::HtmlOptions::from_config(&project.config).unwrap();
    let pages = std::sync::Mutex::new(Vec::new());
    let put = |piece| -> Result<(), std::convert::Infallible> {
        pages.lock().unwrap().push(piece);
        Ok(())
    };
    swath_report::render_html(&report, &project.data, &options, &|_| None, &put).unwrap();
    let pages = pages.into_inner().unwrap();
    let page = page(&pages, "f/shop-app");
    assert!(
        page.contains("The source is gone") && page.contains("missed"),
        "{page}"
    );
}

#[test]
fn nothing_from_outside_steers_the_terminal() {
    let project = hostile();
    let report = swath_coverage::AttributionReport::new(&project.data, &project.report(), None);
    for rows in [AttributionRows::Tests, AttributionRows::Endpoints] {
        for markdown in [false, true] {
            let text = render_attribution(&report, rows, None, markdown);
            let is_steering = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!text.contains(is_steering), "{text:?}");
        }
    }
}
