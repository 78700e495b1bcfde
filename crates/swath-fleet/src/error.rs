//! Why an object store does not give or take something.

use swath_model::Message;

/// What went wrong with an object store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address is not one of a store.
    #[error("`{url}` is not the address of a run in an object store: {problem}")]
    Address {
        /// What was written.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// There are no credentials for it, or they could not be obtained.
    #[error("there are no credentials for the object store: {problem}")]
    Credentials {
        /// What was tried.
        problem: String,
        /// Whether they may be there later.
        is_passing: bool,
    },
    /// It refused a request.
    #[error("the object store refused to {what}: {answer}")]
    Refused {
        /// What it was asked: `` read `pods/x` ``.
        what: String,
        /// Its status and the code of its answer.
        answer: String,
        /// Whether the same request may succeed later.
        is_passing: bool,
    },
    /// It did not answer, or the folder could not be used.
    #[error("the object store could not {what}: {source}")]
    Unreachable {
        /// What it was asked.
        what: String,
        /// Why.
        source: std::io::Error,
    },
    /// The folder that the containers share cannot be looked into.
    #[error("the folder with the hit stores cannot be looked into: {source}")]
    Volume {
        /// Why, with the folder's path.
        source: std::io::Error,
    },
    /// What it holds is not what swath wrote.
    #[error("`{key}` in the object store {problem}")]
    Damaged {
        /// The object.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl StoreError {
    /// Whether the same request may succeed later.
    pub fn is_passing(&self) -> bool {
        match self {
            StoreError::Refused { is_passing, .. } | StoreError::Credentials { is_passing, .. } => {
                *is_passing
            }
            StoreError::Unreachable { .. } => true,
            StoreError::Address { .. } | StoreError::Volume { .. } | StoreError::Damaged { .. } => {
                false
            }
        }
    }

    /// Whether there is no folder of this name: who waits for a disk waits for it, who begins does not.
    pub fn is_nowhere(&self) -> bool {
        let StoreError::Unreachable { source, .. } = self else {
            return false;
        };
        matches!(
            source.kind(),
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
        )
    }

    /// Whether it is a right that is missing.
    pub fn is_forbidden(&self) -> bool {
        match self {
            StoreError::Refused { answer, .. } => {
                answer.starts_with("401") || answer.starts_with("403")
            }
            StoreError::Unreachable { source, .. } => matches!(
                source.kind(),
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem
            ),
            _ => false,
        }
    }

    /// What people are told.
    pub fn message(&self) -> Message {
        match self {
            StoreError::Address { .. } => Message::error("bad-store-url", self.to_string())
                .hint("write `s3://BUCKET/PREFIX/RUN` or `file:///FOLDER/RUN`".to_owned()),
            StoreError::Credentials { .. } => Message::error("store-failed", self.to_string()).hint(
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the pod's service account a role"
                    .to_owned(),
            ),
            StoreError::Volume { .. } => Message::error("no-volume", self.to_string())
                .hint("name the folder that the services record into with `--from`".to_owned()),
            _ => Message::error("store-failed", self.to_string()),
        }
    }
}
