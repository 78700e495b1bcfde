//! Programs that are Pythons by their names.

/// Whether a program of this path is a Python by its name: `python`, `python3.12`, `pypy3` …
pub fn is_python_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some(rest) = name
        .strip_prefix("python")
        .or_else(|| name.strip_prefix("pypy"))
    else {
        return false;
    };
    let rest = rest.trim_end_matches(['d', 't', 'm', 'u']);
    rest.is_empty() || rest.chars().all(|c| c.is_ascii_digit() || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_builds_are_pythons_and_what_belongs_to_one_is_not() {
        for name in [
            "python",
            "/usr/bin/python3",
            "python3.12",
            "python3.13t",
            "pypy3",
            "/x/python3.8d",
        ] {
            assert!(is_python_name(name), "{name}");
        }
        for name in [
            "pythonista",
            "ipython",
            "python-config",
            "python3-config",
            "/python3/bin/pip",
            "bash",
            "",
        ] {
            assert!(!is_python_name(name), "{name}");
        }
    }
}
