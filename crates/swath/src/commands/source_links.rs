//! Where the forge that runs this shows sources: GitHub and GitLab say it in the environment of a job.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use swath_changes::Repository;
use swath_coverage::FileReport;

/// A longer link is none.
const LONGEST: usize = 1_000;

/// The sources of the commit that is checked out.
pub(crate) struct ForgeSources {
    /// What stands before the path of a file.
    before: String,
    /// What stands before the last of several lines.
    last: &'static str,
    /// The top of the checkout.
    top: PathBuf,
}

impl ForgeSources {
    /// Those of the job that swath is part of; none outside of one, or without git.
    pub(crate) fn find(folder: &Path) -> Option<Self> {
        let (project, last) = project()?;
        let repository = Repository::find(folder).ok()?;
        let commit = repository.head().ok()?.commit?;
        Some(Self {
            before: format!("{project}/blob/{commit}"),
            last,
            top: repository.top().to_owned(),
        })
    }

    /// The link to lines of a file; none to what is not of the repository itself.
    pub(crate) fn link(&self, file: &FileReport, first: u32, last: u32) -> Option<String> {
        let inside = Path::new(&file.path).strip_prefix(&self.top).ok()?;
        // A submodule is a repository of its own.
        let mut folders = inside.ancestors().skip(1);
        if folders.any(|folder| {
            !folder.as_os_str().is_empty() && self.top.join(folder).join(".git").exists()
        }) {
            return None;
        }
        let mut link = self.before.clone();
        for part in inside {
            link.push('/');
            push_encoded(&mut link, part.as_encoded_bytes());
        }
        let _ = write!(link, "#L{first}");
        if last > first {
            let _ = write!(link, "-{}{last}", self.last);
        }
        (link.len() <= LONGEST).then_some(link)
    }
}

/// The address of the project, and what its forge writes before the last of several lines.
fn project() -> Option<(String, &'static str)> {
    let said = |name: &str| std::env::var(name).ok();
    let project = match (said("GITHUB_SERVER_URL"), said("GITHUB_REPOSITORY")) {
        (Some(server), Some(repository)) => (format!("{server}/{repository}"), "L"),
        _ => (said("CI_PROJECT_URL")? + "/-", ""),
    };
    is_plain_address(&project.0).then_some(project)
}

/// Whether a text is an address of the web in which nothing has a meaning for Markdown.
fn is_plain_address(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        rest.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/@%+".contains(&byte))
    })
}

/// Appends a part of a path as addresses have it.
fn push_encoded(link: &mut String, part: &[u8]) {
    for &byte in part {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            link.push(char::from(byte));
        } else {
            let _ = write!(link, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_hold_nothing_that_markdown_or_an_address_has_a_use_for() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        fs_err::create_dir_all(top.join("inner/.git")).unwrap();
        let sources = ForgeSources {
            before: "https://forge/a/b/blob/abc".to_owned(),
            last: "L",
            top: top.to_owned(),
        };
        let link = |path: &str, first, last| {
            let file = FileReport {
                path: top.join(path).to_str().unwrap().to_owned(),
                ..FileReport::default()
            };
            sources.link(&file, first, last)
        };
        assert_eq!(
            link("my lib/\u{e9}_(x)].py", 5, 7).as_deref(),
            Some("https://forge/a/b/blob/abc/my%20lib/%C3%A9_%28x%29%5D.py#L5-L7")
        );
        assert_eq!(
            link("a.py", 5, 5).as_deref(),
            Some("https://forge/a/b/blob/abc/a.py#L5")
        );
        assert_eq!(link("inner/a.py", 5, 5), None);
        assert_eq!(link(&"a".repeat(LONGEST), 5, 5), None);
        assert_eq!(link("/elsewhere/a.py", 1, 1), None);
    }

    #[test]
    fn an_address_is_plain() {
        assert!(is_plain_address("https://github.com/a/b"));
        for text in ["javascript:x", "https://a b", "https://a)](", ""] {
            assert!(!is_plain_address(text), "{text}");
        }
    }
}
