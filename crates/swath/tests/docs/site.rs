//! The pages as a whole: what leads to them, and where they lead.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use swath_test::{documentation, workspace_root};

fn read(path: &Path) -> String {
    fs_err::read_to_string(path).unwrap()
}

/// The pages below `docs`, from there.
fn pages() -> BTreeSet<PathBuf> {
    let docs = workspace_root().join("docs");
    let pages = documentation().into_iter();
    let inside = pages.filter_map(|page| page.strip_prefix(&docs).ok().map(Path::to_owned));
    inside.collect()
}

/// The targets of a page's links, those to other sites left out.
fn links(text: &str) -> Vec<String> {
    let pattern = fancy_regex::Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let found = pattern.captures_iter(text).map(|captures| {
        let captures = captures.unwrap();
        captures.get(1).unwrap().as_str().to_owned()
    });
    found.filter(|link| !link.contains("://")).collect()
}

/// The anchors of a page's headings, as readers of Markdown make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| line.trim_start_matches('#').trim().to_lowercase())
        .map(|heading| {
            let kept = heading
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(plain.pop(), "{}", path.display()),
            part => plain.push(part),
        }
    }
    plain
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let docs = workspace_root().join("docs");
    let contents = read(&docs.join("SUMMARY.md"));
    let listed: BTreeSet<PathBuf> = links(&contents).iter().map(PathBuf::from).collect();
    let mut pages = pages();
    assert!(pages.remove(Path::new("SUMMARY.md")));
    let missing: Vec<_> = pages.difference(&listed).collect();
    assert!(missing.is_empty(), "not in docs/SUMMARY.md: {missing:?}");
    let gone: Vec<_> = listed.difference(&pages).collect();
    assert!(
        gone.is_empty(),
        "in docs/SUMMARY.md and not there: {gone:?}"
    );
}

#[test]
fn every_link_leads_somewhere() {
    let root = workspace_root();
    let mut files = documentation();
    files.extend(["CONTRIBUTING.md", "ARCHITECTURE.md"].map(|name| root.join(name)));
    let mut broken = Vec::new();
    for file in files {
        let text = read(&file);
        for link in links(&text) {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match path {
                "" => file.clone(),
                path => plain(&file.parent().unwrap().join(path)),
            };
            let is_there =
                target.exists() && (anchor.is_empty() || anchors(&read(&target)).contains(anchor));
            if !is_there {
                broken.push(format!("{}: {link}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
