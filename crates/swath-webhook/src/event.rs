//! What happens while the webhook serves.

use std::net::SocketAddr;

use swath_manifest::Admitted;

use crate::error::WebhookError;

/// Something that whoever runs the webhook should see.
#[derive(Debug)]
pub enum Event<'a> {
    /// It can be asked.
    Listening(SocketAddr),
    /// A review was answered.
    Answered(&'a Admitted),
    /// Something asked that is no API server.
    Refused(String),
    /// The certificate has changed and is in use.
    CertificateRead,
    /// The certificate has changed and cannot be used; the one before is.
    CertificateKept(&'a WebhookError),
    /// It was told to end; the requests under way are answered.
    Ending,
}
