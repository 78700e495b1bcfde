//! The Cobertura report.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use swath_config::CoverageConfig;
use swath_coverage::{FileReport, Report};
use swath_model::neutralize_control;
use swath_pattern::Directory;

use crate::COVERAGE_URL;
use crate::natural_order::NaturalKey;

const DTD_URL: &str =
    "https://raw.githubusercontent.com/cobertura/web/master/htdocs/xml/coverage-04.dtd";

/// What the Cobertura report needs to know beside the model.
#[derive(Clone, Debug)]
pub struct XmlOptions<'a> {
    /// Leave out files without statements.
    pub skip_empty: bool,
    /// How many folders of a path make its package.
    pub package_depth: usize,
    /// The entries of `source` that exist: canonical, or as they are with `relative_files`.
    pub source_paths: Vec<String>,
    /// Paths in the data are relative.
    pub relative_files: bool,
    /// The current folder.
    pub directory: &'a Directory,
    /// The version of the program that writes the report.
    pub version: &'a str,
    /// Now, in milliseconds since 1970.
    pub timestamp: u64,
}

impl<'a> XmlOptions<'a> {
    /// What the configuration says.
    pub fn from_config(
        config: &CoverageConfig,
        directory: &'a Directory,
        source_paths: Vec<String>,
        version: &'a str,
        timestamp: u64,
    ) -> Self {
        Self {
            skip_empty: config.skip_empty,
            package_depth: usize::try_from(config.xml_package_depth).unwrap_or(0),
            source_paths,
            relative_files: config.relative_files,
            directory,
            version,
            timestamp,
        }
    }
}

#[derive(Default)]
struct Share {
    hits: usize,
    all: usize,
}

impl Share {
    fn add(&mut self, hits: usize, all: usize) {
        self.hits += hits;
        self.all += all;
    }

    /// The share as text: `0` and `1` only where they are exact.
    fn rate(&self) -> String {
        match (self.hits, self.all) {
            (_, 0) => "1".to_owned(),
            (hits, all) if hits == all => "1".to_owned(),
            (0, _) => "0".to_owned(),
            (hits, all) => four_digits(hits, all),
        }
    }
}

/// Python's `%.4g` of a share between 0 and 1.
#[expect(clippy::cast_precision_loss, reason = "no program has 2⁵³ statements")]
fn four_digits(hits: usize, all: usize) -> String {
    let share = (hits as f64 / all as f64).clamp(0.0001, 0.9999);
    let scientific = format!("{share:.3e}");
    let exponent = scientific
        .split_once("e-")
        .and_then(|(_, digits)| digits.parse().ok());
    let decimals = 3 + exponent.unwrap_or(0usize);
    let text = format!("{share:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[derive(Default)]
struct Package<'a> {
    classes: BTreeMap<NaturalKey, (String, String, &'a FileReport)>,
    lines: Share,
    branches: Share,
}

/// Renders the Cobertura report. Also gives the total that `--fail-under` is held against.
pub fn render_xml(report: &Report, options: &XmlOptions<'_>) -> (String, f64) {
    let mut source_paths: BTreeSet<String> = options.source_paths.iter().cloned().collect();
    let mut packages: BTreeMap<NaturalKey, (String, Package<'_>)> = BTreeMap::new();
    let (mut lines, mut branches) = (Share::default(), Share::default());
    for file in &report.files {
        let numbers = file.numbers;
        if options.skip_empty && numbers.statements == 0 {
            continue;
        }
        let name = neutralize_control(&relative_name(file, &mut source_paths, options));
        let (folder, base) = split_at_depth(&name, options.package_depth);
        let package_name = folder.replace('/', ".");
        let (_, package) = packages
            .entry(NaturalKey::new(&package_name))
            .or_insert_with(|| (package_name, Package::default()));
        for share in [&mut package.lines, &mut lines] {
            share.add(numbers.executed(), numbers.statements);
        }
        for share in [&mut package.branches, &mut branches] {
            share.add(numbers.executed_branches(), numbers.branches);
        }
        package
            .classes
            .insert(NaturalKey::new(&name), (base, name, file));
    }

    let mut out = String::from("<?xml version=\"1.0\" ?>\n");
    write_head(&mut out, report, options, &lines, &branches);
    write_sources(&mut out, &source_paths);
    if packages.is_empty() {
        out.push_str("\t<packages/>\n");
    } else {
        out.push_str("\t<packages>\n");
        for (name, package) in packages.values() {
            write_package(&mut out, name, package, report.has_arcs);
        }
        out.push_str("\t</packages>\n");
    }
    out.push_str("</coverage>\n");
    let (hits, all) = (lines.hits + branches.hits, lines.all + branches.all);
    (out, total(hits, all))
}

#[expect(clippy::cast_precision_loss, reason = "no program has 2⁵³ statements")]
fn total(hits: usize, all: usize) -> f64 {
    if all == 0 {
        0.0
    } else {
        100.0 * hits as f64 / all as f64
    }
}

fn write_head(
    out: &mut String,
    report: &Report,
    options: &XmlOptions<'_>,
    lines: &Share,
    branches: &Share,
) {
    let _ = write!(
        out,
        "<coverage version=\"{}\" timestamp=\"{}\" lines-valid=\"{}\" lines-covered=\"{}\" line-rate=\"{}\"",
        escaped(options.version),
        options.timestamp,
        lines.all,
        lines.hits,
        lines.rate(),
    );
    let _ = if report.has_arcs {
        let (valid, covered, rate) = (branches.all, branches.hits, branches.rate());
        write!(
            out,
            " branches-valid=\"{valid}\" branches-covered=\"{covered}\" branch-rate=\"{rate}\""
        )
    } else {
        write!(
            out,
            " branches-covered=\"0\" branches-valid=\"0\" branch-rate=\"0\""
        )
    };
    let _ = writeln!(
        out,
        " complexity=\"0\">\n\t<!-- Generated by coverage.py: {COVERAGE_URL} -->\n\t<!-- Based on {DTD_URL} -->"
    );
}

fn write_sources(out: &mut String, paths: &BTreeSet<String>) {
    if paths.is_empty() {
        out.push_str("\t<sources/>\n");
        return;
    }
    let mut paths: Vec<&String> = paths.iter().collect();
    paths.sort_by_cached_key(|path| NaturalKey::new(path));
    out.push_str("\t<sources>\n");
    for path in paths {
        let text = neutralize_control(path);
        let text = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let _ = writeln!(out, "\t\t<source>{text}</source>");
    }
    out.push_str("\t</sources>\n");
}

fn write_package(out: &mut String, name: &str, package: &Package<'_>, has_arcs: bool) {
    let branch_rate = if has_arcs {
        package.branches.rate()
    } else {
        "0".to_owned()
    };
    let _ = writeln!(
        out,
        "\t\t<package name=\"{}\" line-rate=\"{}\" branch-rate=\"{branch_rate}\" complexity=\"0\">\n\t\t\t<classes>",
        escaped(name),
        package.lines.rate(),
    );
    for (base, name, file) in package.classes.values() {
        write_class(out, base, name, file);
    }
    out.push_str("\t\t\t</classes>\n\t\t</package>\n");
}

fn write_class(out: &mut String, base: &str, name: &str, file: &FileReport) {
    let numbers = file.numbers;
    let share = |hits, all| Share { hits, all }.rate();
    let branch_rate = match &file.branches {
        Some(_) => share(numbers.executed_branches(), numbers.branches),
        None => "0".to_owned(),
    };
    let _ = writeln!(
        out,
        "\t\t\t\t<class name=\"{}\" filename=\"{}\" complexity=\"0\" line-rate=\"{}\" branch-rate=\"{branch_rate}\">\n\t\t\t\t\t<methods/>",
        escaped(base),
        escaped(&name.replace('\\', "/")),
        share(numbers.executed(), numbers.statements),
    );
    if file.statements.is_empty() {
        out.push_str("\t\t\t\t\t<lines/>\n\t\t\t\t</class>\n");
        return;
    }
    out.push_str("\t\t\t\t\t<lines>\n");
    let statistics = file.branches.as_ref().map(|branches| branches.statistics());
    for line in file.statements.iter() {
        let hits = u8::from(!file.missing.contains(line));
        let _ = write!(out, "\t\t\t\t\t\t<line number=\"{line}\" hits=\"{hits}\"");
        if let (Some(statistics), Some(branches)) = (&statistics, &file.branches) {
            if let Some((all, taken)) = statistics.get(&line) {
                let percent = 100 * taken / all;
                let _ = write!(
                    out,
                    " branch=\"true\" condition-coverage=\"{percent}% ({taken}/{all})\""
                );
            }
            if let Some(exits) = branches.missing_exits.get(&line) {
                let exits: Vec<String> = exits.iter().map(|&exit| exit_name(exit)).collect();
                let _ = write!(out, " missing-branches=\"{}\"", exits.join(","));
            }
        }
        out.push_str("/>\n");
    }
    out.push_str("\t\t\t\t\t</lines>\n\t\t\t\t</class>\n");
}

fn exit_name(exit: i32) -> String {
    if exit < 0 {
        "exit".to_owned()
    } else {
        exit.to_string()
    }
}

/// The name of a file below the source folder that holds it; else below the current one, which
/// then counts as a source folder.
fn relative_name(
    file: &FileReport,
    source_paths: &mut BTreeSet<String>,
    options: &XmlOptions<'_>,
) -> String {
    let filename = file.path.replace('\\', "/");
    for path in source_paths.iter() {
        let folder = if options.relative_files {
            path.clone()
        } else {
            options.directory.absolute(path)
        };
        let below = filename.strip_prefix(&folder.replace('\\', "/"));
        if let Some(name) = below.and_then(|rest| rest.strip_prefix('/')) {
            return name.to_owned();
        }
    }
    let name = file.name.replace('\\', "/");
    let folder = file.path.strip_suffix(&file.name).unwrap_or("");
    source_paths.insert(folder.trim_end_matches(['\\', '/']).to_owned());
    name
}

/// The folders of a name, as many as make a package, and what is left of the name.
fn split_at_depth(name: &str, depth: usize) -> (String, String) {
    let folder = match name.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((folder, _)) => folder,
        None => ".",
    };
    let parts: Vec<&str> = folder.split('/').take(depth).collect();
    let folder = parts.join("/");
    let rest = name
        .strip_prefix(&folder)
        .and_then(|rest| rest.strip_prefix('/'));
    let base = match rest {
        Some(rest) if !folder.is_empty() => rest,
        _ => name.trim_start_matches('/'),
    };
    let base = base.to_owned();
    (folder, base)
}

/// An attribute's value.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_four_digits_and_keep_off_the_ends() {
        for (hits, all, text) in [
            (0, 0, "1"),
            (0, 3, "0"),
            (1, 3, "0.3333"),
            (1, 2, "0.5"),
            (1, 80, "0.0125"),
            (99_999, 100_000, "0.9999"),
            (1, 100_000, "0.0001"),
            (1, 3000, "0.0003333"),
        ] {
            assert_eq!(Share { hits, all }.rate(), text);
        }
    }

    #[test]
    fn names_split_at_the_depth() {
        let split = |name, depth| split_at_depth(name, depth);
        assert_eq!(split("a.py", 99), (".".to_owned(), "a.py".to_owned()));
        assert_eq!(split("p/q/a.py", 99), ("p/q".to_owned(), "a.py".to_owned()));
        assert_eq!(split("p/q/a.py", 1), ("p".to_owned(), "q/a.py".to_owned()));
        assert_eq!(split("/x/a.py", 99), ("/x".to_owned(), "a.py".to_owned()));
    }
}
