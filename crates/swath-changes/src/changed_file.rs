//! A file as a change left it.

use crate::{AddedText, LineRanges, RemovedText};

/// What a change did to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It was not there before.
    Added,
    /// Its text, or its mode, is another one.
    Modified,
    /// It had another name before.
    Renamed,
    /// It was made of another file, which is still there.
    Copied,
    /// It is gone.
    Deleted,
}

impl ChangeKind {
    /// Its name in reports for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Modified => "modified",
            Self::Renamed => "renamed",
            Self::Copied => "copied",
            Self::Deleted => "deleted",
        }
    }
}

/// One file of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its path after the change, with slashes: from the top of the repository, or as the patch has
    /// it. What is not UTF-8 is replaced. Of a deleted file, its path before.
    pub path: String,
    /// Its path before, if it was another one.
    pub before: Option<String>,
    /// What became of it.
    pub kind: ChangeKind,
    /// The lines of its text that the change wrote.
    pub lines: LineRanges,
    /// Lines that the change only moved here: the same text was taken away elsewhere.
    pub moved: LineRanges,
    /// Whether the path may begin with folders that are not part of it, as in patches that git did
    /// not make.
    pub has_loose_path: bool,
    /// The lines that a patch shows, to see whether it fits a text; none where git was asked.
    pub text: AddedText,
    /// The lines that it took away.
    pub removed: RemovedText,
}

impl ChangedFile {
    /// A file that is new as a whole.
    pub(crate) fn new_file(path: String) -> Self {
        Self {
            path,
            before: None,
            kind: ChangeKind::Added,
            lines: LineRanges::all(),
            moved: LineRanges::default(),
            has_loose_path: false,
            text: AddedText::default(),
            removed: RemovedText::default(),
        }
    }

    /// The text before the change, made of the one after it; nothing if the change does not say all
    /// of it, or is not one of this text.
    pub fn text_before(&self, after: &[u8]) -> Option<Vec<u8>> {
        let is_own = |number: u32| !self.lines.contains(number) && !self.moved.contains(number);
        let numbered = (1..).zip(after.split_inclusive(|&byte| byte == b'\n'));
        let kept = numbered.filter(|(number, _)| is_own(*number));
        self.removed.put_back(kept.map(|(_, line)| line))
    }

    /// A file of which all may have changed.
    pub fn whole(path: String) -> Self {
        Self {
            kind: ChangeKind::Modified,
            ..Self::new_file(path)
        }
    }

    /// The paths that are meant, the likeliest first.
    pub fn candidates(&self) -> impl Iterator<Item = &str> {
        let mut rest = Some(self.path.as_str());
        let is_loose = self.has_loose_path;
        std::iter::from_fn(move || {
            let path = rest?;
            rest = path
                .split_once('/')
                .map(|(_, shorter)| shorter)
                .filter(|shorter| is_loose && !shorter.is_empty());
            Some(path)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loose_path_may_have_folders_in_front() {
        let mut file = ChangedFile::new_file("new/src/a.py".to_owned());
        assert_eq!(file.candidates().collect::<Vec<_>>(), ["new/src/a.py"]);
        file.has_loose_path = true;
        assert_eq!(
            file.candidates().collect::<Vec<_>>(),
            ["new/src/a.py", "src/a.py", "a.py"]
        );
    }
}
