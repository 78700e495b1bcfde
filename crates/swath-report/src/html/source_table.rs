//! The source with what became of each line.

use std::fmt::Write as _;

use swath_analysis::{Shade, Shaded, highlight};
use swath_coverage::{FileReport, LineContexts};

use super::escape::{push_attribute, push_text};
use super::lines::{Hole, Lines, State};
use super::reasons::reasons;

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
        out.push_str("<div class=scroll id=source tabindex=0 role=region aria-label=Source><table class=src>\n<thead><tr><th scope=col>Line<th scope=col>State<th scope=col>Source\n<tbody>\n");
        let mut shades = shades.as_slice();
        let mut holes = (1..)
            .zip(&self.lines.holes)
            .filter_map(|(number, hole)| match *hole {
                Hole::Missed { first, last } => Some((number, first, last)),
                Hole::Partial { .. } => None,
            });
        let mut hole = holes.next();
        let mut rules = self.rules.iter().peekable();
        let mut anchors = self.anchors.iter().peekable();
        let has_contexts = !self.contexts.sets.is_empty();
        let mut start = 0;
        for (number, line) in (1u32..).zip(text.split_terminator('\n')) {
            if let Some((index, first, last)) = hole.filter(|hole| hole.1 == number) {
                self.push_hole(out, index, first, last);
            }
            let state = self.lines.state(number);
            let anchor = anchors.next_if(|anchor| anchor.0 == number);
            push_row_start(out, number, state, anchor.map(|anchor| anchor.1));
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
                out.push_str("<tbody>\n");
                hole = holes.next();
            }
            start += line.len() + 1;
        }
        out.push_str("</table></div>\n");
    }

    fn push_hole(&self, out: &mut String, index: usize, first: u32, last: u32) {
        let _ = write!(
            out,
            "<tbody class=h id=H{index}><tr><th colspan=3 scope=rowgroup>✗ missed, {}",
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

fn push_row_start(out: &mut String, number: u32, state: State, anchor: Option<&str>) {
    let (class, cell) = match state {
        State::None => ("><th><a href=#L", "</a><td><td>"),
        State::Run => (" class=r><th><a href=#L", "</a><td>✓ run<td>"),
        State::Missed => (" class=m><th><a href=#L", "</a><td>✗ missed<td>"),
        State::Partial => (" class=p><th><a href=#L", "</a><td>◐ partial<td>"),
        State::Excluded => (" class=x><th><a href=#L", "</a><td>– excluded<td>"),
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
fn push_code(out: &mut String, line: &str, start: usize, shades: &mut &[Shaded]) {
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
