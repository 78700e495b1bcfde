//! A request of a client.

use std::io;
use std::os::unix::net::UnixStream;

use serde_json::Value;

use crate::HttpRequest;

/// What a client asks for.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// Without the version of the interface.
    pub(super) path: String,
    query: String,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn of(method: &str, path: &str) -> Request {
        Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: String::new(),
            body: Vec::new(),
        }
    }

    pub(super) fn read(client: &mut UnixStream) -> io::Result<Option<Request>> {
        let Some(request) = HttpRequest::read(client)? else {
            return Ok(None);
        };
        let mut words = request.line().split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = path.strip_prefix("/v1.41").unwrap_or(path);
        Ok(Some(Request {
            method,
            path: unescape(path),
            query: query.to_owned(),
            body: request.body,
        }))
    }

    /// A parameter of the query.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let pairs = self.query.split('&');
        let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(key, _)| *key == name)?;
        Some(unescape(value))
    }

    /// The labels that what is listed is to have.
    pub(super) fn labels(&self) -> Vec<String> {
        let filters = self.query("filters").unwrap_or_default();
        let filters: Value = serde_json::from_str(&filters).unwrap_or_default();
        let labels = filters["label"].as_array().into_iter().flatten();
        labels
            .filter_map(|label| label.as_str().map(str::to_owned))
            .collect()
    }
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let digits = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) if byte == b'%' => {
                bytes.push(value);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
