//! git, asked what differs from a revision. The options of its diff are chosen here, so that nobody's
//! configuration changes the answer.

mod error;
mod head;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use swath_checkout::{Answer, AskError, ask_program, is_source};
use swath_model::SourceHash;

use crate::file_diff::{FileDiff, SubmoduleChange};
use crate::patch::{changed_files, parse_files};
use crate::{ChangedFile, LineRanges};

pub use error::GitError;
pub use head::Head;

/// How long one question may take: a partial clone fetches what it lacks.
const LIMIT: Duration = Duration::from_mins(2);
/// Submodules of submodules are followed so far.
const DEEPEST: usize = 8;

/// Whether a line is another one when only its blanks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blanks {
    /// It is the same, however it is indented.
    Ignored,
    /// It is another one: Python may run it elsewhere.
    Counted,
}

/// Renames and copies keep their lines. Everything that a configuration could change is said.
const DIFF: [&str; 16] = [
    "diff",
    "--find-renames",
    "--find-copies",
    "--unified=0",
    "--inter-hunk-context=0",
    "--diff-algorithm=myers",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--no-relative",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=none",
    "--submodule=short",
    "--full-index",
    "-O/dev/null",
];

/// How far back texts are looked for whose names git does not know.
const LAST_COMMITS: &str = "--max-count=1000";

/// The work tree that a folder belongs to.
#[derive(Clone, Debug)]
pub struct Repository {
    top: PathBuf,
    is_shallow: bool,
    /// Whether objects have names by SHA-256, which are not those that data files have.
    has_other_names: bool,
    surroundings: Surroundings,
}

/// Whose repository the environment may speak of: in a hook, it names the one that is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Surroundings {
    /// This one's.
    Own,
    /// Another one's: this is a submodule of it.
    Other,
}

/// What git says in the environment of one repository, and never to another one.
const OF_ONE_REPOSITORY: [&str; 9] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_SHALLOW_FILE",
    "GIT_NAMESPACE",
];

/// What a work tree is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// The revision that was asked for, or the default branch.
    pub revision: String,
    /// The id of the commit that is compared with.
    pub commit: String,
    /// Whether that is where the two histories part, and not the revision itself.
    pub is_merge_base: bool,
}

/// A submodule that changed, and whose lines nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmoduleGap {
    /// Its path from the top of the repository.
    pub path: String,
    /// What kept git from saying.
    pub reason: String,
}

/// What differs from a revision.
#[derive(Clone, Debug, Default)]
pub struct GitChanges {
    /// The files, submodules' and untracked ones included.
    pub files: Vec<ChangedFile>,
    /// Submodules that git could not look into.
    pub gaps: Vec<SubmoduleGap>,
    /// The submodules that were looked into.
    pub submodules: Vec<Repository>,
    /// What git warned of, such as renames that it did not look for.
    pub warnings: Vec<String>,
}

impl Repository {
    /// The work tree that `folder` belongs to.
    pub fn find(folder: &Path) -> Result<Self, GitError> {
        Self::find_in(folder, Surroundings::Own)
    }

    fn find_in(folder: &Path, surroundings: Surroundings) -> Result<Self, GitError> {
        let words = [
            "rev-parse",
            "--is-shallow-repository",
            // A git that does not know the question repeats it, and knows SHA-1 alone.
            "--show-object-format",
            "--show-toplevel",
        ];
        let answer = ask_git(folder, surroundings, &words, b"")?;
        if answer.code != Some(0) {
            return Err(GitError::of_folder(folder, &complaint(&answer)));
        }
        let text = String::from_utf8_lossy(&answer.stdout);
        let (shallow, rest) = text.split_once('\n').unwrap_or_default();
        let (names, top) = rest.split_once('\n').unwrap_or_default();
        let top = top.strip_suffix('\n').unwrap_or(top);
        if top.is_empty() {
            let folder = folder.to_owned();
            return Err(GitError::NoWorkTree { folder });
        }
        Ok(Self {
            top: PathBuf::from(top),
            is_shallow: shallow == "true",
            has_other_names: names == "sha256",
            surroundings,
        })
    }

    /// The folder at its top.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// A revision itself, to compare with.
    pub fn revision(&self, revision: &str) -> Result<Baseline, GitError> {
        Ok(Baseline {
            commit: self.commit(revision)?,
            revision: revision.to_owned(),
            is_merge_base: false,
        })
    }

    /// Where the history of the work tree and that of `revision` part; without one, of the default
    /// branch.
    pub fn merge_base(&self, revision: Option<&str>) -> Result<Baseline, GitError> {
        // Asked first: without a commit there is no branch, and no revision has a name.
        if self.find_commit("HEAD")?.is_none() {
            return Err(GitError::NoCommit);
        }
        let revision = match revision {
            Some(revision) => revision.to_owned(),
            None => self.default_branch()?,
        };
        let commit = self.commit(&revision)?;
        let answer = self.ask(&["merge-base", &commit, "HEAD"], b"")?;
        if answer.code == Some(1) {
            return Err(GitError::NoMergeBase {
                revision,
                is_shallow: self.is_shallow,
            });
        }
        self.check("merge-base", &answer)?;
        let base = first_line(&answer.stdout);
        Ok(Baseline {
            is_merge_base: base != commit,
            commit: base,
            revision,
        })
    }

    /// The branch that others start from: the remote's, or one of the usual names.
    fn default_branch(&self) -> Result<String, GitError> {
        let head = "refs/remotes/origin/HEAD";
        let answer = self.ask(&["symbolic-ref", "--quiet", "--short", head], b"")?;
        let named = first_line(&answer.stdout);
        let usual = ["origin/main", "origin/master", "main", "master", "trunk"];
        let candidates = [named.as_str()].into_iter().chain(usual);
        for candidate in candidates.filter(|candidate| !candidate.is_empty()) {
            if self.find_commit(candidate)?.is_some() {
                return Ok(candidate.to_owned());
            }
        }
        Err(GitError::NoDefaultBranch)
    }

    /// The id of the commit that a revision names, which there must be.
    fn commit(&self, revision: &str) -> Result<String, GitError> {
        let found = self.find_commit(revision)?;
        found.ok_or_else(|| GitError::UnknownRevision {
            revision: revision.to_owned(),
            is_shallow: self.is_shallow,
        })
    }

    /// The id of the commit that a revision names, if there is one.
    fn find_commit(&self, revision: &str) -> Result<Option<String>, GitError> {
        let object = format!("{revision}^{{commit}}");
        let words = ["rev-parse", "--verify", "--quiet", "--end-of-options"];
        let words = [words.as_slice(), &[object.as_str()]].concat();
        let answer = self.ask(&words, b"")?;
        // git says nothing of a revision that it does not know.
        if answer.code == Some(1) && answer.stderr.is_empty() {
            return Ok(None);
        }
        self.check("rev-parse", &answer)?;
        Ok(Some(first_line(&answer.stdout)))
    }

    /// What of the work tree differs from a commit. Files that git does not track and does not
    /// ignore are new.
    pub fn changes_since(&self, commit: &str, blanks: Blanks) -> Result<GitChanges, GitError> {
        let mut changes = GitChanges::default();
        self.collect(commit, blanks, ("", 0), &mut changes)?;
        Ok(changes)
    }

    /// git's diff of the work tree. A source may have bytes or an attribute that make git call it
    /// binary: its lines ran all the same. Of other files, which may be large, none is shown.
    fn diff(&self, commit: &str, blanks: Blanks) -> Result<Answer, GitError> {
        let ignored: &[&str] = match blanks {
            Blanks::Ignored => &["--ignore-all-space"],
            Blanks::Counted => &[],
        };
        let ask = |more: &[&str]| {
            let words = [DIFF.as_slice(), ignored, more, &[commit, "--"]].concat();
            let answer = self.ask(&words, b"")?;
            self.check("diff", &answer)?;
            Ok(answer)
        };
        let answer = ask(&[])?;
        if !hides_source(&answer.stdout) {
            return Ok(answer);
        }
        match ask(&["--text"]) {
            // With large files beside it, the answer that names it has to do.
            Err(GitError::NotAsked(AskError::TooLong { .. })) => Ok(answer),
            whole => whole,
        }
    }

    fn collect(
        &self,
        commit: &str,
        blanks: Blanks,
        (prefix, depth): (&str, usize),
        changes: &mut GitChanges,
    ) -> Result<(), GitError> {
        let answer = self.diff(commit, blanks)?;
        let warnings = String::from_utf8_lossy(&answer.stderr);
        let warnings = warnings.lines();
        let warnings = warnings.filter_map(|line| line.strip_prefix("warning: "));
        changes.warnings.extend(warnings.map(str::to_owned));
        let mut files = parse_files(&answer.stdout).map_err(GitError::Unreadable)?;
        let submodules = take_submodules(&mut files);
        let mut own = changed_files(files);
        let words = [
            "ls-files",
            "--others",
            "--exclude-standard",
            "--full-name",
            "-z",
        ];
        let untracked = self.ask(&words, b"")?;
        self.check("ls-files", &untracked)?;
        for path in untracked.stdout.split(|&byte| byte == 0) {
            // A repository in the work tree that is no submodule ends in a slash.
            if !path.is_empty() && !path.ends_with(b"/") {
                own.push(self.untracked_file(path));
            }
        }
        for file in &mut own {
            file.path.insert_str(0, prefix);
            if let Some(before) = &mut file.before {
                before.insert_str(0, prefix);
            }
        }
        changes.files.append(&mut own);
        for (path, change) in submodules {
            let whole = format!("{prefix}{path}");
            let place = (path.as_str(), whole.as_str(), depth);
            if let Err(error) = self.collect_submodule(place, &change, blanks, changes) {
                let reason = error.to_string();
                changes.gaps.push(SubmoduleGap {
                    path: whole,
                    reason,
                });
            }
        }
        Ok(())
    }

    /// A file that git does not track is new as a whole. A link has no lines, as in git's diff: those of
    /// its target are the target's.
    fn untracked_file(&self, path: &[u8]) -> ChangedFile {
        let is_link = self.top.join(OsStr::from_bytes(path)).is_symlink();
        let mut file = ChangedFile::new_file(String::from_utf8_lossy(path).into_owned());
        if is_link {
            file.lines = LineRanges::default();
        }
        file
    }

    fn collect_submodule(
        &self,
        (path, whole, depth): (&str, &str, usize),
        change: &SubmoduleChange,
        blanks: Blanks,
        changes: &mut GitChanges,
    ) -> Result<(), GitError> {
        let folder = self.top.join(path);
        let not_there = || GitError::SubmoduleNotThere {
            path: whole.to_owned(),
        };
        if depth == DEEPEST || !folder.join(".git").exists() {
            return Err(not_there());
        }
        let inner = Repository::find_in(&folder, Surroundings::Other)?;
        if inner.top == self.top {
            return Err(not_there());
        }
        // Of a new submodule everything is new.
        let empty_tree;
        let base = if let Some(before) = &change.before {
            before.as_str()
        } else {
            let answer = inner.ask(&["hash-object", "-t", "tree", "--stdin"], b"")?;
            empty_tree = first_line(&answer.stdout);
            &empty_tree
        };
        inner.collect(base, blanks, (&format!("{whole}/"), depth + 1), changes)?;
        changes.submodules.push(inner);
        Ok(())
    }

    /// The texts that have these hashes, as far as the repository knows them, in the same order.
    pub fn texts(&self, hashes: &[SourceHash]) -> Result<Vec<Option<Vec<u8>>>, GitError> {
        if hashes.is_empty() {
            return Ok(Vec::new());
        }
        if self.has_other_names {
            return self.texts_of_history(hashes);
        }
        let names: Vec<String> = hashes.iter().map(ToString::to_string).collect();
        let answer = self.contents(&names.join("\n"))?;
        let mut rest = answer.stdout.as_slice();
        Ok(hashes.iter().map(|_| take_text(&mut rest)).collect())
    }

    /// The same of a repository that knows no object by these hashes: the sources of the last commits
    /// are hashed.
    fn texts_of_history(&self, hashes: &[SourceHash]) -> Result<Vec<Option<Vec<u8>>>, GitError> {
        let words = ["rev-list", "--objects", LAST_COMMITS, "--all"];
        let answer = self.ask(&words, b"")?;
        self.check("rev-list", &answer)?;
        let objects = String::from_utf8_lossy(&answer.stdout);
        let objects = objects.lines().filter_map(|line| line.split_once(' '));
        let sources = objects.filter(|(_, path)| is_source(Path::new(path)));
        let names: Vec<&str> = sources.map(|(name, _)| name).collect();
        let names = names.join("\n");
        let answer = self.contents(&names)?;
        let mut rest = answer.stdout.as_slice();
        let mut found = vec![None; hashes.len()];
        for _ in names.lines() {
            let Some(text) = take_text(&mut rest) else {
                continue;
            };
            let hash = SourceHash::of(&text);
            if let Some(place) = hashes.iter().position(|wanted| *wanted == hash) {
                found[place] = Some(text);
            }
        }
        Ok(found)
    }

    /// What `cat-file --batch` says of objects, a name a line.
    fn contents(&self, names: &str) -> Result<Answer, GitError> {
        let answer = self.ask(&["cat-file", "--batch"], names.as_bytes())?;
        self.check("cat-file", &answer)?;
        Ok(answer)
    }

    fn ask<W: AsRef<OsStr>>(&self, words: &[W], input: &[u8]) -> Result<Answer, GitError> {
        ask_git(&self.top, self.surroundings, words, input)
    }

    fn check(&self, verb: &'static str, answer: &Answer) -> Result<(), GitError> {
        if answer.code == Some(0) {
            return Ok(());
        }
        Err(GitError::Failed {
            verb,
            complaint: complaint(answer),
            is_shallow: self.is_shallow,
        })
    }
}

/// Whether a diff says of Python that it is binary.
fn hides_source(diff: &[u8]) -> bool {
    let mut lines = diff.split(|&byte| byte == b'\n');
    lines.any(|line| {
        line.starts_with(b"Binary files ") && line.windows(3).any(|part| part == b".py")
    })
}

/// Takes the submodules out of a diff: their paths, and what they were and are at.
fn take_submodules(files: &mut Vec<FileDiff<'_>>) -> Vec<(String, SubmoduleChange)> {
    let mut submodules = Vec::new();
    files.retain(|file| {
        let Some(change) = file.submodule() else {
            return true;
        };
        // Nothing of one that is gone is here.
        if let Some(path) = file.new.clone().filter(|_| change.after.is_some()) {
            submodules.push((path, change));
        }
        false
    });
    submodules
}

/// Takes one answer of `cat-file --batch`.
fn take_text(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let end = rest.iter().position(|&byte| byte == b'\n')?;
    let header = std::str::from_utf8(&rest[..end]).unwrap_or_default();
    let mut words = header.split(' ').skip(1);
    let kind = words.next();
    let length: Option<usize> = words.next().and_then(|length| length.parse().ok());
    *rest = &rest[end + 1..];
    let length = length?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after.strip_prefix(b"\n").unwrap_or(after);
    (kind == Some("blob")).then(|| text.to_vec())
}

fn ask_git<W: AsRef<OsStr>>(
    folder: &Path,
    surroundings: Surroundings,
    words: &[W],
    input: &[u8],
) -> Result<Answer, GitError> {
    let mut command = Command::new("git");
    command
        .args(["--no-pager", "-c", "core.quotePath=true"])
        .args(words)
        .current_dir(folder)
        // Nobody is there to answer, nothing is written, and messages are read.
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .env_remove("GIT_EXTERNAL_DIFF")
        .env_remove("GIT_DIFF_OPTS");
    if surroundings == Surroundings::Other {
        for name in OF_ONE_REPOSITORY {
            command.env_remove(name);
        }
    }
    ask_program(&mut command, input, LIMIT).map_err(|error| match error {
        AskError::NotStarted { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            GitError::NotInstalled
        }
        error => GitError::NotAsked(error),
    })
}

fn first_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// The first line of what git complains of.
fn complaint(answer: &Answer) -> String {
    let text = first_line(&answer.stderr);
    let text = text.strip_prefix("fatal: ").unwrap_or(&text);
    text.strip_prefix("error: ").unwrap_or(text).to_owned()
}
