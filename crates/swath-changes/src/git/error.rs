//! Why git has no answer.

use std::path::{Path, PathBuf};

use swath_checkout::AskError;
use swath_model::Message;

use crate::PatchError;

/// Why git cannot say what changed.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no git on `PATH`.
    #[error("`git` was not found")]
    NotInstalled,
    /// It did not start, did not end in time, or said too much.
    #[error(transparent)]
    NotAsked(AskError),
    /// The folder belongs to no repository.
    #[error("`{}` is not in a git repository", folder.display())]
    NoRepository {
        /// The folder.
        folder: PathBuf,
    },
    /// git refuses to look at a repository that belongs to another user.
    #[error("git does not trust the repository: {complaint}")]
    NotTrusted {
        /// The folder that git was asked about.
        folder: PathBuf,
        /// What it said.
        complaint: String,
    },
    /// A repository without files.
    #[error("the repository of `{}` has no work tree", folder.display())]
    NoWorkTree {
        /// The folder.
        folder: PathBuf,
    },
    /// A revision that is not there.
    #[error("git knows no revision `{revision}`")]
    UnknownRevision {
        /// What was asked for.
        revision: String,
        /// Whether it may only have been left out.
        is_shallow: bool,
    },
    /// Nothing was committed yet where the work tree is.
    #[error("the branch that is checked out has no commit yet")]
    NoCommit,
    /// None of the usual branches is there.
    #[error("the repository has no branch that looks like its default branch")]
    NoDefaultBranch,
    /// Two histories without a commit in common.
    #[error("`{revision}` and HEAD have no commit in common")]
    NoMergeBase {
        /// The revision.
        revision: String,
        /// Whether it may only have been left out.
        is_shallow: bool,
    },
    /// A submodule that is not checked out.
    #[error("submodule `{path}` is not checked out")]
    SubmoduleNotThere {
        /// Its path.
        path: String,
    },
    /// git failed.
    #[error("`git {verb}` failed: {complaint}")]
    Failed {
        /// What it was to do.
        verb: &'static str,
        /// What it said.
        complaint: String,
        /// Whether objects may be missing.
        is_shallow: bool,
    },
    /// git's own diff cannot be read: a fault of swath.
    #[error("the diff of git cannot be read: {0}")]
    Unreadable(PatchError),
}

impl GitError {
    /// What git's complaint about a folder means.
    pub(super) fn of_folder(folder: &Path, complaint: &str) -> Self {
        let folder = folder.to_owned();
        if complaint.contains("not a git repository") {
            Self::NoRepository { folder }
        } else if complaint.contains("dubious ownership") {
            Self::NotTrusted {
                folder,
                complaint: complaint.to_owned(),
            }
        } else if complaint.contains("work tree") {
            Self::NoWorkTree { folder }
        } else {
            Self::Failed {
                verb: "rev-parse",
                complaint: complaint.to_owned(),
                is_shallow: false,
            }
        }
    }

    /// What people are told.
    pub fn message(&self) -> Message {
        const PATCH: &str = "give the change itself with `--patch FILE`";
        const DEEPEN: &str = "this clone is shallow: `git fetch --unshallow`, or `fetch-depth: 0` \
                              for actions/checkout, `GIT_DEPTH: 0` for GitLab";
        let deepen_or = |is_shallow: bool, other: &str| {
            Some(if is_shallow { DEEPEN } else { other }.to_owned())
        };
        let (code, hint) = match self {
            Self::NotInstalled => ("git-not-found", Some(PATCH.to_owned())),
            Self::NotAsked(_) | Self::Unreadable(_) => ("git-failed", None),
            Self::NoRepository { .. } | Self::NoWorkTree { .. } => {
                ("not-a-repository", Some(PATCH.to_owned()))
            }
            Self::NotTrusted { folder, .. } => (
                "git-failed",
                Some(format!(
                    "git config --global --add safe.directory '{}'",
                    folder.display()
                )),
            ),
            Self::UnknownRevision { is_shallow, .. } => (
                "unknown-revision",
                deepen_or(
                    *is_shallow,
                    "`git branch --all` lists the branches that are here",
                ),
            ),
            Self::NoCommit => (
                "no-merge-base",
                Some(format!("commit with `git commit` first, or {PATCH}")),
            ),
            Self::NoDefaultBranch => (
                "no-default-branch",
                Some(
                    "`git remote set-head origin --auto` asks the remote for it; or `swath diff --since REVISION`"
                        .to_owned(),
                ),
            ),
            Self::NoMergeBase { is_shallow, .. } => (
                "no-merge-base",
                deepen_or(*is_shallow, "compare with a revision of this history"),
            ),
            Self::SubmoduleNotThere { .. } => (
                "git-failed",
                Some("git submodule update --init --recursive".to_owned()),
            ),
            Self::Failed { is_shallow, .. } => {
                ("git-failed", is_shallow.then(|| DEEPEN.to_owned()))
            }
        };
        Message::error(code, self.to_string()).hint(hint)
    }
}
