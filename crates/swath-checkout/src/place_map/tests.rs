use super::*;
use swath_pattern::Directory;

struct Fixture {
    folder: tempfile::TempDir,
    checkout: Checkout,
}

impl Fixture {
    fn new(files: &[(&str, &str)]) -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            swath_test::write_file(folder.path().join(path), text);
        }
        let checkout = Checkout::new(folder.path());
        Fixture { folder, checkout }
    }

    fn map(&self) -> PlaceMap<'_> {
        self.map_with(&[], None)
    }

    fn map_with(&self, rules: &[(&str, &str)], origin: Option<&str>) -> PlaceMap<'_> {
        let mut aliases = PathAliases::new(Directory::new(self.folder.path()), false);
        for (pattern, result) in rules {
            aliases.add(pattern, &self.path(result)).unwrap();
        }
        PlaceMap::new(&self.checkout, aliases, origin.map(|path| self.path(path)))
    }

    /// A place that ran these files with these texts.
    fn place(&self, files: &[(&str, &str)]) -> PlaceMap<'_> {
        let mut map = self.map();
        map.learn(files.iter().map(|(path, text)| (*path, of(text))));
        map
    }

    fn path(&self, path: &str) -> String {
        self.folder.path().join(path).to_str().unwrap().to_owned()
    }

    fn here(&self, path: &str) -> Mapped {
        Mapped::Here(self.path(path))
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "what it is handed to takes an option"
)]
fn of(text: &str) -> Option<SourceHash> {
    Some(SourceHash::of(text.as_bytes()))
}

#[test]
fn the_content_finds_a_file_and_the_rest_of_its_folder() {
    let checkout = Fixture::new(&[
        ("source/xy/app.py", "a = 1\n"),
        ("source/xy/old.py", "changed = 1\n"),
        ("other/old.py", "x = 1\n"),
        ("source/xy/__init__.py", ""),
        ("test/__init__.py", ""),
    ]);
    let map = checkout.place(&[("/srv/code/xy/app.py", "a = 1\n")]);
    let here = |path, text| map.map(path, of(text));
    assert_eq!(
        here("/srv/code/xy/app.py", "a = 1\n"),
        checkout.here("source/xy/app.py")
    );
    assert_eq!(
        here("/srv/code/xy/__init__.py", ""),
        checkout.here("source/xy/__init__.py")
    );
    // Another text: it is the same file, which changed since.
    assert_eq!(
        here("/srv/code/xy/old.py", "y = 1\n"),
        checkout.here("source/xy/old.py")
    );
    assert_eq!(map.map_folder("/srv/code"), Some(checkout.path("source")));
    assert_eq!(
        map.there(&checkout.path("source/xy/z.py")).as_deref(),
        Some("/srv/code/xy/z.py")
    );
    assert_eq!(here("/usr/lib/gone.py", "z = 1\n"), Mapped::Nowhere);
}

#[test]
fn the_same_path_in_two_places_is_two_files() {
    let checkout = Fixture::new(&[
        ("orders/main.py", "orders\n"),
        ("orders/util.py", "same\n"),
        ("billing/main.py", "billing\n"),
        ("billing/util.py", "same\n"),
    ]);
    for service in ["orders", "billing"] {
        let main = format!("{service}\n");
        let map = checkout.place(&[("/app/main.py", &main), ("/app/util.py", "same\n")]);
        let util = checkout.here(&format!("{service}/util.py"));
        assert_eq!(map.map("/app/util.py", of("same\n")), util);
        assert_eq!(map.map("/app/util.py", of("an older text\n")), util);
    }
}

#[test]
fn a_stale_file_that_is_like_another_places_is_not_that_one() {
    let checkout = Fixture::new(&[
        ("orders/main.py", "orders\n"),
        ("orders/util.py", "new\n"),
        ("billing/main.py", "billing\n"),
        ("billing/util.py", "old\n"),
    ]);
    let mut orders = checkout.place(&[("/app/main.py", "orders\n"), ("/app/x.py", "?\n")]);
    let billing = checkout.place(&[("/app/main.py", "billing\n")]);
    orders.leave_to_others(billing.folders_here());
    assert_eq!(
        orders.map("/app/util.py", of("old\n")),
        checkout.here("orders/util.py")
    );
}

#[test]
fn what_nothing_decides_is_ambiguous_unless_the_place_was_built_from_a_folder() {
    let checkout = Fixture::new(&[("orders/util.py", "same\n"), ("billing/util.py", "same\n")]);
    let map = checkout.place(&[("/app/util.py", "same\n")]);
    let both = ["billing/util.py", "orders/util.py"].map(|path| checkout.path(path));
    let Mapped::Ambiguous(mut candidates) = map.map("/app/util.py", of("same\n")) else {
        panic!("decided");
    };
    candidates.sort();
    assert_eq!(candidates, both);
    let map = checkout.map_with(&[], Some("billing"));
    assert_eq!(
        map.map("/app/util.py", of("same\n")),
        checkout.here("billing/util.py")
    );
}

#[test]
fn what_a_place_was_built_from_only_breaks_ties() {
    let checkout = Fixture::new(&[("orders/util.py", "same\n"), ("lib/other.py", "other\n")]);
    let map = checkout.map_with(&[], Some("orders"));
    assert_eq!(
        map.map("/app/other.py", of("other\n")),
        checkout.here("lib/other.py"),
        "it may be mounted from elsewhere"
    );
}

#[test]
fn a_mounted_folder_is_the_folder_here() {
    let checkout = Fixture::new(&[
        ("orders/util.py", "same\n"),
        ("billing/util.py", "same\n"),
        ("billing/x.py", "now\n"),
    ]);
    let mut map = checkout.map();
    map.mount("/app/", &checkout.path("billing"));
    map.mount("/app/sub", &checkout.path("orders"));
    let here = |path, text| map.map(path, of(text));
    assert_eq!(
        here("/app/util.py", "same\n"),
        checkout.here("billing/util.py")
    );
    assert_eq!(
        here("/app/sub/util.py", "same\n"),
        checkout.here("orders/util.py")
    );
    assert_eq!(here("/app/x.py", "before\n"), checkout.here("billing/x.py"));
    assert_eq!(map.map_folder("//app/sub/"), Some(checkout.path("orders")));
    assert_eq!(
        map.there(&checkout.path("billing/x.py")).as_deref(),
        Some("/app/x.py")
    );
}

#[test]
fn where_files_disagree_about_a_folder_the_majority_decides() {
    let checkout = Fixture::new(&[
        ("source/a.py", "a\n"),
        ("source/b.py", "b\n"),
        ("source/c.py", "c\n"),
        ("tools/d.py", "d\n"),
        ("tools/c.py", "other\n"),
    ]);
    let files = [
        ("/app/a.py", "a\n"),
        ("/app/b.py", "b\n"),
        ("/app/d.py", "d\n"),
    ];
    let map = checkout.place(&files);
    assert_eq!(map.map("/app/d.py", of("d\n")), checkout.here("tools/d.py"));
    assert_eq!(
        map.map("/app/c.py", of("?\n")),
        checkout.here("source/c.py")
    );
    assert_eq!(checkout.place(&files[1..]).map_folder("/app"), None);
}

#[test]
fn the_longest_common_end_decides_where_no_content_is_known() {
    let checkout = Fixture::new(&[("a/xy/app.py", "1"), ("b/zz/app.py", "2"), ("run.py", "3")]);
    let map = checkout.map();
    let here = |path, hash| map.map(path, hash);
    assert_eq!(
        here("/code/zz/app.py", of("9")),
        checkout.here("b/zz/app.py")
    );
    assert_eq!(
        here("/code/qq/app.py", of("9")),
        Mapped::Nowhere,
        "only the name fits"
    );
    assert_eq!(here("/code/run.py", None), checkout.here("run.py"));
    assert_eq!(here("/code/deep/er/run.py", None), Mapped::Nowhere);
}

#[test]
fn the_rules_of_paths_come_first() {
    let checkout = Fixture::new(&[("one/app.py", "1"), ("two/app.py", "2")]);
    let map = checkout.map_with(&[("/srv/", "two")], None);
    assert_eq!(map.map("/srv/app.py", of("1")), checkout.here("two/app.py"));
    assert_eq!(
        map.map("//srv/./app.py", of("1")),
        checkout.here("two/app.py")
    );
    assert_eq!(
        map.map("/else/app.py", of("1")),
        checkout.here("one/app.py")
    );
}

#[test]
fn environments_and_hidden_folders_are_not_the_checkouts() {
    let checkout = Fixture::new(&[
        (".venv/lib/app.py", "1"),
        ("env/pyvenv.cfg", ""),
        ("env/lib/app.py", "1"),
        ("x/site-packages/app.py", "1"),
    ]);
    assert_eq!(checkout.map().map("/lib/app.py", of("1")), Mapped::Nowhere);
}

#[test]
fn paths_are_put_into_normal_form() {
    for (path, normal) in [
        ("//svc/app", "/svc/app"),
        ("/svc/./app/", "/svc/app"),
        ("/svc/x/../app", "/svc/app"),
        ("/../svc", "/svc"),
        ("/", "/"),
        ("a/../../b", "../b"),
        ("./a", "a"),
    ] {
        assert_eq!(normal_path(path), normal, "{path}");
    }
}
