//! The matcher of file name patterns, against coverage.py's.

use std::fmt::Write as _;

use swath_scope::glob;
use swath_test::{coverage_requirements, newest_python, venv};

const PATTERNS: &[&str] = &[
    "*/sub/*",
    "*.py",
    "/a/b/*.py",
    "/a/**/c.py",
    "**/c.py",
    "*/c.py",
    "/a/b/*",
    "/a/*/c.py",
    "?.py",
    "/a/?/c.py",
    "/a/[bx]/c.py",
    "/a/[!b]/c.py",
    "/a/[^b]/c.py",
    "/a/[a-c]*/c.py",
    "c.py",
    "/a/b/c.py",
    "/a/b",
    "/a/b/",
    "*",
    "*/",
    "/a/b/**",
    "a",
    "/a.b/c+d.py",
    "*/é/?.py",
    "/*",
    "/a/b*/*",
    "*/*test*",
    "conftest.py",
    "*/migrations/*.py",
    "/a\\b\\c.py",
    "/a/*b*c.py",
    "[ab]*",
    "*/b/**/d.py",
    "/a/x-[0-9]/*",
];

const PATHS: &[&str] = &[
    "/a/b/c.py",
    "/a/c.py",
    "/a/b",
    "/a/b/",
    "/a/b/c/d.py",
    "/a/sub/x.py",
    "/sub/x",
    "sub/x",
    "c.py",
    "/c.py",
    "/a/x/c.py",
    "/a/bc/c.py",
    "/a.b/c+d.py",
    "/aXb/c+d.py",
    "/x/é/é.py",
    "/x/é/ab.py",
    "/a/b/test_x/y.py",
    "/p/conftest.py",
    "/p/xconftest.py",
    "",
    "/",
    "a",
    "/a",
    "/q/migrations/1.py",
    "/q/migrations/deep/1.py",
    "/a/xbyc.py",
    "/a/x-3/y/z",
    "/a/x-y/z",
    "/a/b\nc.py",
    "/a/!/c.py",
];

const THEIRS: &str = "
import sys, coverage.files
lines = sys.stdin.read().split('\\0')
cut = lines.index('--')
for pattern in lines[:cut]:
    matcher = coverage.files.globs_to_regex([pattern])
    print(''.join('1' if matcher.match(path) else '0' for path in lines[cut + 1:]))
";

#[test]
fn patterns_mean_what_they_mean_to_coverage() {
    let Some(venv) = newest_python().and_then(|python| venv(python, &coverage_requirements()))
    else {
        return;
    };
    let folder = swath_test::temp_dir();
    let input = folder.path().join("input");
    let all = [PATTERNS, &["--"], PATHS].concat().join("\0");
    fs_err::write(&input, all).unwrap();
    let mut command = venv.command("python");
    command.args(["-c", THEIRS]);
    command.stdin(fs_err::File::open(&input).unwrap().into_parts().0);
    let output = command.output().unwrap();
    let theirs = String::from_utf8(output.stdout).unwrap();
    let mut ours = String::new();
    for pattern in PATTERNS {
        for path in PATHS {
            let matches = glob::matches(pattern.as_bytes(), path.as_bytes());
            ours.push(if matches { '1' } else { '0' });
        }
        ours.push('\n');
    }
    let mut differences = String::new();
    for ((pattern, ours), theirs) in PATTERNS.iter().zip(ours.lines()).zip(theirs.lines()) {
        for ((path, ours), theirs) in PATHS.iter().zip(ours.chars()).zip(theirs.chars()) {
            if ours != theirs {
                let _ = writeln!(differences, "{pattern:?} {path:?}: {ours}, not {theirs}");
            }
        }
    }
    assert_eq!(
        theirs.lines().count(),
        PATTERNS.len(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(differences, "");
}
