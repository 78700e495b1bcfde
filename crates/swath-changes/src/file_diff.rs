//! One file of a patch, with the lines that it takes away and writes.

use crate::moved::Moved;
use crate::{AddedText, ChangeKind, ChangedFile, LineRanges, RemovedText};

/// Modes that git gives to what is no regular file.
const LINK: &[u8] = b"120000";
const SUBMODULE: &[u8] = b"160000";

/// Lines that follow each other.
#[derive(Debug, Default)]
pub(crate) struct Run<'a> {
    /// The number of the first one.
    pub(crate) first: u32,
    pub(crate) lines: Vec<&'a [u8]>,
}

/// A file of a patch.
#[derive(Debug)]
pub(crate) struct FileDiff<'a> {
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
    pub(crate) kind: ChangeKind,
    /// The line of the patch at which it begins.
    pub(crate) begin: usize,
    /// Whether the patch keeps its lines to itself: it takes the file for a binary one.
    pub(crate) has_no_text: bool,
    /// The first line below its hunks so far, in the text after the change.
    pub(crate) written_until: u32,
    /// Whether it says how a merge differs from each of its parents.
    pub(crate) is_merge: bool,
    /// Whether git made the patch, so that its paths are those of the repository.
    pub(crate) is_git: bool,
    /// Its mode before and after, where the patch has them.
    pub(crate) modes: [Option<&'a [u8]>; 2],
    pub(crate) removed: Vec<Run<'a>>,
    pub(crate) added: Vec<Run<'a>>,
    /// All lines that it shows of the text after the change.
    pub(crate) text: AddedText,
}

/// The commits that a submodule was and is at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SubmoduleChange {
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

impl<'a> FileDiff<'a> {
    pub(crate) fn new(is_git: bool, begin: usize) -> Self {
        Self {
            old: None,
            new: None,
            kind: ChangeKind::Modified,
            begin,
            has_no_text: false,
            is_merge: false,
            written_until: 0,
            is_git,
            modes: [None, None],
            removed: Vec::new(),
            added: Vec::new(),
            text: AddedText::default(),
        }
    }

    /// Adds a line to the last of the runs, or begins one.
    pub(crate) fn push(runs: &mut Vec<Run<'a>>, number: u32, line: &'a [u8]) {
        if let Some(run) = runs.last_mut() {
            let length = u32::try_from(run.lines.len()).unwrap_or(u32::MAX);
            if run.first.checked_add(length) == Some(number) {
                run.lines.push(line);
                return;
            }
        }
        runs.push(Run {
            first: number,
            lines: vec![line],
        });
    }

    /// The commits, if this is a submodule before or after.
    pub(crate) fn submodule(&self) -> Option<SubmoduleChange> {
        let commit = |runs: &[Run<'_>]| {
            let line = runs.first()?.lines.first()?;
            let id = line.strip_prefix(b"Subproject commit ")?;
            let id = id.strip_suffix(b"-dirty").unwrap_or(id);
            Some(String::from_utf8_lossy(id).into_owned())
        };
        let (before, after) = (commit(&self.removed), commit(&self.added));
        let is_submodule = |mode: Option<&[u8]>| mode == Some(SUBMODULE);
        // Of one in which only files changed, git names no mode.
        let is_dirty = self.is_git && self.modes == [None, None] && before.is_some();
        let is_one = self.modes.into_iter().any(is_submodule) || (is_dirty && before == after);
        is_one.then_some(SubmoduleChange { before, after })
    }

    /// The file as others see it, with the lines that are only `moved` apart.
    pub(crate) fn into_changed_file(self, moved: &Moved) -> Option<ChangedFile> {
        let is_text = self.modes[1] != Some(LINK) && self.submodule().is_none();
        let path = match self.kind {
            ChangeKind::Deleted => self.old.clone().or(self.new)?,
            _ => self.new.or_else(|| self.old.clone())?,
        };
        let (mut lines, mut moved_lines) = (LineRanges::default(), LineRanges::default());
        for run in self.added.iter().filter(|_| is_text) {
            for number in (run.first..).take(run.lines.len()) {
                if moved.contains(&path, number) {
                    moved_lines.push(number);
                } else {
                    lines.push(number);
                }
            }
        }
        if self.has_no_text && is_text {
            // Any of them may be changed.
            lines = LineRanges::all();
        }
        let removed = if is_text && !self.has_no_text && !self.is_merge {
            RemovedText::known(&self.removed)
        } else {
            RemovedText::default()
        };
        Some(ChangedFile {
            removed,
            before: self.old.filter(|old| *old != path),
            kind: self.kind,
            lines,
            moved: moved_lines,
            has_loose_path: !self.is_git,
            text: self.text,
            path,
        })
    }
}
