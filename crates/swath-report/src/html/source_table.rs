//! The source with what became of each line.

use std::fmt::Write as _;

use swath_analysis::{Shade, Shaded, highlight};
use swath_changes::LineRanges;
use swath_coverage::{FileReport, LineContexts};

use super::escape::{push_attribute, push_text};
use super::lines::{Hole, Lines, State};
use super::reasons::reasons;

/// A longer text is laid out a part at a time, as it comes into view: browsers take seconds for
/// tables of so many rows.
const MOST_AT_ONCE: usize = 5000;
/// So many lines are a part.
const PART: u32 = 100;

/// Everything that rows are made of.
pub(super) struct SourceTable<'a> {
    pub(super) file: &'a FileReport,
    pub(super) source: &'a str,
    pub(super) lines: &'a Lines,
    pub(super) contexts: &'a LineContexts,
    /// The rules of excluded lines, by line.
    pub(super) rules: &'a [(u32, &'a str)],
    /// The functions' names, by the lines of their `def`s.
    pub(super) anchors: &'a [(u32, &'a str)],
    /// The lines that a change wrote.
    pub(super) changed: Option<&'a LineRanges>,
    pub(super) show_source: bool,
}

impl SourceTable<'_> {
    pub(super) fn push(&self, out: &mut String) {
        let text = self.source;
        let shades = if self.show_source {
            highlight(text)
        } else {
            Vec::new()
        };
        let mut parts = Parts::new(text.bytes().filter(|&byte| byte == b'\n').count());
        let class = if parts.are_used {
            "\"src large\""
        } else {
            "src"
        };
        let _ = writeln!(
            out,
            "<div class=scroll id=source tabindex=0 role=region aria-label=Source><table class={class}>\n<thead><tr><th scope=col>Line<th scope=col>State<th scope=col>Source"
        );
        let mut shades = shades.as_slice();
        let mut holes = (1..)
            .zip(&self.lines.holes)
            .filter_map(|(number, hole)| match *hole {
                Hole::Missed { first, last } => Some((number, first, last)),
                Hole::Partial { .. } => None,
            });
        let mut hole = holes.next();
        parts.push(out, 1, hole.map(|hole| hole.1));
        let mut rules = self.rules.iter().peekable();
        let mut anchors = self.anchors.iter().peekable();
        let has_contexts = !self.contexts.sets.is_empty();
        let mut start = 0;
        for (number, line) in (1u32..).zip(text.split_terminator('\n')) {
            if let Some((index, first, last)) = hole.filter(|hole| hole.1 == number) {
                let size = parts.begin(first, Some(last + 1));
                self.push_hole(out, index, first, last, size);
            } else if parts.is_over(number) {
                let limit = |(_, first, last)| if number > first { last + 1 } else { first };
                parts.push(out, number, hole.map(limit));
            }
            let state = self.lines.state(number);
            let anchor = anchors.next_if(|anchor| anchor.0 == number);
            let is_changed = self.changed.is_some_and(|lines| lines.contains(number));
            push_row_start(
                out,
                number,
                state,
                is_changed,
                anchor.map(|anchor| anchor.1),
            );
            if self.show_source {
                push_code(out, line, start, &mut shades);
            }
            if has_contexts && let Some(set) = self.contexts.set(number) {
                let _ = write!(
                    out,
                    "<a class=w href=#w{set}>{}</a>",
                    self.contexts.sets[set].len()
                );
            }
            if let Some((_, rule)) = rules.next_if(|rule| rule.0 == number) {
                out.push_str("<small>excluded by <code>");
                push_text(out, rule);
                out.push_str("</code></small>");
            }
            if state == State::Partial {
                self.push_reasons(out, number, line);
            }
            // Behind a block, a line end would be a line.
            if !out.ends_with("</small>") {
                out.push('\n');
            }
            if let Some((_, _, last)) = hole
                && last == number
            {
                hole = holes.next();
                parts.push(out, number + 1, hole.map(|hole| hole.1));
            }
            start += line.len() + 1;
        }
        out.push_str("</table></div>\n");
    }

    fn push_hole(&self, out: &mut String, index: usize, first: u32, last: u32, size: &str) {
        let class = if size.is_empty() {
            "h".to_owned()
        } else {
            format!("\"h {size}\"")
        };
        let _ = write!(
            out,
            "<tbody class={class} id=H{index}><tr><th colspan=3 scope=rowgroup>✗ missed, {}",
            range(first, last)
        );
        if let Some(next) = self.lines.holes.get(index) {
            let _ = write!(out, " <a href=\"{}\">next</a>", hole_link(index + 1, *next));
        }
        out.push('\n');
    }

    fn push_reasons(&self, out: &mut String, number: u32, line: &str) {
        for reason in reasons(self.file, number, line) {
            let _ = write!(out, "<small>{number} → ");
            if let Some(target) = reason.target {
                let _ = write!(out, "<a href=#L{target}>{target}</a> never taken");
            } else {
                push_text(out, &reason.leaves);
                out.push_str(" never reached");
            }
            if !reason.cause.is_empty() {
                let _ = write!(out, ": {}", reason.cause);
            }
            out.push_str("</small>");
        }
    }
}

/// The parts of a long text: rows of a table that a browser lays out together.
struct Parts {
    are_used: bool,
    /// The line behind the current part.
    end: u32,
}

impl Parts {
    fn new(lines: usize) -> Self {
        Self {
            are_used: lines > MOST_AT_ONCE,
            end: u32::MAX,
        }
    }

    /// Begins a part that ends before the line `limit` at the latest. Gives its class, which says
    /// about how high it is before it is laid out.
    fn begin(&mut self, first: u32, limit: Option<u32>) -> &'static str {
        let end = first.saturating_add(PART);
        self.end = limit.map_or(end, |limit| limit.min(end));
        match self.end.saturating_sub(first) {
            9..=30 if self.are_used => "l",
            31.. if self.are_used => "xl",
            _ => "",
        }
    }

    fn push(&mut self, out: &mut String, first: u32, limit: Option<u32>) {
        match self.begin(first, limit) {
            "" => out.push_str("<tbody>\n"),
            class => {
                let _ = writeln!(out, "<tbody class={class}>");
            }
        }
    }

    fn is_over(&self, line: u32) -> bool {
        self.are_used && line >= self.end
    }
}

fn push_row_start(
    out: &mut String,
    number: u32,
    state: State,
    is_changed: bool,
    anchor: Option<&str>,
) {
    let (class, cell) = match (state, is_changed) {
        (State::None, false) => ("><th><a href=#L", "</a><td><td>"),
        (State::Run, false) => (" class=r><th><a href=#L", "</a><td>✓ run<td>"),
        (State::Missed, false) => (" class=m><th><a href=#L", "</a><td>✗ missed<td>"),
        (State::Partial, false) => (" class=p><th><a href=#L", "</a><td>◐ partial<td>"),
        (State::Excluded, false) => (" class=x><th><a href=#L", "</a><td>– excluded<td>"),
        (State::None, true) => (" class=c><th><ins>+</ins><a href=#L", "</a><td><td>"),
        (State::Run, true) => (
            " class=\"r c\"><th><ins>+</ins><a href=#L",
            "</a><td>✓ run<td>",
        ),
        (State::Missed, true) => (
            " class=\"m c\"><th><ins>+</ins><a href=#L",
            "</a><td>✗ missed<td>",
        ),
        (State::Partial, true) => (
            " class=\"p c\"><th><ins>+</ins><a href=#L",
            "</a><td>◐ partial<td>",
        ),
        (State::Excluded, true) => (
            " class=\"x c\"><th><ins>+</ins><a href=#L",
            "</a><td>– excluded<td>",
        ),
    };
    let mut digits = [0; 10];
    let digits = decimal(number, &mut digits);
    out.push_str("<tr id=L");
    out.push_str(digits);
    out.push_str(class);
    out.push_str(digits);
    if let Some(name) = anchor {
        out.push_str(" id=\"f-");
        push_attribute(out, name);
        out.push('"');
    }
    out.push('>');
    out.push_str(digits);
    out.push_str(cell);
}

/// A number as text. A page holds three for each of its lines, and the general way to write them
/// takes a third of the time of a row.
fn decimal(mut number: u32, buffer: &mut [u8; 10]) -> &str {
    let mut at = buffer.len();
    loop {
        at -= 1;
        buffer[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    std::str::from_utf8(&buffer[at..]).unwrap_or_default()
}

/// `line 7`, `lines 7 to 9`.
pub(super) fn range(first: u32, last: u32) -> String {
    if first == last {
        format!("line {first}")
    } else {
        format!("lines {first} to {last}")
    }
}

/// Where a hole is, for a link in its page; holes are counted from 1.
pub(super) fn hole_link(number: usize, hole: Hole) -> String {
    match hole {
        Hole::Missed { .. } => format!("#H{number}"),
        Hole::Partial { line } => format!("#L{line}"),
    }
}

/// Appends a line that begins at `start` of the text; a shade that goes on stays in `shades`.
pub(crate) fn push_code(out: &mut String, line: &str, start: usize, shades: &mut &[Shaded]) {
    let end = start + line.len();
    let mut at = start;
    while let Some(shaded) = shades.first().filter(|shaded| shaded.start < end) {
        let (from, to) = (shaded.start.max(at), shaded.end.min(end));
        push_text(out, &line[at - start..from - start]);
        let (open, close) = match shaded.shade {
            Shade::Keyword => ("<b>", "</b>"),
            Shade::String => ("<i>", "</i>"),
            Shade::Comment => ("<em>", "</em>"),
        };
        if from < to {
            out.push_str(open);
            push_text(out, &line[from - start..to - start]);
            out.push_str(close);
        }
        at = to;
        if shaded.end > end {
            return;
        }
        *shades = &shades[1..];
    }
    push_text(out, &line[at - start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_end_and_begin_again_with_the_lines() {
        let text = "x = '''a\n\n<b''' # c\n";
        let shades = highlight(text);
        let mut shades = shades.as_slice();
        let (mut out, mut start) = (String::new(), 0);
        for line in text.split_terminator('\n') {
            push_code(&mut out, line, start, &mut shades);
            out.push('\n');
            start += line.len() + 1;
        }
        let quotes = "'".repeat(3);
        assert_eq!(
            out,
            format!("x = <i>{quotes}a</i>\n\n<i>&lt;b{quotes}</i> <em># c</em>\n")
        );
    }
}
