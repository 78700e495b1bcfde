//! The names of parallel data files: `BASE.HOST.pidPID.XRRRRRRx[.HHHHHHHHHHHh]`.

use std::path::{Path, PathBuf};

/// How many random characters a name has.
const RANDOM: usize = 6;

/// How many characters of a hash a name has.
const HASH: usize = 10;

/// The hash of the data that a file's name states, if it is the name of a parallel data file that
/// was written to its end.
pub(crate) fn hash_in_name(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    let mut parts = name.rsplit('.');
    let hash = parts.next()?.strip_prefix('H')?;
    let random = parts.next()?.strip_prefix('X')?.strip_suffix('x')?;
    let pid = parts.next()?.strip_prefix("pid")?;
    let host = parts.next()?;
    // There is a base before the host.
    parts.next()?;
    let is_word = |text: &str, length: usize| {
        text.chars().count() == length && text.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let is_number = !pid.is_empty() && pid.chars().all(char::is_numeric);
    let fits = is_word(hash.strip_suffix('h')?, HASH) && is_word(random, RANDOM);
    (fits && is_number && !host.is_empty()).then_some(hash)
}

/// The name of a parallel data file of this process beside `base`, as coverage.py makes them.
///
/// `random` must differ between the files of one process.
pub fn parallel_name(base: &Path, host: &str, pid: u32, random: u64) -> PathBuf {
    const LETTERS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut rest = random;
    let mut letters = String::with_capacity(RANDOM);
    for _ in 0..RANDOM {
        letters.push(char::from(LETTERS[usize::try_from(rest % 62).unwrap_or(0)]));
        rest /= 62;
    }
    let host = host.replace(['.', '/'], "_");
    let mut name = base.as_os_str().to_owned();
    name.push(format!(".{host}.pid{pid}.X{letters}x"));
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_found_in_finished_names_only() {
        for (name, expected) in [
            (
                ".coverage.host.pid12.Xabc123x.H0123456789h",
                Some("0123456789h"),
            ),
            (
                "/d/.coverage.a_b.pid12.X______x.Habcdefghijh",
                Some("abcdefghijh"),
            ),
            (".coverage.host.pid12.Xabc123x", None),
            (".coverage.host.pid.Xabc123x.H0123456789h", None),
            (".coverage.host.pid12.Xabc12x.H0123456789h", None),
            (".coverage.host.pid12.Xabc123x.H012345678h", None),
            ("pid12.Xabc123x.H0123456789h", None),
            (".coverage", None),
        ] {
            assert_eq!(hash_in_name(Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn names_are_those_of_coverage_py() {
        let name = parallel_name(Path::new("/d/.coverage"), "web.example.org", 7, 61);
        assert_eq!(
            name,
            Path::new("/d/.coverage.web_example_org.pid7.X9aaaaax")
        );
    }
}
