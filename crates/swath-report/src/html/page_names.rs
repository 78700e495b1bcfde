//! File names of pages: readable, safe on every file system, and the same each time.

use std::collections::BTreeSet;

/// Letters of a path that a name keeps at most.
const LONGEST: usize = 80;

/// What a page shows that is one of many: those of each kind have a folder of their own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PageKind {
    File,
    Folder,
    Test,
}

impl PageKind {
    const ALL: [Self; 3] = [Self::File, Self::Folder, Self::Test];

    fn folder(self) -> &'static str {
        match self {
            Self::File => "f",
            Self::Folder => "d",
            Self::Test => "t",
        }
    }
}

/// Whether a folder of a report holds pages: whoever takes away those of an earlier report asks.
pub fn is_page_folder(name: &str) -> bool {
    PageKind::ALL.iter().any(|kind| kind.folder() == name)
}

/// Makes the names of pages in one folder.
#[derive(Default)]
pub(crate) struct PageNames {
    taken: BTreeSet<String>,
}

impl PageNames {
    /// The name for a path: its letters and a hash of it.
    pub(crate) fn name(&mut self, kind: PageKind, path: &str) -> String {
        let folder = kind.folder();
        let mut slug = String::with_capacity(path.len());
        for character in path.chars() {
            if character.is_ascii_alphanumeric() || character == '_' {
                slug.push(character);
            } else if !slug.ends_with('-') {
                slug.push('-');
            }
        }
        // The end of a path tells files apart.
        let slug = slug.trim_matches('-');
        let slug = &slug[slug.len().saturating_sub(LONGEST)..];
        let hash = hash(path);
        let digits = (6..=16).find_map(|digits| {
            let name = format!("{folder}/{slug}-{}.html", &format!("{hash:016x}")[..digits]);
            self.taken.insert(name.to_lowercase()).then_some(name)
        });
        digits.unwrap_or_else(|| {
            let name = format!("{folder}/{slug}-{hash:016x}-{}.html", self.taken.len());
            self.taken.insert(name.clone());
            name
        })
    }
}

/// FNV-1a: nothing depends on it being hard to forge, as names that meet are told apart.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_stay_in_their_folder() {
        let mut names = PageNames::default();
        assert_eq!(
            names.name(PageKind::File, "xy/app.py"),
            format!(
                "f/xy-app-py-{}.html",
                &format!("{:016x}", hash("xy/app.py"))[..6]
            )
        );
        let name = names.name(PageKind::File, "../../\"<é>\n/etc.py");
        assert!(name.starts_with("f/etc-py-"), "{name}");
        let long = names.name(PageKind::File, &"a/".repeat(500));
        assert!(long.len() < 110);
    }

    #[test]
    fn the_same_path_twice_gets_two_names() {
        let mut names = PageNames::default();
        let all: BTreeSet<String> = (0..20)
            .map(|_| names.name(PageKind::File, "a.py"))
            .collect();
        assert_eq!(all.len(), 20);
    }
}
