//! An object store that speaks S3.

use std::io::{Error, ErrorKind, Read};
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use rusty_s3::actions::{ListObjectsV2, S3Action};
use rusty_s3::{Bucket as Signing, Credentials, UrlStyle};
use ureq::http::Response;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};
use url::Url;

use crate::credentials::CredentialSource;
use crate::error::StoreError;
use crate::object_store::Listed;

/// For so long a signature holds.
const SIGNED_FOR: Duration = Duration::from_mins(5);
/// No request takes longer.
const LONGEST_REQUEST: Duration = Duration::from_secs(30);
/// No connection takes longer to make.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);
/// No list of a thousand keys, and no error, is longer, in bytes.
const LONGEST_ANSWER: u64 = 8 << 20;
/// Connections that stay open: one for each of the threads that fetch.
const CONNECTIONS: usize = 32;

/// The objects of a run in a bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    signing: Signing,
    prefix: String,
    agent: Agent,
    credentials: CredentialSource,
}

impl Bucket {
    pub(crate) fn open(
        name: &str,
        prefix: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Bucket, StoreError> {
        let bad = |problem: String| StoreError::Address {
            url: format!("s3://{name}/{prefix}"),
            problem,
        };
        let one_of = |names: &[&str]| {
            let mut values = names.iter().filter_map(|name| variable(name));
            values.find(|value| !value.trim().is_empty())
        };
        let region = one_of(&["AWS_REGION", "AWS_DEFAULT_REGION"]);
        let region = region.unwrap_or_else(|| "us-east-1".to_owned());
        let named = one_of(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]);
        // Certificates of AWS match one label before the service, and other servers have one name.
        let style = if named.is_some() || name.contains('.') {
            UrlStyle::Path
        } else {
            UrlStyle::VirtualHost
        };
        let endpoint = named.unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
        let endpoint = Url::parse(&endpoint)
            .map_err(|error| bad(format!("the endpoint `{endpoint}` is not a URL: {error}")))?;
        let signing = Signing::new(endpoint, style, name.to_owned(), region.clone())
            .map_err(|error| bad(error.to_string()))?;
        let agent = agent(one_of(&["AWS_CA_BUNDLE"]).as_deref()).map_err(&bad)?;
        let credentials = CredentialSource::find(&one_of, &region, agent.clone());
        Ok(Bucket {
            signing,
            prefix: prefix.to_owned(),
            agent,
            credentials,
        })
    }

    fn object(&self, key: &str) -> String {
        format!("{}/{key}", self.prefix)
    }

    pub(crate) fn get(&self, key: &str, most: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let what = format!("read `{key}`");
        let credentials = self.credentials.get()?;
        let object = self.object(key);
        let url = self.signing.get_object(credentials.as_deref(), &object);
        let url = url.sign(SIGNED_FOR);
        let answer = self.agent.get(url.as_str()).call();
        let answer = answer.map_err(|error| unreachable_for(&what, error))?;
        if answer.status() == 404 {
            return Ok(None);
        }
        let mut answer = accepted(&what, answer)?;
        let mut bytes = Vec::new();
        let read = answer.body_mut().as_reader().take(most.saturating_add(1));
        { read }
            .read_to_end(&mut bytes)
            .map_err(|source| StoreError::Unreachable { what, source })?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > most) {
            return Err(StoreError::Damaged {
                key: key.to_owned(),
                problem: format!("is larger than {most} bytes"),
            });
        }
        Ok(Some(bytes))
    }

    pub(crate) fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let what = format!("write `{key}`");
        let credentials = self.credentials.get()?;
        let object = self.object(key);
        let url = self.signing.put_object(credentials.as_deref(), &object);
        let url = url.sign(SIGNED_FOR);
        let answer = self.agent.put(url.as_str()).send(bytes);
        let answer = answer.map_err(|error| unreachable_for(&what, error))?;
        accepted(&what, answer).map(drop)
    }

    pub(crate) fn delete(&self, key: &str) -> Result<(), StoreError> {
        let what = format!("delete `{key}`");
        let credentials = self.credentials.get()?;
        let object = self.object(key);
        let url = self.signing.delete_object(credentials.as_deref(), &object);
        let url = url.sign(SIGNED_FOR);
        let answer = self.agent.delete(url.as_str()).call();
        let answer = answer.map_err(|error| unreachable_for(&what, error))?;
        accepted(&what, answer).map(drop)
    }

    pub(crate) fn has(&self, key: &str) -> Result<bool, StoreError> {
        let what = format!("look for `{key}`");
        let credentials = self.credentials.get()?;
        let object = self.object(key);
        let url = self.signing.head_object(credentials.as_deref(), &object);
        let url = url.sign(SIGNED_FOR);
        let answer = self.agent.head(url.as_str()).call();
        let answer = answer.map_err(|error| unreachable_for(&what, error))?;
        // Who may not list a bucket is told 403 of what is not there.
        if matches!(answer.status().as_u16(), 403 | 404) {
            return Ok(false);
        }
        accepted(&what, answer).map(|_| true)
    }

    pub(crate) fn list(&self, prefix: &str, most: usize) -> Result<Vec<Listed>, StoreError> {
        let what = format!("list `{prefix}`");
        let mut found = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let credentials = self.credentials.get()?;
            let mut action = ListObjectsV2::new(&self.signing, credentials.as_deref());
            action.with_prefix(self.object(prefix));
            if let Some(token) = &next {
                action.with_continuation_token(token.clone());
            }
            let url = action.sign(SIGNED_FOR);
            let answer = self.agent.get(url.as_str()).call();
            let answer = answer.map_err(|error| unreachable_for(&what, error))?;
            let mut answer = accepted(&what, answer)?;
            let now = date_of(&answer);
            let text = read_text(&mut answer).map_err(|source| StoreError::Unreachable {
                what: what.clone(),
                source,
            })?;
            let page =
                ListObjectsV2::parse_response(&text).map_err(|error| StoreError::Damaged {
                    key: prefix.to_owned(),
                    problem: format!("is listed in a form that is not S3's: {error}"),
                })?;
            let before = found.len();
            for object in page.contents {
                let key = object.key.strip_prefix(&self.prefix);
                let Some(key) = key.and_then(|key| key.strip_prefix('/')) else {
                    continue;
                };
                let written = object.last_modified.as_deref();
                let written = written.and_then(|text| text.parse::<Timestamp>().ok());
                let age = written
                    .zip(now)
                    .map(|(written, now)| now.duration_since(written));
                found.push(Listed {
                    key: key.to_owned(),
                    age: age.map_or(Duration::ZERO, jiff::SignedDuration::unsigned_abs),
                });
            }
            next = page.next_continuation_token;
            // A list that does not go on would be asked for for ever.
            if next.is_none() || found.len() == before || found.len() >= most {
                return Ok(found);
            }
        }
    }
}

/// What speaks HTTP. `authorities` names a file of certificates to be trusted in place of the usual.
fn agent(authorities: Option<&str>) -> Result<Agent, String> {
    let mut tls = TlsConfig::builder();
    if let Some(path) = authorities {
        let pem = fs_err::read(path).map_err(|error| format!("AWS_CA_BUNDLE: {error}"))?;
        let certificates: Vec<Certificate<'static>> = parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        tls = tls.root_certs(RootCerts::new_with_certs(&certificates));
    }
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(LONGEST_REQUEST))
        .timeout_connect(Some(LONGEST_CONNECT))
        .max_idle_connections(CONNECTIONS)
        .max_idle_connections_per_host(CONNECTIONS)
        .tls_config(tls.build());
    Ok(config.build().new_agent())
}

/// The answer, if it is one of success.
fn accepted(what: &str, mut answer: Response<Body>) -> Result<Response<Body>, StoreError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let text = read_text(&mut answer).unwrap_or_default();
    let code = between(&text, "<Code>", "</Code>").unwrap_or_default();
    let answer = format!("{} {code}", status.as_u16()).trim_end().to_owned();
    Err(StoreError::Refused {
        what: what.to_owned(),
        answer,
        // A token may expire and a clock be set: only what was never right is not tried again.
        is_passing: status.is_server_error() || matches!(status.as_u16(), 401 | 403 | 408 | 429),
    })
}

pub(crate) fn read_text(answer: &mut Response<Body>) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    let reader = answer.body_mut().as_reader();
    reader.take(LONGEST_ANSWER).read_to_end(&mut bytes)?;
    String::from_utf8(bytes).map_err(|error| Error::new(ErrorKind::InvalidData, error))
}

/// When the store answered, by its own clock.
fn date_of(answer: &Response<Body>) -> Option<Timestamp> {
    let date = answer.headers().get("date")?.to_str().ok()?;
    rfc2822::parse(date).ok().map(|date| date.timestamp())
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inside, _)| inside)
}

/// An error without its URL, which holds a signature.
pub(crate) fn unreachable_for(what: &str, error: ureq::Error) -> StoreError {
    StoreError::Unreachable {
        what: what.to_owned(),
        source: match error {
            ureq::Error::Io(error) => error,
            other => Error::other(other.to_string()),
        },
    }
}

/// What signs requests; nothing where the store is open to everybody.
pub(crate) type Held = Option<std::sync::Arc<Credentials>>;
