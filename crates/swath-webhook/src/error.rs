//! Why the webhook cannot serve.

use std::io;
use std::path::PathBuf;

use swath_model::Message;

/// Why the webhook cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The certificate or its key cannot be read.
    #[error("`{path}` cannot be read: {source}", path = path.display())]
    NotReadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("`{path}` holds no {what} in PEM", path = path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// The two do not make a server.
    #[error("the certificate and the key cannot be used: {source}")]
    NotUsable {
        /// Why.
        source: rustls::Error,
    },
    /// Nothing can be asked.
    #[error("`{address}` cannot be listened on: {source}")]
    NotListening {
        /// As asked for.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The system gives too little.
    #[error("the webhook cannot run: {0}")]
    System(io::Error),
}

impl WebhookError {
    /// The error as people are told.
    pub fn message(&self) -> Message {
        let hint = match self {
            WebhookError::NotReadable { .. } | WebhookError::NotPem { .. } => Some(
                "a secret of the type `kubernetes.io/tls` holds both, as `tls.crt` and `tls.key`",
            ),
            WebhookError::NotUsable { .. } => {
                Some("name the key that the certificate was made for")
            }
            WebhookError::NotListening { .. } => {
                Some("name another one with `--listen ADDRESS:PORT`")
            }
            WebhookError::System(_) => None,
        };
        Message::error("webhook-not-served", self.to_string()).hint(hint.map(str::to_owned))
    }
}
