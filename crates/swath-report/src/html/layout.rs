//! The frame of every page.

use std::fmt::Write as _;

use super::escape::push_text;
use super::site::Site;

/// The style sheet of marks of changed lines, in the report's folder.
pub(super) const CHANGES: &str = "changes.css";
/// The user's own style sheet, in the report's folder.
pub(super) const EXTRA_STYLE: &str = "extra.css";

/// The pages that the navigation leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Index,
    Files,
    Holes,
    Runs,
    Tests,
    Endpoints,
    Words,
    /// A page below one of the report's folders.
    Below,
}

impl Place {
    fn file(self) -> &'static str {
        match self {
            Self::Index | Self::Below => "index.html",
            Self::Files => "files.html",
            Self::Holes => "holes.html",
            Self::Runs => "runs.html",
            Self::Tests => "tests.html",
            Self::Endpoints => "endpoints.html",
            Self::Words => "words.html",
        }
    }

    /// The way from a page to the report's folder.
    pub(super) fn up(self) -> &'static str {
        if self == Self::Below { "../" } else { "" }
    }
}

/// A page: its head, the navigation, and `main` inside.
pub(super) fn page(site: &Site<'_>, place: Place, heading: &str, main: &str) -> String {
    let mut out = String::with_capacity(main.len() + 2048);
    push_page(&mut out, site, place, heading, |out| out.push_str(main));
    out
}

/// Appends a page whose `main` is appended by `push_main`: no copy is made of it.
pub(super) fn push_page(
    out: &mut String,
    site: &Site<'_>,
    place: Place,
    heading: &str,
    push_main: impl FnOnce(&mut String),
) {
    push_start(out, site, heading);
    let up = place.up();
    let _ = writeln!(out, "<link rel=stylesheet href=\"{up}swath.css\">");
    if !site.options.changed.is_empty() {
        let _ = writeln!(out, "<link rel=stylesheet href=\"{up}{CHANGES}\">");
    }
    if site.options.extra_css.is_some() {
        let _ = writeln!(out, "<link rel=stylesheet href=\"{up}{EXTRA_STYLE}\">");
    }
    // Not deferred: a chosen theme is there before anything is painted.
    let _ = writeln!(out, "<script src=\"{up}swath.js\"></script>");
    push_body(out, site, place, push_main);
}

/// The doctype and the head up to its title.
pub(super) fn push_start(out: &mut String, site: &Site<'_>, heading: &str) {
    push_head(out, heading, &site.options.title);
}

/// The same for a page that belongs to no site.
fn push_head(out: &mut String, heading: &str, title: &str) {
    out.push_str(
        "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\n\
         <meta name=color-scheme content=\"light dark\">\n<meta name=robots content=noindex>\n<title>",
    );
    if !heading.is_empty() {
        push_text(out, heading);
        out.push_str(" · ");
    }
    push_text(out, title);
    out.push_str("</title>\n");
}

/// Appends the paragraph that a page begins with.
pub(super) fn push_lead(out: &mut String, text: &str) {
    out.push_str("<p class=lead>");
    push_text(out, text);
    out.push_str("</p>\n");
}

/// Everything of a page that belongs to no site, up to what `main` holds. `up` leads to the folder of
/// the style sheets, of which it has `swath.css` and its own, `NAME.css`.
pub(crate) fn push_lone_start(out: &mut String, heading: &str, title: &str, up: &str, name: &str) {
    push_head(out, heading, title);
    let _ = write!(
        out,
        "<link rel=stylesheet href=\"{up}swath.css\">\n<link rel=stylesheet href=\"{up}{name}.css\">\n\
         </head>\n<body>\n<main id=main>\n"
    );
}

/// What such a page ends with.
pub(crate) fn push_lone_end(out: &mut String) {
    out.push_str("</main>\n<footer><p>Made by swath ");
    out.push_str(env!("CARGO_PKG_VERSION"));
    out.push_str(".</p></footer>\n</body>\n</html>\n");
}

/// Everything from the body on.
pub(super) fn push_body(
    out: &mut String,
    site: &Site<'_>,
    place: Place,
    push_main: impl FnOnce(&mut String),
) {
    out.push_str("</head>\n<body>\n<a class=skip href=#main>Skip to the content</a>\n");
    push_navigation(out, site, place);
    out.push_str("<main id=main tabindex=-1>\n");
    push_main(out);
    out.push_str("</main>\n<footer><p>Made by swath ");
    out.push_str(env!("CARGO_PKG_VERSION"));
    out.push_str(". Numbers are those of coverage.py.</p></footer>\n</body>\n</html>\n");
}

fn push_navigation(out: &mut String, site: &Site<'_>, place: Place) {
    let up = place.up();
    let _ = write!(
        out,
        "<header class=top><a class=title href=\"{up}index.html\">"
    );
    push_text(out, &site.options.title);
    out.push_str("</a><nav aria-label=Report><ul>");
    for (target, text) in [
        (Place::Index, "Folders"),
        (Place::Files, "Files"),
        (Place::Holes, "Holes"),
        (Place::Runs, "Runs"),
        (Place::Tests, "Tests"),
        (Place::Endpoints, "Endpoints"),
        (Place::Words, "Words"),
    ] {
        let is_there = match target {
            Place::Tests => site.has_tests(),
            Place::Endpoints => site.has_endpoints(),
            _ => true,
        };
        if !is_there {
            continue;
        }
        let current = if target == place {
            " aria-current=page"
        } else {
            ""
        };
        let _ = write!(
            out,
            "<li><a href=\"{up}{}\"{current}>{text}</a>",
            target.file()
        );
    }
    out.push_str("</ul></nav></header>\n");
}
