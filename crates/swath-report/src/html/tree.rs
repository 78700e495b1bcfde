//! Files as a tree of folders, chains of single folders merged.

use swath_coverage::Numbers;

use super::site::FilePage;
use crate::natural_order::NaturalKey;

/// A folder: its sum, its folders and its files, those with most missed lines first.
#[derive(Default)]
pub(super) struct Folder {
    /// Its name below the folder that it is in, `a/b` for a merged chain.
    pub(super) name: String,
    /// Its whole path.
    pub(super) path: String,
    pub(super) numbers: Numbers,
    pub(super) children: Vec<Node>,
}

/// What a folder holds.
pub(super) enum Node {
    Folder(Folder),
    /// The place of a page, and the file's name in its folder.
    File(usize, String),
}

/// The tree of all pages.
pub(super) fn tree(pages: &[FilePage<'_>]) -> Folder {
    let mut paths: Vec<(Vec<&str>, usize)> = pages
        .iter()
        .enumerate()
        .map(|(index, page)| (steps(&page.file.name), index))
        .collect();
    paths.sort();
    let mut root = folder(pages, &paths, 0, String::new(), String::new());
    sort(&mut root, pages);
    root
}

/// The names on the way to a file; the root of the file system is one of them.
fn steps(path: &str) -> Vec<&str> {
    match path.strip_prefix('/') {
        Some(rest) => std::iter::once("").chain(rest.split('/')).collect(),
        None => path.split('/').collect(),
    }
}

/// The folder of `paths`, which share their first `depth` steps.
fn folder(
    pages: &[FilePage<'_>],
    paths: &[(Vec<&str>, usize)],
    depth: usize,
    name: String,
    path: String,
) -> Folder {
    let mut made = Folder {
        name,
        path,
        ..Folder::default()
    };
    for group in paths
        .chunk_by(|a, b| a.0[depth] == b.0[depth] && a.0.len() > depth + 1 && b.0.len() > depth + 1)
    {
        let (steps, index) = &group[0];
        if steps.len() == depth + 1 {
            made.numbers += pages[*index].file.numbers;
            made.children
                .push(Node::File(*index, steps[depth].to_owned()));
            continue;
        }
        // A folder in which there is only a folder is one with it.
        let shortest = group
            .iter()
            .map(|(steps, _)| steps.len())
            .min()
            .unwrap_or(0);
        let mut end = depth + 1;
        while end + 1 < shortest && group.iter().all(|(steps, _)| steps[end] == group[0].0[end]) {
            end += 1;
        }
        let (name, path) = (steps[depth..end].join("/"), steps[..end].join("/"));
        let child = folder(pages, group, end, name, path);
        made.numbers += child.numbers;
        made.children.push(Node::Folder(child));
    }
    made
}

fn sort(folder: &mut Folder, pages: &[FilePage<'_>]) {
    for child in &mut folder.children {
        if let Node::Folder(child) = child {
            sort(child, pages);
        }
    }
    folder.children.sort_by_cached_key(|child| {
        let (numbers, name) = match child {
            Node::Folder(child) => (&child.numbers, &child.name),
            Node::File(index, name) => (&pages[*index].file.numbers, name),
        };
        (worst_first(numbers), NaturalKey::new(name))
    });
}

/// A key that puts most missed lines first, then most branches.
pub(super) fn worst_first(numbers: &Numbers) -> impl Ord + use<> {
    std::cmp::Reverse((numbers.missing, numbers.partial_branches))
}
