//! The whole report in one file, for mailing.

use std::fmt::Write as _;

use super::layout::{self, Place};
use super::site::Site;
use super::{CHANGES_STYLE, Piece, SCRIPT, STYLE, file_page, overview_pages, tests_page};

/// The index, with every other page as data that the script shows when it is asked for.
pub(super) fn piece(site: &Site<'_>) -> Piece {
    let mut out = String::new();
    let mut others = String::new();
    let mut index = String::new();
    for (name, page) in overview_pages(site) {
        if name == "index.html" {
            inner(&page).clone_into(&mut index);
        } else {
            push_data(&mut others, &name, inner(&page));
        }
    }
    for (place, page) in site.pages.iter().enumerate() {
        let mut main = String::new();
        file_page::push_main(&mut main, site, place);
        push_data(&mut others, &page.name, &main);
    }
    for (place, name) in site.test_pages.iter().enumerate() {
        let mut main = String::new();
        tests_page::push_test(&mut main, site, place);
        push_data(&mut others, name, &main);
    }
    layout::push_start(&mut out, site, "");
    let _ = writeln!(out, "<style>\n{STYLE}</style>");
    if !site.options.changed.is_empty() {
        let _ = writeln!(out, "<style>\n{CHANGES_STYLE}</style>");
    }
    if let Some(style) = &site.options.extra_css {
        // The one way out of a style element is its end tag.
        let style = String::from_utf8_lossy(style).replace("</", "<\\/");
        let _ = writeln!(out, "<style>\n{style}</style>");
    }
    let _ = writeln!(out, "<script>\n{SCRIPT}</script>");
    layout::push_body(&mut out, site, Place::Index, |out| out.push_str(&index));
    let end = out.rfind("</body>").unwrap_or(out.len());
    out.insert_str(end, &others);
    Piece {
        name: "index.html".to_owned(),
        bytes: out.into_bytes(),
    }
}

/// What stands in `main` of a page.
fn inner(page: &str) -> &str {
    let start = page
        .find("<main")
        .and_then(|at| page[at..].find('>').map(|end| at + end + 1));
    let end = page.rfind("</main>").unwrap_or(page.len());
    page.get(start.unwrap_or(0)..end).unwrap_or(page)
}

/// A block that browsers do not look into. Everything from outside is escaped already, so that
/// nothing in it can end it.
fn push_data(out: &mut String, name: &str, main: &str) {
    let _ = writeln!(
        out,
        "<script type=\"text/plain\" id=\"page:{name}\">{main}</script>"
    );
}
