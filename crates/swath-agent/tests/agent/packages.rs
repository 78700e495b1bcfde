//! `source` names a package: which files belong to it, as coverage.py decides.

use std::collections::BTreeSet;
use std::path::Path;

use swath_test::{Python, builds, coverage_requirements, venv};

use crate::run::Run;

/// A checkout whose folder has the name of its package, with what is easily taken for a part of it:
/// a script in the folder, a package behind a link, a template inside a package, and a module of the
/// package that runs as a program.
const PROGRAM: &str = "\
import os, runpy, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(here), here + '/src', here + '/links']
import shop.web, linked.core, shopping
page = here + '/src/shop/page.html'
exec(compile('one = 1\\n', page, 'exec'), {'__name__': 'templates'})
runpy.run_module('shop.tool', run_name='__main__')
runpy.run_path(here + '/src/shop/script.py')
";

const FILES: [(&str, &str); 9] = [
    ("shop/serve.py", PROGRAM),
    ("shop/src/shop/__init__.py", "def f():\n    return 1\n"),
    ("shop/src/shop/web.py", "from shop import f\nvalue = f()\n"),
    ("shop/src/shop/tool.py", "def g():\n    return 2\ng()\n"),
    ("shop/src/shop/script.py", "value = 3\n"),
    ("shop/src/shop/page.html", "one\n"),
    ("shop/src/shopping.py", "value = 4\n"),
    ("shop/real/linked/__init__.py", "value = 5\n"),
    ("shop/real/linked/core.py", "class A:\n    value = 6\n"),
];

const THEIRS: &str = "
import coverage, os, runpy, sys
cover = coverage.Coverage(data_file=None, config_file=False, source_pkgs=sys.argv[1].split(','))
cover.start()
sys.argv = [sys.argv[2]]
runpy.run_path(sys.argv[0], run_name='__main__')
cover.stop()
data = cover.get_data()
print(*sorted(path for path in data.measured_files() if data.lines(path)), sep='\\n')
";

fn measured(python: &Python, packages: &str, program: &Path) -> BTreeSet<String> {
    let settings = packages.split(',').fold(String::new(), |text, package| {
        text + "source-pkg " + package + "\n"
    });
    let run = Run::with(&settings);
    run.program(python, &[program]);
    let stores = run.stores();
    let files = stores.iter().flat_map(|store| &store.files);
    let ran = files.filter(|(_, (_, hits))| !hits.is_empty());
    ran.map(|(path, _)| path.display().to_string()).collect()
}

#[test]
fn a_package_is_what_coverage_takes_for_it() {
    for python in builds() {
        let Some(venv) = venv(python, &coverage_requirements()) else {
            continue;
        };
        let inside = Python {
            path: venv.python(),
            ..python.clone()
        };
        let folder = swath_test::temp_dir();
        let path = fs_err::canonicalize(folder.path()).unwrap();
        for (name, text) in FILES {
            swath_test::write_file(path.join(name), text);
        }
        fs_err::create_dir(path.join("shop/links")).unwrap();
        let link = path.join("shop/links/linked");
        std::os::unix::fs::symlink(path.join("shop/real/linked"), link).unwrap();
        let program = path.join("shop/serve.py");
        for packages in [
            "shop",
            "shop.web",
            "linked",
            "shop,linked.core",
            "shopping",
            "serve",
        ] {
            let mut command = inside.command();
            command.args(["-c", THEIRS, packages]).arg(&program);
            command.env("PYTHONDONTWRITEBYTECODE", "1");
            let output = command.current_dir(folder.path()).output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let theirs: BTreeSet<String> = text
                .lines()
                .map(|path| fs_err::canonicalize(path).unwrap().display().to_string())
                .collect();
            assert_eq!(
                measured(&inside, packages, &program),
                theirs,
                "{packages} on {}: {}",
                python.tag(),
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
}
