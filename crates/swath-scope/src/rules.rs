//! The rules, and the decision that follows from them.

use swath_store::settings;

use crate::glob;

/// What the rules ask about a file that they cannot see themselves.
pub trait Surroundings {
    /// Whether the file belongs to swath.
    fn is_own(&mut self, file: &[u8]) -> bool;
    /// Whether the file belongs to the standard library.
    fn is_library(&mut self, file: &[u8]) -> bool;
    /// Whether a file or folder lies where packages are installed.
    fn is_third_party(&mut self, path: &[u8]) -> bool;
    /// Whether the name of the module that the file was first run as has a property.
    fn module_is(&mut self, property: &mut dyn FnMut(&[u8]) -> bool) -> bool;
}

/// A package that rules name, of which a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Package<'file> {
    /// Its name.
    pub name: &'file [u8],
    /// Whether the module is the package itself.
    pub is_itself: bool,
}

/// The rules of a settings file.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'file> {
    settings: &'file [u8],
}

impl<'file> Rules<'file> {
    /// The rules of a settings file.
    pub fn new(settings: &'file [u8]) -> Self {
        Self { settings }
    }

    fn values(&self, key: &'static str) -> impl Iterator<Item = &'file [u8]> + use<'file> {
        settings::read(self.settings)
            .filter(move |(name, _)| *name == key.as_bytes())
            .map(|(_, value)| value)
    }

    fn has(&self, key: &'static str) -> bool {
        self.values(key).next().is_some()
    }

    /// Whether the rules ask for names of modules.
    pub fn name_packages(&self) -> bool {
        self.has(settings::SOURCE_PACKAGE)
    }

    /// Whether a file is measured, by its canonical path.
    pub fn hold(&self, file: &[u8], around: &mut impl Surroundings) -> bool {
        if around.is_own(file) {
            return false;
        }
        let is_inside = if self.name_packages() || self.has(settings::SOURCE_FOLDER) {
            self.is_in_package(around)
                || self.is_in_folder(file, around)
                || self.is_own_package(file)
        } else if self.has(settings::INCLUDE) {
            self.values(settings::INCLUDE)
                .any(|pattern| glob::matches(pattern, file))
        } else {
            let library = self.values(settings::COVER_PYLIB).last() != Some(b"1");
            let is_foreign = around.is_third_party(file) || (library && around.is_library(file));
            !is_foreign || self.is_own_package(file)
        };
        is_inside
            && !self
                .values(settings::OMIT)
                .any(|pattern| glob::matches(pattern, file))
    }

    /// A module belongs to a package by its name, wherever its file lies: a folder of that name
    /// makes no package, and a template inside one is no module of it.
    fn is_in_package(&self, around: &mut impl Surroundings) -> bool {
        self.name_packages()
            && around.module_is(&mut |name| {
                self.values(settings::SOURCE_PACKAGE)
                    .any(|package| is_module_of(name, package))
            })
    }

    /// The package that the rules name and a module is in: the module itself, if they name that.
    pub fn package_of(&self, around: &mut impl Surroundings) -> Option<Package<'file>> {
        if !self.name_packages() {
            return None;
        }
        let mut found: Option<Package<'file>> = None;
        around.module_is(&mut |module| {
            for name in self.values(settings::SOURCE_PACKAGE) {
                let is_itself = name == module;
                if is_itself || (found.is_none() && is_module_of(module, name)) {
                    found = Some(Package { name, is_itself });
                }
            }
            found.is_some()
        });
        found
    }

    /// In an installed copy of a package of the checkout.
    fn is_own_package(&self, file: &[u8]) -> bool {
        installed_part(file).is_some_and(|part| {
            self.values(settings::OWN_PACKAGE).any(|package| {
                let rest = part.strip_prefix(package);
                rest.is_some_and(|rest| rest.first() == Some(&b'/'))
            })
        })
    }

    /// Below a source folder, and not installed there.
    fn is_in_folder(&self, file: &[u8], around: &mut impl Surroundings) -> bool {
        let mut installed = None;
        self.values(settings::SOURCE_FOLDER).any(|folder| {
            is_below(file, folder)
                // A source folder that is itself installed is meant.
                && (!*installed.get_or_insert_with(|| around.is_third_party(file))
                    || around.is_third_party(folder))
        })
    }
}

/// The names of the folders that packages are installed into.
pub const INSTALL_FOLDERS: [&[u8]; 2] = [b"site-packages", b"dist-packages"];

/// The part of a path below the innermost of these folders.
pub fn installed_part(path: &[u8]) -> Option<&[u8]> {
    let mut end = path.len();
    while let Some(slash) = path.get(..end)?.iter().rposition(|byte| *byte == b'/') {
        if INSTALL_FOLDERS.contains(&path.get(slash + 1..end)?) {
            return path.get(end + 1..);
        }
        end = slash;
    }
    None
}

/// Whether a module is a package or inside it; what has no name is in none.
pub fn is_module_of(name: &[u8], package: &[u8]) -> bool {
    match name.strip_prefix(package) {
        Some(rest) => !name.is_empty() && (rest.is_empty() || rest.first() == Some(&b'.')),
        None => false,
    }
}

/// Whether a path is a folder or below it.
pub fn is_below(path: &[u8], folder: &[u8]) -> bool {
    match path.strip_prefix(folder) {
        Some(rest) => rest.is_empty() || rest.first() == Some(&b'/') || folder.ends_with(b"/"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    struct Around<'a> {
        module: &'a [u8],
    }

    impl Surroundings for Around<'_> {
        fn is_own(&mut self, file: &[u8]) -> bool {
            is_below(file, b"/run/agent")
        }

        fn is_library(&mut self, file: &[u8]) -> bool {
            is_below(file, b"/usr/lib/python3")
        }

        fn is_third_party(&mut self, path: &[u8]) -> bool {
            path.split(|byte| *byte == b'/')
                .any(|part| part == b"site-packages")
        }

        fn module_is(&mut self, property: &mut dyn FnMut(&[u8]) -> bool) -> bool {
            property(self.module)
        }
    }

    fn holds(rules: &[(&str, &str)], file: &str, module: &str) -> bool {
        let mut settings = Vec::new();
        for (key, value) in rules {
            settings::write(key, value.as_bytes(), |bytes| {
                settings.extend_from_slice(bytes);
            });
        }
        let module = module.as_bytes();
        Rules::new(&settings).hold(file.as_bytes(), &mut Around { module })
    }

    #[test]
    fn without_rules_what_is_not_installed_counts() {
        assert!(holds(&[], "/srv/app.py", "app"));
        assert!(!holds(&[], "/srv/site-packages/x.py", "x"));
        assert!(!holds(&[], "/usr/lib/python3/json.py", "json"));
        assert!(holds(
            &[("cover-pylib", "1")],
            "/usr/lib/python3/json.py",
            "json"
        ));
        assert!(!holds(&[("source-dir", "/")], "/run/agent/x.py", "x"));
    }

    #[test]
    fn a_package_is_a_name() {
        let rules = [("source-pkg", "shop")];
        assert!(holds(&rules, "/anywhere/else.py", "shop"));
        assert!(holds(&rules, "/srv/vendor/x.py", "shop.web.views"));
        assert!(holds(&rules, "/v/site-packages/shop/x.py", "shop.x"));
        for module in ["shopping", "my.shop", "serve", ""] {
            assert!(!holds(&rules, "/srv/shop/serve.py", module), "{module}");
        }
    }

    #[test]
    fn a_package_of_the_checkout_may_be_installed() {
        let copy = "/v/lib/python3.12/site-packages/shop/x.py";
        for rules in [
            &[("own-pkg", "shop")][..],
            &[("own-pkg", "shop"), ("source-dir", "/srv")],
        ] {
            assert!(holds(rules, copy, "shop.x"));
            assert!(holds(rules, "/usr/lib/python3/dist-packages/shop/x.py", ""));
            assert!(!holds(
                rules,
                "/v/site-packages/shopping/x.py",
                "shopping.x"
            ));
            assert!(!holds(rules, "/v/site-packages/other/shop/x.py", ""));
            assert!(holds(rules, "/srv/app.py", "app"));
            assert!(!holds(rules, "/usr/lib/python3/shop/x.py", "shop.x"));
        }
        let deep = [("own-pkg", "shop/web"), ("omit", "*/gen/*")];
        assert!(holds(&deep, "/v/site-packages/shop/web/x.py", ""));
        assert!(!holds(&deep, "/v/site-packages/shop/x.py", ""));
        assert!(!holds(&deep, "/v/site-packages/shop/web/gen/x.py", ""));
        assert!(!holds(
            &[("own-pkg", "shop"), ("include", "/srv/*")],
            copy,
            ""
        ));
    }

    #[test]
    fn folders_and_packages_add_up_and_omit_takes_away() {
        let rules = [
            ("source-pkg", "shop"),
            ("source-dir", "/srv/lib"),
            ("omit", "*/gen/*"),
        ];
        assert!(holds(&rules, "/srv/lib/a.py", "a"));
        assert!(holds(&rules, "/x/shop.py", "shop"));
        assert!(!holds(&rules, "/srv/lib/gen/a.py", "a"));
        assert!(!holds(&rules, "/srv/library/a.py", "a"));
        assert!(!holds(&rules, "/srv/lib/site-packages/a.py", "a"));
        let rules = [("source-dir", "/v/site-packages/a")];
        assert!(holds(&rules, "/v/site-packages/a/b.py", "a.b"));
    }

    #[test]
    fn include_alone_chooses_files() {
        let rules = [("include", "*/sub/*"), ("omit", "*_test.py")];
        assert!(holds(&rules, "/a/sub/x.py", "x"));
        assert!(!holds(&rules, "/a/sub/x_test.py", "x"));
        assert!(!holds(&rules, "/a/x.py", "x"));
    }
}
