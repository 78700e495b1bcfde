//! Where a run is in an object store.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use crate::error::StoreError;

/// No part of a key is longer.
const LONGEST_PART: usize = 253;

/// A run in a store, as `s3://BUCKET/PREFIX/RUN` or `file:///FOLDER/RUN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunLocation {
    /// In a bucket.
    Bucket {
        /// The bucket.
        bucket: String,
        /// What every key of the run begins with, without a slash at the end.
        prefix: String,
    },
    /// In a folder that this machine sees.
    Folder(PathBuf),
}

impl FromStr for RunLocation {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let bad = |problem: &str| StoreError::Address {
            url: without_password(text),
            problem: problem.to_owned(),
        };
        let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("nothing may follow the path"));
        }
        match url.scheme() {
            "file" => {
                let path = url
                    .to_file_path()
                    .map_err(|()| bad("it names no folder of this machine"))?;
                if path.parent().is_none() {
                    return Err(bad("it names no run"));
                }
                Ok(RunLocation::Folder(path))
            }
            "s3" => {
                if !url.username().is_empty() || url.password().is_some() || url.port().is_some() {
                    return Err(bad("a bucket has no user and no port"));
                }
                let bucket = url.host_str().unwrap_or_default().to_owned();
                let prefix = url.path().trim_matches('/').to_owned();
                if bucket.is_empty() {
                    return Err(bad("it names no bucket"));
                }
                if prefix.is_empty() {
                    return Err(bad("it names no run in the bucket"));
                }
                if !prefix.split('/').all(is_plain_name) {
                    return Err(bad("its parts may have letters, digits, `.`, `_` and `-`"));
                }
                Ok(RunLocation::Bucket { bucket, prefix })
            }
            _ => Err(bad("swath knows `s3` and `file`")),
        }
    }
}

impl fmt::Display for RunLocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunLocation::Bucket { bucket, prefix } => write!(formatter, "s3://{bucket}/{prefix}"),
            RunLocation::Folder(path) => write!(formatter, "file://{}", path.display()),
        }
    }
}

/// Whether a text from elsewhere can be a part of a key and the name of a file.
pub(crate) fn is_plain_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !text.is_empty()
        && text.len() <= LONGEST_PART
        && !text.starts_with('.')
        && text.chars().all(is_plain)
}

/// What was written, should somebody have put a password into it.
fn without_password(text: &str) -> String {
    let words = [text.to_owned()];
    swath_data::without_secrets(&words).concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_in_a_bucket_or_a_folder() {
        let read = |text: &str| text.parse::<RunLocation>().map(|run| run.to_string());
        for same in [
            "s3://b/run",
            "s3://my-bucket/ci/42/run-1",
            "file:///srv/swath/run",
        ] {
            assert_eq!(read(same).unwrap(), same);
        }
        assert_eq!(read("s3://b/run/").unwrap(), "s3://b/run");
        for bad in [
            "b/run",
            "s3://b",
            "s3:///run",
            "s3://b/a//b",
            "s3://b/../x/%2e%2e/y",
            "file:///",
            "http://b/run",
            "s3://me:secret@b/run",
            "s3://b/run?x",
            "s3://b/.hidden",
        ] {
            let told = read(bad).map_err(|error| error.to_string());
            // A URL is normal before it is looked at: what is above the root is the root.
            assert!(told.is_err() || bad.contains(".."), "{bad}: {told:?}");
            assert!(!format!("{told:?}").contains("secret"), "{told:?}");
        }
    }

    #[test]
    fn names_from_elsewhere_are_names_of_files_only_if_they_are_plain() {
        assert!(is_plain_name("7-00ff.hits") && is_plain_name("web-7f-x"));
        for bad in ["", ".", "..", ".x", "a/b", "a b", "é", "a\0"] {
            assert!(!is_plain_name(bad), "{bad:?}");
        }
        assert!(!is_plain_name(&"x".repeat(300)));
    }
}
