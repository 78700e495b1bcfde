//! The agent's settings file: what swath writes for the agent to read.
//!
//! One setting per line: its key, how many bytes its value has, and the value. A value may hold
//! any byte: nothing in it ends its line, and it never forges another setting.

/// The name of the file, in the agent's folder.
pub const FILE_NAME: &str = "swath-agent.conf";

/// A file in the agent's folder whose time of change says that an agent could not even leave the note
/// that it does not work: to set that takes no room, no inode and no descriptor.
pub const UNRECORDED_FILE: &str = "unrecorded";
/// The folder in the agent's folder in which Python keeps byte code. It is made beforehand, and
/// `sitecustomize` fills it where it may.
pub const BYTE_CODE_FOLDER: &str = "__pycache__";

/// The variable that says under which service a process is recorded.
pub const SERVICE_VARIABLE: &str = "SWATH_SERVICE";

/// The folder for the stores.
pub const DATA: &str = "data";
/// A folder that is there, below which the agent makes the folder for the stores itself: its name
/// holds what an engine calls the container, which nobody knows before it is created.
pub const DATA_BELOW: &str = "data-below";
/// Whether branches are recorded.
pub const BRANCH: &str = "branch";
/// Whether the standard library is measured.
pub const COVER_PYLIB: &str = "cover-pylib";
/// A folder that is measured.
pub const SOURCE_FOLDER: &str = "source-dir";
/// A package that is measured.
pub const SOURCE_PACKAGE: &str = "source-pkg";
/// A package of the checkout, as a path: measured where it is installed, too.
pub const OWN_PACKAGE: &str = "own-pkg";
/// A pattern of files that are measured.
pub const INCLUDE: &str = "include";
/// A pattern of files that are not measured.
pub const OMIT: &str = "omit";
/// Whether it is recorded on whose behalf code runs.
pub const ATTRIBUTION: &str = "attribution";
/// Whether what functions of tests run is theirs, by coverage.py's rules.
pub const TEST_FUNCTIONS: &str = "test-functions";
/// Whether no arc is concluded from lines: for tests.
pub const THOROUGH: &str = "thorough";

/// Gives `put` the bytes of one setting, piece by piece.
///
/// ```
/// use swath_store::settings;
///
/// let mut file = Vec::new();
/// settings::write("data", b"/tmp/a\nb", |bytes| file.extend_from_slice(bytes));
/// assert_eq!(file, b"data 8 /tmp/a\nb\n");
/// assert!(settings::read(&file).eq([(&b"data"[..], &b"/tmp/a\nb"[..])]));
/// ```
pub fn write(key: &str, value: &[u8], mut put: impl FnMut(&[u8])) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    let mut rest = value.len();
    loop {
        first -= 1;
        if let Some(digit) = digits.get_mut(first) {
            // The remainder is one digit.
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        }
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let length = digits.get(first..).unwrap_or_default();
    for piece in [key.as_bytes(), b" ", length, b" ", value, b"\n"] {
        put(piece);
    }
}

/// The settings of a file, in order, up to the first that is damaged.
pub fn read(file: &[u8]) -> Settings<'_> {
    Settings { rest: file }
}

/// Goes through settings: keys and values.
#[derive(Clone, Debug)]
pub struct Settings<'file> {
    rest: &'file [u8],
}

impl<'file> Iterator for Settings<'file> {
    type Item = (&'file [u8], &'file [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (key, rest) = until_blank(self.rest)?;
        let (digits, rest) = until_blank(rest)?;
        let mut length: usize = 0;
        for digit in digits {
            let value = digit.checked_sub(b'0').filter(|value| *value < 10)?;
            length = length.checked_mul(10)?.checked_add(usize::from(value))?;
        }
        let value = rest.get(..length)?;
        let rest = rest.get(length..)?;
        self.rest = rest.strip_prefix(b"\n")?;
        Some((key, value))
    }
}

fn until_blank(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = bytes.iter().position(|byte| *byte == b' ')?;
    Some((bytes.get(..blank)?, bytes.get(blank + 1..)?))
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    fn file(settings: &[(&str, &[u8])]) -> Vec<u8> {
        let mut file = Vec::new();
        for (key, value) in settings {
            write(key, value, |bytes| file.extend_from_slice(bytes));
        }
        file
    }

    #[test]
    fn what_is_written_is_read_back() {
        let long = [b'x'; 1234];
        let settings: [(&str, &[u8]); 5] = [
            ("data", b"/tmp/a\nomit 1 *\n"),
            ("omit", b""),
            ("omit", b" * 3 "),
            ("source-dir", &[0xff, 0, b'\r']),
            ("include", &long),
        ];
        let file = file(&settings);
        let expected = settings.map(|(key, value)| (key.as_bytes(), value));
        assert!(read(&file).eq(expected));
    }

    #[test]
    fn damage_ends_the_settings() {
        let whole = file(&[("data", b"/d"), ("omit", b"*.py")]);
        for end in 0..whole.len() {
            let some = read(&whole[..end]).count();
            assert!(some < 2, "a prefix of {end} bytes");
        }
        for text in [
            "data -1 x\n",
            "data 99999999999999999999 x\n",
            "data 1 xy\n",
            "data\n",
            "\n",
        ] {
            assert_eq!(read(text.as_bytes()).count(), 0, "{text:?}");
        }
    }
}
