//! Swath's own requests to the engine.

use std::fmt::Write as _;
use std::io::{self, Cursor, Read, Write as _};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::endpoint::Endpoint;
use crate::error::EngineError;
use crate::message::{Head, LONGEST_BODY};
use crate::patience::{LONGEST_TRANSFER, Limits, Patience, Timed};
use crate::stream::Stream;

/// A short answer may take so many times as long as the engine may be silent in it.
const TIMES_THE_SILENCE: u32 = 4;

/// An engine; every request has a connection of its own, and no request waits without a limit.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    pub(crate) endpoint: Endpoint,
    pub(crate) patience: Arc<Patience>,
}

/// What a request carries.
pub(crate) enum Content<'a> {
    Nothing,
    Json(&'a Value),
    Tar(&'a [u8]),
}

/// The rest of an answer; ends with the connection.
pub(crate) struct Answer {
    already: Cursor<Vec<u8>>,
    timed: Timed,
}

impl Answer {
    /// The connection, to cut an answer that has no end.
    pub(crate) fn stream(&self) -> Arc<Stream> {
        self.timed.stream()
    }

    /// Makes this an answer that may pause for as long as it likes.
    pub(crate) fn without_limit(mut self) -> io::Result<Answer> {
        self.timed.without_limit()?;
        Ok(self)
    }
}

impl Read for Answer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.already.read(buffer)? {
            0 => self.timed.read(buffer),
            length => Ok(length),
        }
    }
}

impl Engine {
    pub(crate) fn new(endpoint: Endpoint, limits: Limits) -> Engine {
        Engine {
            endpoint,
            patience: Patience::new(limits),
        }
    }

    /// The same engine for requests that can be given up on their own.
    pub(crate) fn apart(&self) -> Engine {
        Engine::new(self.endpoint.clone(), self.patience.limits())
    }

    /// Sends a request; an answer that is no success is an error. HTTP/1.0 makes the engine end
    /// the answer with the connection instead of cutting it into chunks.
    pub(crate) fn ask(
        &self,
        method: &str,
        target: &str,
        content: &Content<'_>,
    ) -> Result<Answer, EngineError> {
        let what = || format!("{method} {target}");
        if self.patience.is_given_up() {
            let endpoint = self.endpoint.to_string();
            return Err(EngineError::GivenUp { endpoint });
        }
        let request = format!("`{method} {}`", without_query(target));
        let limit = self.patience.limit();
        let broken = |source: io::Error| match source.kind() {
            io::ErrorKind::TimedOut => EngineError::Silent {
                endpoint: self.endpoint.to_string(),
                request: request.clone(),
                waited: limit,
            },
            _ => EngineError::Broken {
                what: what(),
                source,
            },
        };
        let (kind, body) = match content {
            Content::Nothing => ("", Vec::new()),
            Content::Json(value) => ("application/json", value.to_string().into_bytes()),
            Content::Tar(bytes) => ("application/x-tar", bytes.to_vec()),
        };
        let mut head = Head::new(&format!("{method} {target} HTTP/1.0"));
        head.set("Host", "docker");
        if !kind.is_empty() {
            head.set("Content-Type", kind);
        }
        head.with_length(body.len());
        let stream = Arc::new(self.endpoint.connect(limit).inspect_err(|error| {
            if error.is_silence() {
                self.patience.note(&request, limit);
            }
        })?);
        let patience = Arc::clone(&self.patience);
        let longest = longest_for(target, limit);
        let mut timed = Timed::new(stream, patience, request.clone(), longest).map_err(broken)?;
        let mut message = head.to_bytes();
        message.extend_from_slice(&body);
        timed.write_all(&message).map_err(broken)?;
        let (head, already) = Head::read(&mut timed)
            .and_then(|answer| answer.ok_or_else(|| io::ErrorKind::UnexpectedEof.into()))
            .map_err(broken)?;
        let mut answer = Answer {
            already: Cursor::new(already),
            timed,
        };
        let status = head.status().unwrap_or(0);
        if (200..300).contains(&status) {
            return Ok(answer);
        }
        let mut text = Vec::new();
        // The words of a refusal may be missing; the status says enough.
        let _ = answer.by_ref().take(64 << 10).read_to_end(&mut text);
        Err(EngineError::Refused {
            what: what(),
            status,
            message: refusal(&text),
        })
    }

    pub(crate) fn json(
        &self,
        method: &str,
        target: &str,
        content: &Content<'_>,
    ) -> Result<Value, EngineError> {
        let mut text = Vec::new();
        let broken = |source| EngineError::Broken {
            what: format!("{method} {target}"),
            source,
        };
        let longest = u64::try_from(LONGEST_BODY).unwrap_or(u64::MAX);
        self.ask(method, target, content)?
            .take(longest + 1)
            .read_to_end(&mut text)
            .map_err(broken)?;
        if text.len() > LONGEST_BODY {
            return Err(broken(io::Error::new(
                io::ErrorKind::InvalidData,
                "the answer is too long",
            )));
        }
        if text.iter().all(u8::is_ascii_whitespace) {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&text).map_err(|error| broken(error.into()))
    }

    pub(crate) fn image(&self, name: &str) -> Result<Value, EngineError> {
        self.json(
            "GET",
            &format!("/images/{}/json", escape(name)),
            &Content::Nothing,
        )
    }

    pub(crate) fn container(&self, id: &str) -> Result<Value, EngineError> {
        self.json(
            "GET",
            &format!("/containers/{}/json", escape(id)),
            &Content::Nothing,
        )
    }

    /// Removes a container and its anonymous volumes; one that is not there is no error.
    pub(crate) fn remove_container(&self, id: &str) -> Result<(), EngineError> {
        let target = format!("/containers/{}?force=1&v=1", escape(id));
        unless_missing(self.ask("DELETE", &target, &Content::Nothing).map(|_| ()))
    }

    /// Removes a volume; one that is not there is no error.
    pub(crate) fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        let target = format!("/volumes/{}", escape(name));
        unless_missing(self.ask("DELETE", &target, &Content::Nothing).map(|_| ()))
    }

    pub(crate) fn put_archive(&self, id: &str, path: &str, tar: &[u8]) -> Result<(), EngineError> {
        let target = format!("/containers/{}/archive?path={}", escape(id), escape(path));
        self.ask("PUT", &target, &Content::Tar(tar)).map(|_| ())
    }

    pub(crate) fn get_archive(&self, id: &str, path: &str) -> Result<Answer, EngineError> {
        let target = format!("/containers/{}/archive?path={}", escape(id), escape(path));
        self.ask("GET", &target, &Content::Nothing)
    }

    /// Whether a container's file system holds this path.
    pub(crate) fn holds(&self, id: &str, path: &str) -> Result<bool, EngineError> {
        let target = format!("/containers/{}/archive?path={}", escape(id), escape(path));
        match self.ask("HEAD", &target, &Content::Nothing) {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// How long a request may take in all.
fn longest_for(target: &str, limit: Duration) -> Duration {
    let path = without_query(target);
    if path.ends_with("/archive") || path.ends_with("/load") {
        LONGEST_TRANSFER
    } else {
        limit * TIMES_THE_SILENCE
    }
}

fn without_query(target: &str) -> &str {
    target.split('?').next().unwrap_or(target)
}

fn unless_missing(result: Result<(), EngineError>) -> Result<(), EngineError> {
    match result {
        Err(error) if error.is_not_found() => Ok(()),
        other => other,
    }
}

/// The `message` of a refusal, or its text.
fn refusal(text: &[u8]) -> String {
    serde_json::from_slice::<Value>(text)
        .ok()
        .and_then(|value| value.get("message")?.as_str().map(str::to_owned))
        .unwrap_or_else(|| String::from_utf8_lossy(text).trim().to_owned())
}

/// A text as part of a path or of a query.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:@".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_escaped_and_refusals_read() {
        assert_eq!(escape("host:5000/a/b@sha256:0"), "host:5000/a/b@sha256:0");
        assert_eq!(escape("a b?c"), "a%20b%3Fc");
        assert_eq!(refusal(b"{\"message\":\"no such image\"}"), "no such image");
        assert_eq!(refusal(b"page not found\n"), "page not found");
    }
}
