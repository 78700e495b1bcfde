//! A request that a stand-in of a server is sent.

use std::io::{self, Read};

/// A request, as it came.
#[derive(Debug)]
pub struct HttpRequest {
    /// `GET /path HTTP/1.1`, and a header a line.
    head: String,
    /// What follows the head, as long as that says.
    pub body: Vec<u8>,
}

impl HttpRequest {
    /// Reads the next one, one byte after the other: what follows a request is another one. None where the
    /// client sends no more.
    pub fn read(client: &mut impl Read) -> io::Result<Option<HttpRequest>> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            match client.read(&mut byte)? {
                0 => return Ok(None),
                _ => head.extend_from_slice(&byte),
            }
        }
        let mut request = HttpRequest {
            head: String::from_utf8_lossy(&head).into_owned(),
            body: Vec::new(),
        };
        let length = request.header("content-length");
        let length = length.and_then(|length| length.parse().ok());
        request.body = vec![0; length.unwrap_or(0)];
        client.read_exact(&mut request.body)?;
        Ok(Some(request))
    }

    /// `GET /path HTTP/1.1`.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// The value of a header.
    pub fn header(&self, wanted: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_follow_each_other_are_told_apart() {
        let mut sent =
            &b"POST /a HTTP/1.1\r\ncontent-Length: 2\r\n\r\nxyGET /b HTTP/1.1\r\n\r\nGE"[..];
        let first = HttpRequest::read(&mut sent).unwrap().unwrap();
        assert_eq!(
            (first.line(), &first.body[..]),
            ("POST /a HTTP/1.1", &b"xy"[..])
        );
        let second = HttpRequest::read(&mut sent).unwrap().unwrap();
        assert_eq!(
            (second.line(), &second.body[..]),
            ("GET /b HTTP/1.1", &b""[..])
        );
        assert!(HttpRequest::read(&mut sent).unwrap().is_none());
    }
}
