//! Reading patches: unified diffs as git, `diff -u` and mails have them, merges included.

use std::collections::BTreeSet;

use crate::file_diff::FileDiff;
use crate::moved::Moved;
use crate::quoted_path::read_path;
use crate::{ChangeKind, ChangedFile};

/// What stands for a file that is not there.
const NOWHERE: &str = "/dev/null";

/// Why a text is no patch. Lines are those of the patch, from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// There is no file in it.
    #[error("it holds no unified diff")]
    NoDiff,
    /// Every line has colors of a terminal, as a configuration of git can ask for in pipes, too.
    #[error("it has the colors of a terminal")]
    Colored,
    /// A line stands in a hunk that has no such lines.
    #[error("line {line} is not a valid line of a hunk")]
    NotInHunk {
        /// The line.
        line: usize,
    },
    /// The text ends in a hunk.
    #[error("it ends in the middle of the hunk that begins at line {line}")]
    Truncated {
        /// Where the hunk begins.
        line: usize,
    },
    /// A hunk stands above one that comes before it.
    #[error("the hunk at line {line} is not below the hunk before it")]
    HunkOrder {
        /// Where the hunk begins.
        line: usize,
    },
    /// A file is there twice: nobody knows which lines are those of the text that is here.
    #[error("line {line} begins `{path}` a second time")]
    FileTwice {
        /// Where the second one begins.
        line: usize,
        /// The file.
        path: String,
    },
    /// A hunk belongs to no file.
    #[error("the hunk at line {line} belongs to no file")]
    HunkWithoutFile {
        /// Where the hunk begins.
        line: usize,
    },
    /// The header of a hunk cannot be read.
    #[error("line {line} is not a valid hunk header")]
    HunkHeader {
        /// The line.
        line: usize,
    },
    /// A name cannot be read.
    #[error("line {line} has a path that is not quoted as git quotes it")]
    Path {
        /// The line.
        line: usize,
    },
}

/// Reads a patch: the files that it changes, in its order, each of them once. Nothing at all
/// changes nothing.
pub fn parse_patch(patch: &[u8]) -> Result<Vec<ChangedFile>, PatchError> {
    let files = Parser::new(patch, true).parse()?;
    if files.is_empty() && !patch.trim_ascii().is_empty() {
        let is_colored = patch
            .windows(4)
            .any(|part| part == b"\x1b[1m" || part == b"\x1b[36");
        return Err(if is_colored {
            PatchError::Colored
        } else {
            PatchError::NoDiff
        });
    }
    check_names(&files)?;
    Ok(changed_files(files))
}

/// Patches after each other may write to one file several times: the lines of all but the last are
/// numbered in texts that are not here any more. What is deleted may be written anew, as a link.
fn check_names(files: &[FileDiff<'_>]) -> Result<(), PatchError> {
    let mut seen = BTreeSet::new();
    let written = files.iter().filter(|file| file.kind != ChangeKind::Deleted);
    for file in written {
        let Some(path) = file.new.as_ref().or(file.old.as_ref()) else {
            continue;
        };
        if !seen.insert(path) {
            return Err(PatchError::FileTwice {
                line: file.begin,
                path: path.clone(),
            });
        }
    }
    Ok(())
}

pub(crate) fn changed_files(files: Vec<FileDiff<'_>>) -> Vec<ChangedFile> {
    let moved = Moved::find(&files);
    let files = files.into_iter();
    files
        .filter_map(|file| file.into_changed_file(&moved))
        .collect()
}

/// The files of a patch, with their lines; without what says whether it fits a text.
pub(crate) fn parse_files(patch: &[u8]) -> Result<Vec<FileDiff<'_>>, PatchError> {
    Parser::new(patch, false).parse()
}

struct Parser<'a> {
    rest: &'a [u8],
    /// The number of the line that was read last.
    number: usize,
    files: Vec<FileDiff<'a>>,
    /// Whether the last file has no hunk yet, and what git says of it may follow.
    is_header: bool,
    /// Whether to note the lines that are shown of the text after the change.
    keeps_text: bool,
}

impl<'a> Parser<'a> {
    fn new(patch: &'a [u8], keeps_text: bool) -> Self {
        Self {
            rest: patch,
            number: 0,
            files: Vec::new(),
            is_header: false,
            keeps_text,
        }
    }

    fn parse(mut self) -> Result<Vec<FileDiff<'a>>, PatchError> {
        while let Some(line) = self.next() {
            self.read(line)?;
        }
        Ok(self.files)
    }

    fn next(&mut self) -> Option<&'a [u8]> {
        let (line, rest) = split_line(self.rest)?;
        self.rest = rest;
        self.number += 1;
        Some(line)
    }

    /// Reads a line between hunks. What is no part of a patch, as the text of a mail, is passed over.
    fn read(&mut self, line: &'a [u8]) -> Result<(), PatchError> {
        let header = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(names) = header.strip_prefix(b"diff --git ") {
            self.begin(true, self.number);
            let names = git_names(names).ok_or(PatchError::Path { line: self.number })?;
            if let (Some(file), Some((old, new))) = (self.files.last_mut(), names) {
                (file.old, file.new) = (Some(old), Some(new));
            }
        } else if let Some(name) = header
            .strip_prefix(b"diff --cc ")
            .or_else(|| header.strip_prefix(b"diff --combined "))
        {
            self.begin(true, self.number);
            let name = self.path(name)?;
            if let Some(file) = self.files.last_mut() {
                (file.old, file.new) = (Some(name.clone()), Some(name));
                file.is_merge = true;
            }
        } else if header.starts_with(b"--- ") && self.rest.starts_with(b"+++ ") {
            self.read_names(header)?;
        } else if header.starts_with(b"@@") && header.get(2).is_some_and(|b| b" @".contains(b)) {
            self.read_hunk(header)?;
        } else if self.is_header {
            self.read_extended_header(header)?;
        }
        Ok(())
    }

    fn begin(&mut self, is_git: bool, line: usize) {
        self.files.push(FileDiff::new(is_git, line));
        self.is_header = is_git;
    }

    fn path(&self, text: &[u8]) -> Result<String, PatchError> {
        let read = read_path(text, |byte| byte == b'\t');
        let (path, _) = read.ok_or(PatchError::Path { line: self.number })?;
        Ok(path)
    }

    /// Reads `--- old` and the line `+++ new` behind it.
    fn read_names(&mut self, header: &[u8]) -> Result<(), PatchError> {
        let line = self.number;
        let old = self.path(&header[4..])?;
        let next = self.next().unwrap_or_default();
        let new = next.strip_suffix(b"\r").unwrap_or(next);
        let new = self.path(new.get(4..).unwrap_or_default())?;
        if !self.is_header {
            let is_git = [(&old, "a/"), (&new, "b/")]
                .iter()
                .all(|(name, prefix)| *name == NOWHERE || name.starts_with(prefix));
            self.begin(is_git, line);
        }
        self.is_header = false;
        let Some(file) = self.files.last_mut() else {
            return Ok(());
        };
        if old == NOWHERE {
            file.kind = ChangeKind::Added;
        } else if new == NOWHERE {
            file.kind = ChangeKind::Deleted;
        }
        if file.new.is_some() {
            // git has said the names already, without prefixes.
            return Ok(());
        }
        let named = |name: String| {
            let short = name.split_once('/').filter(|_| file.is_git);
            let short = short.map(|(_, short)| short.to_owned());
            Some(short.unwrap_or(name)).filter(|name| name != NOWHERE)
        };
        (file.old, file.new) = if old == NOWHERE {
            (None, named(new))
        } else if new == NOWHERE {
            (named(old), None)
        } else {
            let new = named(new);
            (new.clone(), new)
        };
        Ok(())
    }

    /// What git says of a file before its hunks.
    fn read_extended_header(&mut self, line: &'a [u8]) -> Result<(), PatchError> {
        let Some(file) = self.files.last_mut() else {
            return Ok(());
        };
        let number = self.number;
        let path = |text: &[u8]| {
            let read = read_path(text, |_| false);
            read.map(|(path, _)| Some(path))
                .ok_or(PatchError::Path { line: number })
        };
        let words: Vec<&[u8]> = line.splitn(3, |&byte| byte == b' ').collect();
        match words.as_slice() {
            [b"new", b"file", mode] => {
                file.kind = ChangeKind::Added;
                file.modes[1] = mode.strip_prefix(b"mode ");
            }
            [b"deleted", b"file", mode] => {
                file.kind = ChangeKind::Deleted;
                file.modes[0] = mode.strip_prefix(b"mode ");
            }
            [b"old", b"mode", mode] => file.modes[0] = Some(mode),
            [b"new", b"mode", mode] => file.modes[1] = Some(mode),
            [b"index", _, mode] => file.modes = [Some(mode), Some(mode)],
            [b"rename" | b"copy", b"from", name] => file.old = path(name)?,
            [word @ (b"rename" | b"copy"), b"to", name] => {
                file.new = path(name)?;
                file.kind = match *word {
                    b"copy" => ChangeKind::Copied,
                    _ => ChangeKind::Renamed,
                };
            }
            [b"Binary", b"files", _] | [b"GIT", b"binary", b"patch"] => {
                file.has_no_text = true;
                self.is_header = false;
            }
            _ => {}
        }
        Ok(())
    }

    fn read_hunk(&mut self, header: &[u8]) -> Result<(), PatchError> {
        let begin = self.number;
        let Some(mut hunk) = Hunk::parse(header) else {
            return Err(PatchError::HunkHeader { line: begin });
        };
        let Some(file) = self.files.last_mut() else {
            return Err(PatchError::HunkWithoutFile { line: begin });
        };
        if hunk.first_new_line() < file.written_until {
            return Err(PatchError::HunkOrder { line: begin });
        }
        file.written_until = hunk.line_after();
        self.is_header = false;
        while !hunk.is_over() {
            let Some(line) = self.next() else {
                return Err(PatchError::Truncated { line: begin });
            };
            let Some(file) = self.files.last_mut() else {
                break;
            };
            hunk.read(file, line, self.keeps_text)
                .ok_or(PatchError::NotInHunk { line: self.number })?;
        }
        Ok(())
    }
}

fn split_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if text.is_empty() {
        return None;
    }
    Some(match text.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, &[]),
    })
}

/// A hunk, with what is left of it.
struct Hunk {
    /// For each parent, the number of its next line, and how many lines are left.
    old: Vec<(u32, u32)>,
    new: (u32, u32),
}

impl Hunk {
    /// `@@ -1,2 +3,4 @@`, with one more `@` and one more range for each further parent of a merge.
    fn parse(header: &[u8]) -> Option<Self> {
        let parents = header.iter().take_while(|&&byte| byte == b'@').count() - 1;
        let text = std::str::from_utf8(header).ok().or_else(|| {
            // What follows the ranges is a line of some source.
            let valid = std::str::from_utf8(header).err()?.valid_up_to();
            std::str::from_utf8(&header[..valid]).ok()
        })?;
        let mut words = text.split(' ').skip(1);
        let old: Option<Vec<(u32, u32)>> = (0..parents)
            .map(|_| range(words.next()?.strip_prefix('-')?))
            .collect();
        let new = range(words.next()?.strip_prefix('+')?)?;
        let end = words.next()?.trim_end_matches('\r');
        let is_end = end.len() == parents + 1 && end.bytes().all(|byte| byte == b'@');
        is_end.then_some(Self { old: old?, new })
    }

    /// Where it begins in the text after the change. A range without lines is numbered by the line
    /// in front of it.
    fn first_new_line(&self) -> u32 {
        let (first, count) = self.new;
        first.saturating_add(u32::from(count == 0))
    }

    /// The first line below it in the text after the change.
    fn line_after(&self) -> u32 {
        self.first_new_line().saturating_add(self.new.1)
    }

    fn is_over(&self) -> bool {
        self.new.1 == 0 && self.old.iter().all(|range| range.1 == 0)
    }

    /// Reads one line; nothing if it cannot stand here.
    fn read<'a>(
        &mut self,
        file: &mut FileDiff<'a>,
        line: &'a [u8],
        keeps_text: bool,
    ) -> Option<()> {
        if line.starts_with(b"\\") {
            // Of a last line without an end.
            return Some(());
        }
        let (marks, text) = line.split_at_checked(self.old.len()).unwrap_or((b"", b""));
        // Some mailers cut blanks at the end of lines.
        let marks = if line.trim_ascii().is_empty() {
            b"".as_slice()
        } else {
            marks
        };
        if !marks.iter().all(|mark| b" +-".contains(mark)) {
            return None;
        }
        let is_gone = marks.contains(&b'-');
        for (index, range) in self.old.iter_mut().enumerate() {
            let mark = marks.get(index).copied().unwrap_or(b' ');
            if mark == b'-' || (mark == b' ' && !is_gone) {
                let number = advance(range)?;
                if index == 0 && is_gone {
                    FileDiff::push(&mut file.removed, number, text);
                }
            }
        }
        if !is_gone {
            let number = advance(&mut self.new)?;
            if keeps_text {
                file.text.push(number, text);
            }
            if !marks.is_empty() && marks.iter().all(|&mark| mark == b'+') {
                FileDiff::push(&mut file.added, number, text);
            }
        }
        Some(())
    }
}

/// The number of the next line of a range.
fn advance(range: &mut (u32, u32)) -> Option<u32> {
    let number = range.0;
    *range = (number.checked_add(1)?, range.1.checked_sub(1)?);
    Some(number)
}

/// `3,4`, or `3` for one line.
fn range(text: &str) -> Option<(u32, u32)> {
    let number = |text: &str| {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| is_number)
    };
    match text.split_once(',') {
        Some((first, count)) => Some((number(first)?, number(count)?)),
        None => Some((number(text)?, 1)),
    }
}

/// The names of `a/old b/new`, without prefixes; none where only the lines behind it say them, an
/// error where they are not quoted as they must be.
#[expect(
    clippy::option_option,
    reason = "unreadable, not said, and said are three answers"
)]
fn git_names(text: &[u8]) -> Option<Option<(String, String)>> {
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (old, new) = if text.starts_with(b"\"") {
        let (old, rest) = read_path(text, |_| true)?;
        let (new, _) = read_path(rest.strip_prefix(b" ")?, |_| false)?;
        (old, new)
    } else if text.ends_with(b"\"") {
        let middle = text.windows(2).position(|pair| pair == b" \"")?;
        let (new, _) = read_path(&text[middle + 1..], |_| false)?;
        (lossy(&text[..middle]), new)
    } else {
        // Blanks separate the names and stand in them: without a change of the name both are equal,
        // and of one length with their prefixes.
        let middle = text.len() / 2;
        if text.get(middle) != Some(&b' ') {
            return Some(None);
        }
        (lossy(&text[..middle]), lossy(&text[middle + 1..]))
    };
    Some(without_prefixes(&old, &new))
}

/// Both names without `a/` and `b/`, or whatever stands there; names that are equal have none.
fn without_prefixes(old: &str, new: &str) -> Option<(String, String)> {
    if old == new {
        return Some((old.to_owned(), new.to_owned()));
    }
    let (_, old) = old.split_once('/')?;
    let (_, new) = new.split_once('/')?;
    (old == new).then(|| (old.to_owned(), new.to_owned()))
}

#[cfg(test)]
mod tests;
