//! Where a test is, by its name: pytest's ids have a path in them, unittest's a module.

/// A test, by the name that its runner has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TestId {
    pub(super) name: String,
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// `tests/test_shop.py::TestCart::test_total[2]`: how long the path and the name without
    /// parameters are.
    Path { path: usize, base: usize },
    /// `tests.test_shop.TestCart.test_total`, or no place at all.
    Dotted,
}

impl TestId {
    pub(super) fn parse(name: &str) -> Self {
        let path = [".py::", ".pyw::"].iter().find_map(|end| {
            let place = name.find(end)?;
            Some(place + end.len() - 2)
        });
        let place = path.map_or(Place::Dotted, |path| Place::Path {
            path,
            base: name[path..]
                .find('[')
                .map_or(name.len(), |place| path + place),
        });
        Self {
            name: name.to_owned(),
            place,
        }
    }

    /// The path of its file, as its runner has it.
    pub(super) fn path(&self) -> Option<&str> {
        match self.place {
            Place::Path { path, .. } => Some(&self.name[..path]),
            Place::Dotted => None,
        }
    }

    /// Without parameters.
    pub(super) fn base(&self) -> &str {
        match self.place {
            Place::Path { base, .. } => &self.name[..base],
            Place::Dotted => &self.name,
        }
    }

    /// Whether it is in a file of the checkout, by the file's path from its top.
    pub(super) fn is_in(&self, file: &str) -> bool {
        match self.path() {
            Some(path) => ends_with_path(file, path) || ends_with_path(path, file),
            None => self.module_length(file).is_some(),
        }
    }

    /// The dotted name of its function in a file that it is in.
    pub(super) fn function(&self, file: &str) -> Option<String> {
        match self.place {
            Place::Path { path, base } => {
                let names = self.name.get(path + 2..base)?;
                Some(names.replace("::", "."))
            }
            Place::Dotted => {
                let module = self.module_length(file)?;
                self.name.get(module + 1..).map(str::to_owned)
            }
        }
    }

    /// The id of another function in the same file.
    pub(super) fn sibling(&self, file: &str, function: &str) -> Option<String> {
        match self.place {
            Place::Path { path, .. } => {
                let names = function.replace('.', "::");
                Some(format!("{}::{names}", &self.name[..path]))
            }
            Place::Dotted => {
                let module = self.module_length(file)?;
                Some(format!("{}.{function}", &self.name[..module]))
            }
        }
    }

    /// How long the name of the module is, if it is that of a file.
    fn module_length(&self, file: &str) -> Option<usize> {
        let module = file.strip_suffix(".py")?.replace('/', ".");
        let mut rest = Some(module.as_str());
        std::iter::from_fn(|| {
            let module = rest?;
            rest = module.split_once('.').map(|(_, shorter)| shorter);
            Some(module)
        })
        .find_map(|module| {
            let behind = self.name.strip_prefix(module)?;
            behind.starts_with('.').then_some(module.len())
        })
    }
}

/// Whether a path is the end of another one, or the whole.
fn ends_with_path(whole: &str, end: &str) -> bool {
    let folders = whole.strip_suffix(end);
    folders.is_some_and(|folders| folders.is_empty() || folders.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_pytest_and_unittest_say_where_a_test_is() {
        let id = TestId::parse("system/test_shop.py::TestCart::test_total[a::b[1]]");
        assert_eq!(id.path(), Some("system/test_shop.py"));
        assert_eq!(id.base(), "system/test_shop.py::TestCart::test_total");
        for (file, expected) in [
            ("system/test_shop.py", true),
            ("tests/system/test_shop.py", true),
            ("test_shop.py", true),
            ("other/test_shop.py", false),
            ("tests/esystem/test_shop.py", false),
        ] {
            assert_eq!(id.is_in(file), expected, "{file}");
        }
        let file = "tests/system/test_shop.py";
        assert_eq!(id.function(file).as_deref(), Some("TestCart.test_total"));
        assert_eq!(
            id.sibling(file, "test_new").as_deref(),
            Some("system/test_shop.py::test_new")
        );
        let id = TestId::parse("system.test_shop.Cart.test_total");
        assert_eq!((id.path(), id.base()), (None, id.name.as_str()));
        assert!(id.is_in(file) && !id.is_in("tests/test_shops.py"));
        assert_eq!(id.function(file).as_deref(), Some("Cart.test_total"));
        assert_eq!(
            id.sibling(file, "Cart.test_new").as_deref(),
            Some("system.test_shop.Cart.test_new")
        );
        assert!(!TestId::parse("list products").is_in(file));
    }
}
