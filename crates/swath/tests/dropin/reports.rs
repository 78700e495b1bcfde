//! report, xml, json, lcov, annotate and html.

use crate::side_by_side::Stage;

#[test]
fn reports_of_lines() {
    let Some(stage) = Stage::new("reports_of_lines") else {
        return;
    };
    stage.coverage(&["run", "--source=.", "main.py", "two"]);
    stage.check_all(&[
        "report",
        "report -m",
        "report --show --skip-covered",
        "report --skip-covered --no-skip-covered",
        "report --skip-empty",
        "report --skip-covered --skip-empty -m",
        "report --precision=2",
        "report --precision=0x2",
        "report --precision=-1",
        "report --format=markdown -m",
        "report --format=total",
        "report --format=total --precision=3",
        "report --format=xml",
        "report --sort=miss",
        "report --sort=-cover",
        "report --sort=+Stmts",
        "report --sort=branch",
        "report --include=pkg/* -m",
        "report --omit=pkg/*,main.py",
        "report --include=nothing.py",
        "report --include=*** ",
        "report shop.py",
        "report pkg/stock.py shop.py shop.py",
        "report nothing.py",
        "report -i nothing.py shop.py",
        "report -i nothing.py",
        "report --fail-under=10",
        "report --fail-under=99.5",
        "report --fail-under=100 --precision=1",
        "report --fail-under=101",
        "report --fail-under=-1",
        "report --fail-under=nan",
        "report --fail-under=inf",
        "report --data-file=elsewhere",
        "report --data-file=",
        "report --rcfile=none.rc",
        "report --rcfile=",
        "report --contexts=nothing",
        "report --contexts=(",
        "report --keep-combined",
        "report -- -m",
    ]);
    stage.check_all(&[
        "xml",
        "xml -q",
        "xml -o -",
        "xml -o out/of/here.xml",
        "xml --skip-empty -o x.xml --fail-under=100",
        "xml --include=none",
        "xml nothing.py",
        "json",
        "json -o - --pretty-print",
        "json -q -o a.json --fail-under=90",
        "json --show-contexts",
        "json --omit=*",
        "lcov",
        "lcov -o -",
        "lcov --include=shop.py -q",
        "lcov --fail-under=100",
        "annotate",
        "annotate -d notes",
        "annotate --directory=notes/deep shop.py pkg/stock.py",
        "annotate --omit=*",
        "html --include=none",
        "html -q",
        "html --fail-under=100",
        "html -d htmlcov/x",
        "html --fail-under=101 -d htmlcov",
    ]);
}

#[test]
fn reports_of_branches() {
    let Some(stage) = Stage::new("reports_of_branches") else {
        return;
    };
    stage.coverage(&["run", "--branch", "--source=.", "main.py", "one"]);
    stage.write("coverage.xml", "an old one");
    stage.check_all(&[
        "report",
        "report -m --skip-covered",
        "report --format=markdown --sort=brpart",
        "report --sort=-branch --precision=1",
        "report --format=total --fail-under=99",
        "xml -o -",
        "xml",
        "xml --include=none",
        "xml nothing.py",
        "json -o - --pretty",
        "json",
        "lcov -o -",
        "lcov",
        "annotate",
    ]);
}

#[test]
fn reports_of_contexts() {
    let Some(stage) = Stage::new("reports_of_contexts") else {
        return;
    };
    stage.coverage(&["run", "--context=first", "main.py", "one"]);
    stage.coverage(&["run", "-a", "--context=second", "main.py", "two"]);
    stage.check_all(&[
        "report -m --contexts=first",
        "report -m --contexts=^s,x",
        "report -m --contexts=first,second",
        "report --contexts=[",
        "json -o - --show-contexts",
        "json --show-contexts --contexts=sec --pretty-print",
        "html -q --show-contexts --contexts=sec",
        "xml -o -",
        "lcov -o -",
        "debug data",
    ]);
    stage.write(
        ".coveragerc",
        "[report]\ncontexts = sec\n[json]\nshow_contexts = true\n",
    );
    stage.check_all(&[
        "report",
        "report --contexts=first",
        "json -o -",
        "xml -o -",
        "lcov -o -",
        "annotate",
    ]);
}

#[test]
fn reports_follow_the_configuration() {
    let Some(stage) = Stage::new("reports_follow_the_configuration") else {
        return;
    };
    stage.coverage(&["run", "--branch", "--source=.", "main.py", "one"]);
    for configuration in [
        "[report]\nshow_missing = yes\nskip_covered = yes\nskip_empty = yes\nprecision = 2\nfail_under = 95.25\nsort = -cover\n",
        "[report]\nformat = markdown\nomit = pkg/*\nexclude_also = def total\n",
        "[report]\nformat = nothing\n",
        "[report]\nprecision = -1\nfail_under = 1\n",
        "[report]\nfail_under = 200\n",
        "[report]\nexclude_lines = (\n",
        "[report]\nnothing = 1\n[nowhere]\nx = 1\n",
        "[run]\nrelative_files = true\n",
        "[run]\nconcurrency = a,b\n",
        "[run]\ndisable_warnings = couldnt-parse\n[report]\nignore_errors = true\n",
        "[paths]\nsource =\n    .\n    /nowhere\n",
        "[paths]\nsource =\n    .\n    /nowhere/*\n",
        "[xml]\noutput = a.xml\npackage_depth = 1\n[json]\noutput = a.json\npretty_print = true\n[lcov]\noutput = a.lcov\nline_checksums = true\n",
        "[run\nbranch = yes\n",
    ] {
        stage.write(".coveragerc", configuration);
        stage.check_all(&[
            "report",
            "xml -q",
            "json -q",
            "lcov",
            "annotate nothing.py",
            "report -i nothing.py",
        ]);
    }
}
