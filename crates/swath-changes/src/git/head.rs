//! What is checked out.

use super::{GitError, Repository, first_line};

/// What is checked out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The id of its commit; none before the first one.
    pub commit: Option<String>,
    /// The branch; none where a commit itself is checked out, as CI services do.
    pub branch: Option<String>,
}

impl Repository {
    /// What is checked out.
    pub fn head(&self) -> Result<Head, GitError> {
        let answer = self.ask(&["symbolic-ref", "--quiet", "--short", "HEAD"], b"")?;
        let branch = first_line(&answer.stdout);
        Ok(Head {
            commit: self.find_commit("HEAD")?,
            branch: Some(branch).filter(|branch| !branch.is_empty()),
        })
    }
}
