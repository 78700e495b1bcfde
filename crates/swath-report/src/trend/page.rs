//! The page of a history: the total as a line over time, and a line for each folder.

use std::fmt::Write as _;

use swath_coverage::Numbers;
use swath_history::Entry;

use super::words::{change, percent, points_since, short, when};
use super::{Trend, before, folders, short_name, verdict};
use crate::html::{Piece, STYLE, piece, push_lone_end, push_lone_start, push_text};

const TREND_STYLE: &str = include_str!("../../assets/trend.css");

/// How large the picture of the total is, in units of its own.
const LARGE: Size = Size {
    width: 900.0,
    height: 180.0,
};
/// The same of a folder.
const SMALL: Size = Size {
    width: 240.0,
    height: 32.0,
};

#[derive(Clone, Copy)]
struct Size {
    width: f64,
    height: f64,
}

/// Renders the page, and the style sheets beside it.
pub fn render_trend_page(trend: &Trend<'_>, title: &str) -> Vec<Piece> {
    let mut out = String::new();
    push_lone_start(&mut out, "History", title, "", "trend");
    push_total(&mut out, trend);
    push_folders(&mut out, trend);
    push_entries(&mut out, trend);
    push_lone_end(&mut out);
    vec![
        piece("index.html", out),
        piece("swath.css", STYLE.to_owned()),
        piece("trend.css", TREND_STYLE.to_owned()),
    ]
}

fn push_total(out: &mut String, trend: &Trend<'_>) {
    let Some(newest) = trend.entries.last() else {
        out.push_str("<h1>No run is kept</h1>\n");
        return;
    };
    let total = percent(&newest.totals(), trend.precision);
    let _ = write!(
        out,
        "<h1><span class=total>{total}</span> covered</h1>\n<p class=lead>"
    );
    if let Some(against) = trend.against {
        push_text(
            out,
            &points_since(&newest.totals(), against, trend.precision),
        );
        out.push_str(". ");
    }
    push_text(out, &verdict(newest));
    out.push_str(".</p>\n");
    let values: Vec<_> = trend.entries.iter().map(|one| Some(one.totals())).collect();
    push_line(out, LARGE, &values, "The total over time", trend.precision);
}

fn push_folders(out: &mut String, trend: &Trend<'_>) {
    out.push_str("<h2 id=folders>Folders</h2>\n<div class=scroll><table class=trend aria-labelledby=folders>\n<thead><tr><th scope=col>Folder<th scope=col>Over time<th scope=col class=n>Cover<th scope=col class=n>Change<th scope=col class=n>Lines\n<tbody>\n");
    for folder in folders(trend) {
        out.push_str("<tr><th scope=row><code>");
        push_text(out, folder.path);
        out.push_str("</code><td>");
        let of = |entry: &Entry| entry.folders.get(folder.path).copied();
        let values: Vec<_> = trend.entries.iter().map(of).collect();
        push_line(out, SMALL, &values, "", trend.precision);
        let change = folder.before.map_or_else(String::new, |before| {
            change(before, folder.now, trend.precision)
        });
        let _ = writeln!(
            out,
            "<td class=n>{}<td class=n>{change}<td class=n>{}/{}",
            percent(folder.now, trend.precision),
            folder.now.executed(),
            folder.now.statements
        );
    }
    out.push_str("</table></div>\n");
}

fn push_entries(out: &mut String, trend: &Trend<'_>) {
    out.push_str("<h2 id=runs>Runs</h2>\n<div class=scroll><table class=trend aria-labelledby=runs>\n<thead><tr><th scope=col>When (UTC)<th scope=col>Commit<th scope=col>Branch<th scope=col class=n>Cover<th scope=col class=n>Change<th scope=col>Verdict\n<tbody>\n");
    for (index, entry) in trend.entries.iter().enumerate().rev() {
        let totals = entry.totals();
        let change = before(trend.entries, index).map_or_else(String::new, |before| {
            change(&before.totals(), &totals, trend.precision)
        });
        let _ = write!(
            out,
            "<tr><th scope=row>{}<td><code>{}</code><td>",
            when(entry.time),
            short(entry.commit.as_deref())
        );
        push_text(out, &short_name(entry.branch.as_deref()));
        let _ = write!(
            out,
            "<td class=n>{}<td class=n>{change}<td>",
            percent(&totals, trend.precision)
        );
        push_text(out, &verdict(entry));
        out.push('\n');
    }
    out.push_str("</table></div>\n");
}

/// Draws a line: one place to the right for each entry, upwards by percent, from the tens below the
/// least value to 100. Where there is no value, the line has a gap.
fn push_line(
    out: &mut String,
    size: Size,
    values: &[Option<Numbers>],
    label: &str,
    precision: usize,
) {
    let known = || values.iter().flatten().map(Numbers::percent);
    let least = known().fold(100.0, f64::min);
    let floor = ((least - 5.0) / 10.0).floor().max(0.0) * 10.0;
    #[expect(clippy::cast_precision_loss, reason = "nobody keeps 2⁵³ runs")]
    let step = size.width / (values.len().saturating_sub(1).max(1)) as f64;
    let place = |index: usize, percent: f64| {
        #[expect(clippy::cast_precision_loss, reason = "nobody keeps 2⁵³ runs")]
        let x = step * index as f64;
        let y = size.height * (100.0 - percent) / (100.0 - floor);
        (x, y)
    };
    let _ = write!(
        out,
        "<svg class=trend-line viewBox=\"-4 -4 {} {}\" ",
        size.width + 8.0,
        size.height + 8.0
    );
    if label.is_empty() {
        out.push_str("aria-hidden=true>");
    } else {
        out.push_str("role=img aria-label=\"");
        push_text(out, label);
        let ends = [known().next(), known().next_back()].map(Option::unwrap_or_default);
        let shown = ends.map(|end| swath_coverage::display_percent(end, precision));
        let _ = write!(out, ": from {}% to {}%\">", shown[0], shown[1]);
        for percent in [100.0, floor] {
            let (_, y) = place(0, percent);
            let _ = write!(
                out,
                "<line x1=0 x2={} y1={y:.1} y2={y:.1}></line><text x={} y={:.1}>{percent:.0}%</text>",
                size.width,
                size.width,
                if percent > floor { y + 14.0 } else { y - 4.0 }
            );
        }
    }
    let mut points = Vec::new();
    let mut push_points = |points: &mut Vec<(f64, f64)>| {
        match points.as_slice() {
            [] => {}
            [(x, y)] => {
                let _ = write!(out, "<circle cx={x:.1} cy={y:.1} r=2></circle>");
            }
            all => {
                out.push_str("<polyline points=\"");
                for (x, y) in all {
                    let _ = write!(out, "{x:.1},{y:.1} ");
                }
                out.push_str("\"></polyline>");
            }
        }
        points.clear();
    };
    for (index, value) in values.iter().enumerate() {
        match value {
            Some(numbers) => points.push(place(index, numbers.percent())),
            None => push_points(&mut points),
        }
    }
    push_points(&mut points);
    out.push_str("</svg>\n");
}
