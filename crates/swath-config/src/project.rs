//! What a project says of itself in `pyproject.toml`: the Pythons that it is for.

use std::path::Path;

/// The Pythons that `requires-python` allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRange {
    text: String,
    clauses: Vec<Clause>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Clause {
    operator: Operator,
    /// Major, minor, micro, as far as they are written.
    version: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    AtLeast,
    Above,
    AtMost,
    Below,
    Is,
    IsNot,
    Compatible,
}

const OPERATORS: [(&str, Operator); 8] = [
    ("===", Operator::Is),
    ("==", Operator::Is),
    ("!=", Operator::IsNot),
    ("~=", Operator::Compatible),
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    (">", Operator::Above),
    ("<", Operator::Below),
];

/// No CPython had more patch releases.
const MOST_PATCHES: u32 = 40;

/// What the project in `folder` says; nothing if it says nothing that can be understood.
#[must_use]
pub fn requires_python(folder: &Path) -> Option<VersionRange> {
    let path = folder.join("pyproject.toml");
    // A pipe of that name would never end.
    if !path.is_file() {
        return None;
    }
    let text = fs_err::read_to_string(path).ok()?;
    let table: toml::Table = text.parse().ok()?;
    let project = table.get("project")?.as_table()?;
    VersionRange::parse(project.get("requires-python")?.as_str()?)
}

impl VersionRange {
    /// Reads clauses such as `>=3.9,<3.13`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let clauses = text.split(',').filter(|clause| !clause.trim().is_empty());
        Some(Self {
            text: text.trim().to_owned(),
            clauses: clauses.map(parse_clause).collect::<Option<_>>()?,
        })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether any patch release of Python 3.`minor` is allowed.
    #[must_use]
    pub fn allows(&self, minor: u8) -> bool {
        (0..MOST_PATCHES).any(|patch| {
            let version = [3, u32::from(minor), patch];
            self.clauses.iter().all(|clause| clause.allows(version))
        })
    }
}

fn parse_clause(text: &str) -> Option<Clause> {
    let text = text.trim();
    let (operator, version) = OPERATORS
        .iter()
        .find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?)))?;
    let version = version.trim();
    let version = version.strip_suffix(".*").unwrap_or(version);
    let numbers = version.split('.').map(|part| part.parse().ok());
    Some(Clause {
        operator,
        version: numbers.collect::<Option<_>>()?,
    })
}

impl Clause {
    fn allows(&self, version: [u32; 3]) -> bool {
        let written = self.version.len().min(version.len());
        let starts_so = self.version[..written] == version[..written];
        let mut full = self.version.clone();
        full.resize(version.len(), 0);
        let full = full.as_slice();
        match self.operator {
            Operator::AtLeast => version.as_slice() >= full,
            Operator::Above => version.as_slice() > full,
            Operator::AtMost => version.as_slice() <= full,
            Operator::Below => version.as_slice() < full,
            Operator::Is => starts_so,
            Operator::IsNot => !starts_so,
            Operator::Compatible => {
                let series = written.saturating_sub(1);
                version.as_slice() >= full && self.version[..series] == version[..series]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_allow_minor_versions() {
        for (text, allowed) in [
            (">=3.9", &[9, 10, 13, 14][..]),
            (">=3.9,<3.13", &[9, 10]),
            ("<3.10", &[8, 9]),
            ("==3.9.*", &[9]),
            ("~=3.9", &[9, 10, 13, 14]),
            ("~=3.9.2", &[9]),
            (">=3.8, !=3.9.*", &[8, 10, 13, 14]),
            (">=3.13.1,<4", &[13, 14]),
            ("<=3.9", &[8, 9]),
            ("", &[8, 9, 10, 13, 14]),
        ] {
            let range = VersionRange::parse(text).unwrap();
            let found: Vec<u8> = [8, 9, 10, 13, 14]
                .into_iter()
                .filter(|minor| range.allows(*minor))
                .collect();
            assert_eq!(found, allowed, "{text}");
        }
        assert_eq!(VersionRange::parse("three"), None);
        assert_eq!(VersionRange::parse(">=3.x"), None);
    }
}
