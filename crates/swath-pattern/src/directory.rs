//! Absolute, relative and canonical paths, as coverage.py and Python's `os.path` make them.

use std::collections::HashMap;
use std::path::Path;

/// The directory that relative paths start from, with its symbolic links resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    path: String,
}

/// A part of a path that still has to be walked.
enum Step {
    Name(String),
    /// The target of the symbolic link at this path has been walked to its end.
    LinkEnd(String),
}

impl Directory {
    /// Takes `path` as the directory that relative paths start from.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        let text = path.to_string_lossy();
        let root = Self { path: "/".into() };
        Self {
            path: root.absolute(&text),
        }
    }

    /// The directory's own absolute path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The absolute path of `path` without symbolic links, `.` or `..` (coverage.py's `abs_file`).
    /// What does not exist is kept as it is written.
    #[must_use]
    pub fn absolute(&self, path: &str) -> String {
        let mut walked = if path.starts_with('/') {
            "/".to_owned()
        } else {
            self.path.clone()
        };
        // Links by their path: `None` while the target is being walked, which shows a loop.
        let mut seen: HashMap<String, Option<String>> = HashMap::new();
        let mut rest: Vec<Step> = steps(path);
        while let Some(step) = rest.pop() {
            let name = match step {
                Step::LinkEnd(link) => {
                    seen.insert(link, Some(walked.clone()));
                    continue;
                }
                Step::Name(name) => name,
            };
            match name.as_str() {
                "" | "." => {}
                ".." => walked = parent(&walked),
                _ => {
                    let next = child(&walked, &name);
                    let Some(target) = link_target(&next) else {
                        walked = next;
                        continue;
                    };
                    if let Some(known) = seen.get(&next) {
                        walked = known.clone().unwrap_or(next);
                        continue;
                    }
                    seen.insert(next.clone(), None);
                    if target.starts_with('/') {
                        "/".clone_into(&mut walked);
                    }
                    rest.push(Step::LinkEnd(next));
                    rest.extend(steps(&target));
                }
            }
        }
        walked
    }

    /// `path` without this directory in front, or unchanged (coverage.py's `relative_filename`).
    #[must_use]
    pub fn relative<'a>(&self, path: &'a str) -> &'a str {
        if self.path == "/" {
            return path.strip_prefix('/').unwrap_or(path);
        }
        path.strip_prefix(&self.path)
            .and_then(|rest| rest.strip_prefix('/'))
            .unwrap_or(path)
    }
}

/// The parts of `path`, last first, ready to be popped.
fn steps(path: &str) -> Vec<Step> {
    path.split('/')
        .rev()
        .map(|name| Step::Name(name.to_owned()))
        .collect()
}

fn parent(path: &str) -> String {
    match path.rfind('/') {
        Some(0) | None => "/".to_owned(),
        Some(end) => path[..end].to_owned(),
    }
}

fn child(path: &str, name: &str) -> String {
    if path == "/" {
        format!("/{name}")
    } else {
        format!("{path}/{name}")
    }
}

fn link_target(path: &str) -> Option<String> {
    let metadata = fs_err::symlink_metadata(path).ok()?;
    if !metadata.file_type().is_symlink() {
        return None;
    }
    let target = fs_err::read_link(path).ok()?;
    Some(target.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_resolves_dots_links_and_loops() {
        let folder = tempfile::tempdir().unwrap();
        let base = Directory::new(folder.path());
        fs_err::create_dir_all(folder.path().join("real/deep")).unwrap();
        std::os::unix::fs::symlink("real", folder.path().join("link")).unwrap();
        std::os::unix::fs::symlink("loop", folder.path().join("loop")).unwrap();
        let under = |path: &str| format!("{}/{path}", base.path());
        assert_eq!(base.absolute("link/deep/../x.py"), under("real/x.py"));
        assert_eq!(base.absolute("./link//deep/"), under("real/deep"));
        assert_eq!(base.absolute("loop/x.py"), under("loop/x.py"));
        assert_eq!(base.absolute("no/../where.py"), under("where.py"));
        assert_eq!(base.absolute(""), base.path());
        assert_eq!(base.absolute("//a/../../b"), "/b");
    }

    #[test]
    fn relative_takes_off_only_whole_names() {
        let base = Directory {
            path: "/a/b".into(),
        };
        assert_eq!(base.relative("/a/b/c.py"), "c.py");
        assert_eq!(base.relative("/a/bc.py"), "/a/bc.py");
        assert_eq!(base.relative("x.py"), "x.py");
    }
}
