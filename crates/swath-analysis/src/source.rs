//! From the bytes of a source file to its text, as Python and coverage.py read it.

use std::borrow::Cow;

use encoding_rs::Encoding;

use crate::problem::{Problem, ProblemKind};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The text of a source: decoded as its encoding cookie says, with `\n` line ends, blanks for form feeds
/// and a line end at its end. Bytes that do not fit the encoding become U+FFFD.
pub fn decode_source(bytes: &[u8]) -> Result<String, Problem> {
    let bytes = normalize_bytes(bytes);
    let (bytes, has_mark) = match bytes.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => (Cow::Borrowed(rest), true),
        None => (bytes, false),
    };
    let encoding = source_encoding(&bytes, has_mark)?;
    let mut text = match encoding {
        SourceEncoding::Utf8 => match bytes {
            // Nearly every text is valid, and to find that out is cheaper than to replace what is not.
            Cow::Borrowed(slice) => match std::str::from_utf8(slice) {
                Ok(text) => text.to_owned(),
                Err(_) => String::from_utf8_lossy(slice).into_owned(),
            },
            Cow::Owned(vector) => String::from_utf8(vector)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
        },
        SourceEncoding::Latin1 => bytes.iter().map(|&byte| char::from(byte)).collect(),
        SourceEncoding::Ascii => bytes
            .iter()
            .map(|&byte| {
                if byte.is_ascii() {
                    char::from(byte)
                } else {
                    char::REPLACEMENT_CHARACTER
                }
            })
            .collect(),
        SourceEncoding::Other(encoding) => {
            encoding.decode_without_bom_handling(&bytes).0.into_owned()
        }
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

enum SourceEncoding {
    Utf8,
    Latin1,
    Ascii,
    Other(&'static Encoding),
}

/// Replaces `\r\n` and `\r` by `\n`, and form feeds by blanks.
fn normalize_bytes(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'\r', 0x0c, bytes).is_none() {
        return Cow::Borrowed(bytes);
    }
    let mut normal = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b'\r' => {
                rest.next_if_eq(&b'\n');
                normal.push(b'\n');
            }
            0x0c => normal.push(b' '),
            _ => normal.push(byte),
        }
    }
    Cow::Owned(normal)
}

/// The encoding that the first two lines name (PEP 263), else UTF-8.
fn source_encoding(bytes: &[u8], has_mark: bool) -> Result<SourceEncoding, Problem> {
    let mut offset = 0;
    for (number, line) in (1..).zip(bytes.split_inclusive(|&byte| byte == b'\n').take(2)) {
        let problem =
            |message: String| Problem::new(ProblemKind::Encoding, message, number, offset);
        let text = std::str::from_utf8(line)
            .map_err(|_| problem("invalid or missing encoding declaration".to_owned()))?;
        if let Some(name) = cookie(text) {
            let name = normal_name(name);
            let encoding =
                find_encoding(&name).ok_or_else(|| problem(format!("unknown encoding: {name}")))?;
            if has_mark && name != "utf-8" {
                return Err(problem("encoding problem: utf-8".to_owned()));
            }
            return Ok(encoding);
        }
        let content = text.trim_start_matches([' ', '\t']);
        if !content.is_empty() && !content.starts_with(['#', '\n']) {
            break;
        }
        offset += u32::try_from(line.len()).unwrap_or(u32::MAX);
    }
    Ok(SourceEncoding::Utf8)
}

/// The encoding named by a comment line like `# -*- coding: latin-1 -*-`.
fn cookie(line: &str) -> Option<&str> {
    let mut rest = line.trim_start_matches([' ', '\t']).strip_prefix('#')?;
    while let Some(at) = rest.find("coding") {
        rest = &rest[at + "coding".len()..];
        let Some(value) = rest.strip_prefix([':', '=']) else {
            continue;
        };
        let value = value.trim_start_matches([' ', '\t']);
        let is_name =
            |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        let end = value
            .find(|character| !is_name(character))
            .unwrap_or(value.len());
        if end > 0 {
            return Some(&value[..end]);
        }
    }
    None
}

/// The two names that Python normalizes, and all others in lower case.
fn normal_name(name: &str) -> String {
    let lower = name.to_ascii_lowercase().replace('_', "-");
    let is_variant_of = |base: &str| {
        lower
            .strip_prefix(base)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    if is_variant_of("utf-8") {
        "utf-8".to_owned()
    } else if ["latin-1", "iso-8859-1", "iso-latin-1"]
        .into_iter()
        .any(is_variant_of)
    {
        "iso-8859-1".to_owned()
    } else {
        name.to_owned()
    }
}

/// Python's codec of that name, as far as it is an encoding of text that `encoding_rs` knows.
fn find_encoding(name: &str) -> Option<SourceEncoding> {
    let key: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    let label = match key.as_str() {
        "utf8" | "u8" | "utf" | "cp65001" | "utf8sig" | "utf8ucs2" | "utf8ucs4" => {
            return Some(SourceEncoding::Utf8);
        }
        "latin1" | "iso88591" | "latin" | "l1" | "cp819" | "8859" | "iso8859" | "ibm819" => {
            return Some(SourceEncoding::Latin1);
        }
        "ascii" | "usascii" | "646" | "us" | "ansix341968" | "iso646us" | "cp367" | "ibm367" => {
            return Some(SourceEncoding::Ascii);
        }
        "cp932" | "ms932" | "mskanji" | "mbcs932" | "windows31j" | "shiftjis" | "sjis"
        | "csshiftjis" => "shift_jis",
        "cp936" | "ms936" | "936" | "gbk" => "gbk",
        "gb2312" | "euccn" | "eucgb2312cn" | "gb231280" => "gb2312",
        "cp949" | "949" | "ms949" | "uhc" | "euckr" | "korean" | "ksc5601" => "euc-kr",
        "cp950" | "950" | "ms950" | "big5" | "big5tw" | "csbig5" | "big5hkscs" | "hkscs" => "big5",
        "eucjp" | "ujis" | "ujis8" => "euc-jp",
        "iso2022jp" | "csiso2022jp" => "iso-2022-jp",
        "cp866" | "866" | "ibm866" => "ibm866",
        "macroman" | "macintosh" => "macintosh",
        "maccyrillic" => "x-mac-cyrillic",
        "tis620" | "tis6200" | "iso885911" | "thai" | "cp874" => "windows-874",
        "koi8r" | "cskoi8r" => "koi8-r",
        "koi8u" => "koi8-u",
        _ => return find_numbered(&key).map(SourceEncoding::Other),
    };
    Encoding::for_label(label.as_bytes()).map(SourceEncoding::Other)
}

/// The families of 8-bit encodings whose names end in a number, and whatever `encoding_rs` knows by its label.
fn find_numbered(key: &str) -> Option<&'static Encoding> {
    let code_page = key
        .strip_prefix("cp")
        .or_else(|| key.strip_prefix("windows"));
    let label = if let Some(number) = code_page
        .or(Some(key))
        .filter(|number| number.starts_with("125"))
    {
        format!("windows-{number}")
    } else if let Some(number) = key.strip_prefix("iso8859") {
        format!("iso-8859-{number}")
    } else if let Some(number) = key.strip_prefix("latin") {
        format!("latin{number}")
    } else {
        key.to_owned()
    };
    Encoding::for_label(label.as_bytes()).filter(|encoding| encoding.is_ascii_compatible())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expect: &str) {
        assert_eq!(decode_source(bytes).as_deref(), Ok(expect));
    }

    #[test]
    fn line_ends_form_feeds_and_the_last_line_are_made_regular() {
        check(b"", "");
        check(b"a\r\nb\rc", "a\nb\nc\n");
        check(b"\x0cif a:\n\x0c  b\n", " if a:\n   b\n");
        check(b"\xef\xbb\xbfa\n", "a\n");
    }

    #[test]
    fn the_cookie_decides_in_the_first_two_lines_only() {
        check(
            b"# -*- coding: latin-1 -*-\n# \xe9\n",
            "# -*- coding: latin-1 -*-\n# \u{e9}\n",
        );
        check(
            b"#!/bin/sh\n# vim: set fileencoding=cp1251 :\nx='\xe0'\n",
            "#!/bin/sh\n# vim: set fileencoding=cp1251 :\nx='\u{430}'\n",
        );
        check(
            b"# coding: ascii\n# \xe9\n",
            "# coding: ascii\n# \u{fffd}\n",
        );
        check(
            b"\n\n# coding: latin-1\n# \xe9\n",
            "\n\n# coding: latin-1\n# \u{fffd}\n",
        );
        check(
            b"x = 1\n# coding: latin-1\n# \xe9\n",
            "x = 1\n# coding: latin-1\n# \u{fffd}\n",
        );
        check(
            b"# decoding coding=euc_jp\n# \xa4\xa2\n",
            "# decoding coding=euc_jp\n# \u{3042}\n",
        );
    }

    #[test]
    fn an_unknown_encoding_is_a_problem_with_its_line() {
        let problem = decode_source(b"#\n# coding: klingon\n").unwrap_err();
        assert_eq!(
            (problem.kind, problem.line, problem.message.as_str()),
            (ProblemKind::Encoding, 2, "unknown encoding: klingon")
        );
        let problem = decode_source(b"\xef\xbb\xbf# coding: latin-1\n").unwrap_err();
        assert_eq!(problem.message, "encoding problem: utf-8");
        let problem = decode_source(b"\xff\xfe\n").unwrap_err();
        assert_eq!(problem.message, "invalid or missing encoding declaration");
    }
}
