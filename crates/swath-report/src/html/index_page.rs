//! The first page: the total, whether it can be trusted, and the folders.

use std::fmt::Write as _;

use swath_coverage::Gate;

use super::escape::push_text;
use super::figures::{cover, grouped, plural, push_bar, share};
use super::holes_page::push_never_ran;
use super::layout::{Place, page};
use super::lines::FunctionFigures;
use super::page_names::{PageKind, PageNames};
use super::rows;
use super::site::{FilePage, Site};
use super::tree::{Folder, Node, tree};
use super::trust;
use crate::attribution::{summary_of_endpoints, summary_of_tests};
use crate::hole_ranking::{function_name, never_ran, ranked, riskiest};

/// With more files than this, every folder has a page of its own.
const MOST_FILES: usize = 2000;
/// So many holes are named on the first page.
const WORST: usize = 5;

/// The index, and the pages of folders if there are too many files for one page.
pub(super) fn render(site: &Site<'_>) -> Vec<(String, String)> {
    let root = tree(&site.pages);
    let mut main = String::new();
    push_total(&mut main, site);
    trust::push_panel(&mut main, site);
    push_attribution(&mut main, site);
    push_worst(&mut main, site);
    push_risk(&mut main, site);
    main.push_str("<h2 id=folders>Folders and files</h2>\n");
    let mut pages = Vec::new();
    let table = if site.pages.len() > MOST_FILES {
        let mut folders = FolderPages {
            site,
            names: PageNames::default(),
            pages: Vec::new(),
        };
        let table = folders.table(&root, "");
        pages = folders.pages;
        table
    } else {
        let mut table = String::new();
        rows::push_head(&mut table, site, "tree", "Folder or file");
        push_tree(&mut table, site, &root, 0);
        rows::push_end(&mut table);
        table
    };
    main.push_str(&table);
    push_skipped(&mut main, site);
    push_provenance(&mut main, site);
    pages.push(("index.html".to_owned(), page(site, Place::Index, "", &main)));
    pages
}

/// What there is to know of tests and endpoints, where the data says anything of them.
fn push_attribution(out: &mut String, site: &Site<'_>) {
    let lead = |out: &mut String, page: &str, word: &str, summary: &str| {
        let _ = write!(out, "<p><strong><a href=\"{page}\">{word}</a></strong>: ");
        push_text(out, summary);
        out.push_str("</p>\n");
    };
    if site.has_tests() {
        let summary = summary_of_tests(&site.attribution, grouped);
        lead(out, "tests.html", "Tests", &summary);
    }
    if site.has_endpoints() {
        let summary = summary_of_endpoints(&site.attribution);
        lead(out, "endpoints.html", "Endpoints", &summary);
    }
}

fn push_tree(out: &mut String, site: &Site<'_>, folder: &Folder, depth: usize) {
    for child in &folder.children {
        match child {
            Node::Folder(child) => {
                rows::push_folder(out, site, &child.name, None, &child.numbers, depth);
                push_tree(out, site, child, depth + 1);
            }
            Node::File(index, name) => {
                rows::push_file(out, site, &site.pages[*index], name, Some(depth), "");
            }
        }
    }
}

/// Pages of folders, each with what it holds itself.
struct FolderPages<'s, 'a> {
    site: &'s Site<'a>,
    names: PageNames,
    pages: Vec<(String, String)>,
}

impl FolderPages<'_, '_> {
    fn table(&mut self, folder: &Folder, up: &str) -> String {
        let mut out = String::new();
        rows::push_head(&mut out, self.site, "level", "Folder or file");
        for child in &folder.children {
            match child {
                Node::Folder(child) => {
                    let link = self.page(child);
                    let link = format!("{up}{link}");
                    rows::push_folder(
                        &mut out,
                        self.site,
                        &child.name,
                        Some(&link),
                        &child.numbers,
                        0,
                    );
                }
                Node::File(index, name) => {
                    let file = &self.site.pages[*index];
                    rows::push_file(&mut out, self.site, file, name, Some(0), up);
                }
            }
        }
        rows::push_end(&mut out);
        out
    }

    fn page(&mut self, folder: &Folder) -> String {
        let name = self.names.name(PageKind::Folder, &folder.path);
        let mut main = String::from("<h1>");
        super::escape::push_text(&mut main, &folder.path);
        let percent = cover(&folder.numbers, self.site.options.precision);
        let _ = writeln!(main, "/ <small>{percent}</small></h1>");
        let table = self.table(folder, "../");
        main.push_str(&table);
        let html = page(self.site, Place::Below, &folder.path, &main);
        self.pages.push((name.clone(), html));
        name
    }
}

fn push_total(out: &mut String, site: &Site<'_>) {
    let numbers = site.totals();
    let precision = site.options.precision;
    let _ = write!(
        out,
        "<h1><span class=total>{}</span> covered</h1>\n<p class=lead>",
        cover(numbers, precision)
    );
    push_bar(
        out,
        numbers.executed() + numbers.executed_branches(),
        numbers.statements + numbers.branches,
    );
    let _ = write!(
        out,
        "{} of {} run ({}), <strong>{} missed</strong>",
        grouped(numbers.executed()),
        plural(numbers.statements, "line"),
        share(numbers.executed(), numbers.statements, precision),
        grouped(numbers.missing)
    );
    if site.report.has_arcs {
        let _ = write!(
            out,
            "; {} of {} taken ({}), <strong>{} partial</strong>",
            grouped(numbers.executed_branches()),
            if numbers.branches == 1 {
                "1 branch".to_owned()
            } else {
                format!("{} branches", grouped(numbers.branches))
            },
            share(numbers.executed_branches(), numbers.branches, precision),
            grouped(numbers.partial_branches)
        );
    }
    if numbers.excluded > 0 {
        let _ = write!(out, "; {} excluded", plural(numbers.excluded, "line"));
    }
    out.push('.');
    if site.report.has_arcs {
        let _ = write!(
            out,
            " <small>Both together are the {} of coverage.py.</small>",
            cover(numbers, precision)
        );
    }
    out.push_str("</p>\n");
    push_gate(out, site);
}

fn push_gate(out: &mut String, site: &Site<'_>) {
    let minimum = site.options.fail_under;
    if minimum <= 0.0 {
        return;
    }
    let numbers = site.totals();
    let failure = Gate::new(minimum, site.options.precision)
        .ok()
        .filter(|gate| gate.failure(numbers.percent()).is_some());
    let Some(gate) = failure else {
        let _ = writeln!(
            out,
            "<p class=\"gate pass\">✓ passes the minimum of {minimum}%.</p>"
        );
        return;
    };
    let short = plural(gate.shortfall(numbers), "line");
    let or_branches = if site.report.has_arcs {
        " or branches"
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "<p class=\"gate fail\">✗ below the minimum of {minimum}%: {short}{or_branches} short.</p>"
    );
}

/// The first of the list of holes: most readers need no more.
fn push_worst(out: &mut String, site: &Site<'_>) {
    let holes = ranked(&site.pages);
    let unused = never_ran(&site.pages);
    if holes.is_empty() && unused.is_empty() {
        return;
    }
    out.push_str("<section aria-labelledby=worst><h2 id=worst>Largest holes</h2>\n");
    push_never_ran(out, &unused, WORST);
    if holes.is_empty() {
        out.push_str("</section>\n");
        return;
    }
    out.push_str("<ol class=worst>\n");
    for (file, function) in holes.iter().take(WORST) {
        push_function(out, file, function);
        let (missing, partial) = (function.missing, function.partial);
        let what = if missing > 0 {
            format!("{} missed", plural(missing, "line"))
        } else {
            format!("{} partial", plural(partial, "line"))
        };
        let _ = writeln!(out, ": {what}");
    }
    out.push_str("</ol>\n");
    if holes.len() > WORST {
        let all = plural(holes.len(), "function");
        let _ = writeln!(out, "<p><a href=holes.html>All {all} with holes</a></p>");
    }
    out.push_str("</section>\n");
}

/// Begins the entry of a function: its name with a link to its first hole, and its file.
fn push_function(out: &mut String, file: &FilePage<'_>, function: &FunctionFigures<'_>) {
    let line = function.first_hole.unwrap_or(1);
    let _ = write!(out, "<li><a href=\"{}#L{line}\">", file.name);
    push_text(out, function_name(function));
    out.push_str("</a> in ");
    push_text(out, &file.file.name);
}

/// The functions in which most can go wrong. Where none has a decision, these are the largest holes
/// once more, and are not repeated.
fn push_risk(out: &mut String, site: &Site<'_>) {
    let functions = riskiest(&site.pages);
    if functions
        .iter()
        .all(|(_, function)| function.complexity <= 1)
    {
        return;
    }
    out.push_str(
        "<section aria-labelledby=risk><h2 id=risk>Largest <a href=words.html#risk>risk</a></h2>\n<ol class=worst>\n",
    );
    for (file, function) in functions.iter().take(WORST) {
        push_function(out, file, function);
        let _ = writeln!(
            out,
            ": {} missed × complexity {} = {}",
            plural(function.missing, "line"),
            function.complexity,
            grouped(function.risk())
        );
    }
    out.push_str("</ol></section>\n");
}

fn push_skipped(out: &mut String, site: &Site<'_>) {
    if site.covered > 0 {
        let files = plural(site.covered, "file");
        let _ = writeln!(
            out,
            "<p class=skipped>{files} skipped due to complete coverage. They count in the total.</p>"
        );
    }
    if site.empty > 0 {
        let files = plural(site.empty, "empty file");
        let _ = writeln!(out, "<p class=skipped>{files} skipped.</p>");
    }
}

fn push_provenance(out: &mut String, site: &Site<'_>) {
    let runs: Vec<&str> = site
        .data
        .accounting
        .runs
        .iter()
        .map(|run| run.id.as_str())
        .collect();
    let _ = write!(
        out,
        "<p class=provenance>swath {}",
        env!("CARGO_PKG_VERSION")
    );
    if !runs.is_empty() {
        out.push_str(", run ");
        super::escape::push_text(out, &runs.join(", "));
    }
    out.push_str(".</p>\n");
}
