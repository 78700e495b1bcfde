//! HTTP messages, as far as a proxy must understand them.

use std::io::{self, BufRead, BufReader, Read};

/// A head that is longer is none.
const LONGEST_HEAD: usize = 1 << 20;
/// A body that must be held in memory is not longer: what containers are made of and described by
/// takes some kilobytes each.
pub(crate) const LONGEST_BODY: usize = 16 << 20;

/// More lines after the last chunk are too many.
const MOST_TRAILERS: usize = 100;

/// The head of a request or of an answer: first line and headers, in their order and spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) line: String,
    headers: Vec<(String, Vec<u8>)>,
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl Head {
    pub(crate) fn new(line: &str) -> Head {
        Head {
            line: line.to_owned(),
            headers: Vec::new(),
        }
    }

    /// Reads up to the empty line. Gives the head and what was read beyond it; `None` when the
    /// other side closed without a word.
    pub(crate) fn read(mut stream: impl Read) -> io::Result<Option<(Head, Vec<u8>)>> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 16 << 10];
        loop {
            if let Some(end) = end_of_head(&bytes) {
                let rest = bytes.split_off(end);
                return Head::parse(&bytes).map(|head| Some((head, rest)));
            }
            if bytes.len() > LONGEST_HEAD {
                return Err(invalid("the head of a message is too long"));
            }
            match stream.read(&mut buffer) {
                Ok(0) if bytes.is_empty() => return Ok(None),
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => bytes.extend_from_slice(buffer.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn parse(bytes: &[u8]) -> io::Result<Head> {
        let end = bytes
            .windows(2)
            .position(|pair| pair == b"\r\n")
            .ok_or_else(|| invalid("a message has no first line"))?;
        let line = std::str::from_utf8(bytes.get(..end).unwrap_or_default())
            .map_err(|_| invalid("the first line of a message is not text"))?;
        // An engine may take a lone line feed for an end of the line, and read another request.
        if line.contains(|c: char| c.is_control()) {
            return Err(invalid("the first line of a message is not one line"));
        }
        let mut space = vec![httparse::EMPTY_HEADER; 512];
        let rest = bytes.get(end + 2..).unwrap_or_default();
        match httparse::parse_headers(rest, &mut space) {
            Ok(httparse::Status::Complete((_, headers))) => Ok(Head {
                line: line.to_owned(),
                headers: headers
                    .iter()
                    .map(|header| (header.name.to_owned(), header.value.to_vec()))
                    .collect(),
            }),
            _ => Err(invalid("a message has headers that are none")),
        }
    }

    /// The method of a request.
    pub(crate) fn method(&self) -> &str {
        self.line.split(' ').next().unwrap_or_default()
    }

    /// The target of a request: path and query.
    pub(crate) fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    /// The status of an answer.
    pub(crate) fn status(&self) -> Option<u16> {
        self.line.split(' ').nth(1)?.parse().ok()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .and_then(|(_, value)| std::str::from_utf8(value).ok())
            .map(str::trim)
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.headers
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.headers
            .push((name.to_owned(), value.as_bytes().to_vec()));
    }

    /// Whether the connection becomes something else than HTTP.
    pub(crate) fn is_upgrade(&self) -> bool {
        self.header("upgrade").is_some()
    }

    /// Makes this the head of a message with exactly this body.
    pub(crate) fn with_length(&mut self, length: usize) {
        self.remove("transfer-encoding");
        self.remove("expect");
        self.set("Content-Length", &length.to_string());
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.line.clone().into_bytes();
        bytes.extend_from_slice(b"\r\n");
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    /// Whether the sender of a request waits for a word before it sends the body.
    pub(crate) fn expects_word(&self) -> bool {
        self.header("expect")
            .is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
    }

    /// Reads the body of a request that has one: by its length or in chunks.
    pub(crate) fn read_body(
        &self,
        already: Vec<u8>,
        stream: impl Read,
    ) -> Result<Vec<u8>, BodyError> {
        let mut bytes = io::Cursor::new(already).chain(stream);
        let chunked = self
            .header("transfer-encoding")
            .is_some_and(|value| value.to_ascii_lowercase().contains("chunked"));
        if chunked {
            return read_chunks(&mut BufReader::new(bytes));
        }
        let length = match self.header("content-length") {
            Some(text) => text.parse().map_err(|_| invalid("a length is no number"))?,
            None => 0,
        };
        read_exactly(&mut bytes, length)
    }
}

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// It is longer than what is held in memory.
    #[error("the body is longer than {} MiB", LONGEST_BODY >> 20)]
    TooLong,
    /// It is none, or its sender is gone.
    #[error(transparent)]
    Broken(#[from] io::Error),
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .map(|start| start + 4)
}

fn read_exactly(stream: &mut impl Read, length: usize) -> Result<Vec<u8>, BodyError> {
    if length > LONGEST_BODY {
        return Err(BodyError::TooLong);
    }
    let mut bytes = Vec::new();
    let wanted = u64::try_from(length).unwrap_or(u64::MAX);
    stream.take(wanted).read_to_end(&mut bytes)?;
    if bytes.len() < length {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(bytes)
}

fn read_chunks(stream: &mut impl BufRead) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    loop {
        let line = read_line(stream)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size =
            usize::from_str_radix(size, 16).map_err(|_| invalid("a chunk's size is no number"))?;
        if size == 0 {
            // Trailers, up to the empty line.
            for _ in 0..MOST_TRAILERS {
                if read_line(stream)?.is_empty() {
                    return Ok(body);
                }
            }
            return Err(BodyError::TooLong);
        }
        if body.len().saturating_add(size) > LONGEST_BODY {
            return Err(BodyError::TooLong);
        }
        body.append(&mut read_exactly(stream, size)?);
        read_line(stream)?;
    }
}

fn read_line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    stream.take(8 << 10).read_until(b'\n', &mut line)?;
    let Some(line) = line.strip_suffix(b"\n") else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Ok(String::from_utf8_lossy(line).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_survives_and_the_rest_is_kept() {
        let bytes: &[u8] =
            b"POST /v1.41/containers/create?name=x HTTP/1.1\r\nHost: d\r\nX-A:  b \r\n\r\n{}";
        let (head, rest) = Head::read(bytes).unwrap().unwrap();
        assert_eq!(
            (head.method(), head.target()),
            ("POST", "/v1.41/containers/create?name=x")
        );
        assert_eq!(head.header("x-a"), Some("b"));
        assert_eq!(rest, b"{}");
        let again = head.to_bytes();
        assert_eq!(Head::read(&again[..]).unwrap().unwrap().0, head);
    }

    #[test]
    fn bodies_come_by_length_or_in_chunks() {
        let mut head = Head::new("POST / HTTP/1.1");
        head.set("Transfer-Encoding", "chunked");
        let rest: &[u8] = b"\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n";
        let body = head.read_body(b"3\r\nabc".to_vec(), rest).unwrap();
        assert_eq!(body, b"abcde");
        head.with_length(4);
        assert_eq!(
            head.read_body(b"ab".to_vec(), &b"cdef"[..]).unwrap(),
            b"abcd"
        );
        assert!(head.read_body(b"ab".to_vec(), &b"c"[..]).is_err());
    }

    #[test]
    fn nonsense_is_an_error_and_never_a_panic() {
        for bytes in [
            &b"\r\n\r\n"[..],
            b"GET\r\nno header\r\n\r\n",
            b"GET / HTTP/1.1\r\n",
            b"\xff\xfe\r\n\r\n",
            b"GET / HTTP/1.1\nPOST /containers/create HTTP/1.1\r\n\r\n",
        ] {
            let _ = Head::read(bytes).map(|head| head.map(|(head, _)| head.status()));
        }
        let mut head = Head::new("");
        head.set("Content-Length", "99999999999999999999");
        assert!(head.read_body(Vec::new(), io::empty()).is_err());
        head.set("Content-Length", "9999999999");
        let result = head.read_body(Vec::new(), io::empty());
        assert!(matches!(result, Err(BodyError::TooLong)));
        head.set("Transfer-Encoding", "chunked");
        let chunk = format!("{:x}\r\n", LONGEST_BODY + 1);
        let result = head.read_body(chunk.into_bytes(), io::repeat(b'x'));
        assert!(matches!(result, Err(BodyError::TooLong)));
    }
}
