//! The certificate that the webhook shows, and its key: files that others replace while it runs.

use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use swath_checkout::{Links, open_regular};

use crate::error::WebhookError;

/// The most that a file of certificates may hold, in bytes; a secret holds less.
const LONGEST: u64 = 1 << 20;
/// How often the files are looked at, at most.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// The letters of a line of PEM.
const PEM_LINE: usize = 64;

/// Where the certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate, and those that lead to its authority, as PEM.
    pub certificate: PathBuf,
    /// Its key, as PEM.
    pub key: PathBuf,
}

/// What is in use, and what it was read from.
pub(crate) struct Certificates {
    files: CertificateFiles,
    config: Arc<ServerConfig>,
    seen: Stamps,
    looked: Instant,
}

/// What became of the files since the last look.
pub(crate) enum Change {
    Nothing,
    Read,
    Kept(WebhookError),
}

/// What differs when a file was replaced or written to: of both files, if they are there.
type Stamps = [Option<(u64, u64, i64, i64, u64)>; 2];

impl Certificates {
    pub(crate) fn read(files: CertificateFiles) -> Result<Certificates, WebhookError> {
        // Before the files are read: what changes meanwhile is seen at the next look.
        let seen = stamps(&files);
        let config = Arc::new(config(&files)?);
        Ok(Certificates {
            files,
            config,
            seen,
            looked: Instant::now(),
        })
    }

    /// What the next connection is served with.
    pub(crate) fn current(&mut self) -> (Arc<ServerConfig>, Change) {
        let change = if self.looked.elapsed() < BETWEEN_LOOKS {
            Change::Nothing
        } else {
            self.look()
        };
        (Arc::clone(&self.config), change)
    }

    fn look(&mut self) -> Change {
        self.looked = Instant::now();
        let seen = stamps(&self.files);
        if seen == self.seen {
            return Change::Nothing;
        }
        match config(&self.files) {
            Ok(config) => {
                self.seen = seen;
                self.config = Arc::new(config);
                Change::Read
            }
            // They were exchanged between one and the other.
            Err(_) if stamps(&self.files) != seen => Change::Nothing,
            Err(error) => {
                self.seen = seen;
                Change::Kept(error)
            }
        }
    }
}

fn stamps(files: &CertificateFiles) -> Stamps {
    [&files.certificate, &files.key].map(|path| {
        let file = fs_err::metadata(path).ok()?;
        let (seconds, parts) = (file.mtime(), file.mtime_nsec());
        Some((file.dev(), file.ino(), seconds, parts, file.len()))
    })
}

fn config(files: &CertificateFiles) -> Result<ServerConfig, WebhookError> {
    let chain = certificates(&read(&files.certificate)?);
    let chain = chain.ok_or_else(|| WebhookError::NotPem {
        path: files.certificate.clone(),
        what: "certificate",
    })?;
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?);
    let key = key.map_err(|_| WebhookError::NotPem {
        path: files.key.clone(),
        what: "private key",
    })?;
    let not_usable = |source| WebhookError::NotUsable { source };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(not_usable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(not_usable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The certificates in a text; `None` if there is none, or one that is damaged.
fn certificates(text: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .ok()?;
    (!found.is_empty()).then_some(found)
}

fn read(path: &Path) -> Result<Vec<u8>, WebhookError> {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = open_regular(path, Links::Follow)?;
        file.take(LONGEST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LONGEST {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "it is larger than 1 MiB",
            ));
        }
        Ok(bytes)
    };
    read().map_err(|source| WebhookError::NotReadable {
        path: path.to_owned(),
        source,
    })
}

/// The certificates of a file as PEM, and nothing else that the file holds.
pub fn authority(path: &Path) -> Result<String, WebhookError> {
    let found = certificates(&read(path)?).ok_or_else(|| WebhookError::NotPem {
        path: path.to_owned(),
        what: "certificate",
    })?;
    let mut text = String::new();
    for certificate in found {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let encoded = STANDARD.encode(certificate);
        for line in encoded.as_bytes().chunks(PEM_LINE) {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    Ok(text)
}
