//! Gates of endpoints, on data that says what was called.

use swath_test::Finished;

use crate::by::Sandbox;
use crate::project::Project;

const NEVER: &str =
    "error[never-called]: endpoints: 1 of 2 was never called: `DELETE /total` (web)\n";

/// The codes of the errors, in order.
fn codes(done: &Finished) -> Vec<&str> {
    let errors = done.stderr.lines();
    let errors = errors.filter_map(|line| line.strip_prefix("error["));
    errors
        .filter_map(|line| Some(line.split_once(']')?.0))
        .collect()
}

#[test]
fn a_route_that_nobody_called_is_named_by_report_and_diff() {
    let sandbox = Sandbox::new(true);
    let patch = "--- a/shop.py\n+++ b/shop.py\n@@ -1 +1 @@\n-def total():\n+def total(items):\n";
    fs_err::write(sandbox.path().join("change.patch"), patch).unwrap();
    for words in [
        &["report"][..],
        &["report", "--format=total"],
        &["report", "--format=github"],
        &["diff", "--patch=change.patch"],
    ] {
        let gate = ["--gate=every-route-called,no-server-errors"];
        let done = sandbox.swath(&[words, &gate].concat());
        assert_eq!(done.code, 2, "{words:?} {done:?}");
        assert_eq!(codes(&done), ["never-called"], "{words:?} {done:?}");
        assert!(done.stderr.contains(NEVER), "{words:?} {done:?}");
        assert!(!done.stdout.contains("DELETE"), "{words:?} {done:?}");
        // It stands in the settings, and the command line takes it back.
        let settings = "[gates.endpoints]\nevery-route-called = true\n";
        fs_err::write(sandbox.path().join("swath.toml"), settings).unwrap();
        assert_eq!(sandbox.swath(words).code, 2, "{words:?}");
        let done = sandbox.swath(&[words, &["--gate=every-route-called=false"]].concat());
        assert_eq!(done.code, 0, "{words:?} {done:?}");
        let settings = format!("{settings}except = \"DELETE /tot*\"\n");
        fs_err::write(sandbox.path().join("swath.toml"), settings).unwrap();
        assert_eq!(sandbox.swath(words).code, 0, "{words:?}");
        fs_err::remove_file(sandbox.path().join("swath.toml")).unwrap();
    }
}

#[test]
fn what_a_description_promises_is_a_route() {
    let sandbox = Sandbox::new(true);
    let yaml = "openapi: 3.0.0\npaths:\n  /total/{id}:\n    get:\n      responses: {200: {}}\n  /refund:\n    post:\n      responses: {'201': {}}\n";
    fs_err::write(sandbox.path().join("api.yaml"), yaml).unwrap();
    let said = "2 of 3 were never called: `DELETE /total` (web), `POST /refund`\n";
    let done = sandbox.swath(&["report", "--openapi=api.yaml", "--gate=every-route-called"]);
    assert!(done.code == 2 && done.stderr.contains(said), "{done:?}");
    let settings = "[gates.endpoints]\nevery-route-called = true\nopenapi = \"api.yaml\"\n";
    fs_err::write(sandbox.path().join("swath.toml"), settings).unwrap();
    let done = sandbox.swath(&["report"]);
    assert!(done.code == 2 && done.stderr.contains(said), "{done:?}");
    fs_err::remove_file(sandbox.path().join("api.yaml")).unwrap();
    let done = sandbox.swath(&["report"]);
    assert!(done.code != 0, "{done:?}");
    assert_eq!(codes(&done), ["bad-description"], "{done:?}");
}

#[test]
fn what_cannot_be_judged_does_not_pass() {
    let sandbox = Sandbox::new(false);
    let done = sandbox.swath(&["report", "--gate=no-server-errors"]);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(
        done.stderr.ends_with(
            "error[no-attribution]: endpoints: the data does not say which were called\n\nhint: swath run --attribution\n"
        ),
        "{done:?}"
    );
    let done = sandbox.swath(&["report", "--gate=service:web=80"]);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(
        done.stderr.contains("error[unknown-service]: service `web`: the data has no such service\n\nhint: name services with "),
        "{done:?}"
    );
    let done = sandbox.swath(&["report", "--gate=every-route-called=80"]);
    assert_eq!((done.code, codes(&done)), (1, vec!["bad-gate"]), "{done:?}");
}

/// The first who asks for `/ready` hears that it is too early.
const SERVER: &str = "\
import sys
from wsgiref.simple_server import make_server

ASKED = []


def app(environ, start_response):
    ASKED.append(environ[\"PATH_INFO\"])
    status = \"503 Early\" if len(ASKED) == 1 or ASKED[-1] == \"/broken\" else \"200 OK\"
    start_response(status, [])
    return [b\"\"]


make_server(\"127.0.0.1\", int(sys.argv[1]), app).serve_forever()
";

/// Which requests were readiness checks is in the data, although nothing but the command line of the
/// run said so.
#[test]
fn a_report_made_later_knows_the_readiness_checks_of_the_run() {
    let name = "a_report_made_later_knows_the_readiness_checks_of_the_run";
    let Some(project) = Project::new(name, &[]) else {
        return;
    };
    project.repository.write("server.py", SERVER);
    for (path, code) in [("ready", 0), ("broken", 2)] {
        let port = swath_test::free_port();
        let url = format!("http://127.0.0.1:{port}");
        let ask = format!(
            "from urllib.request import urlopen\ntry:\n urlopen('{url}/{path}')\nexcept OSError: pass"
        );
        let done = project.swath(&[
            "run",
            "--no-docker",
            "--attribution",
            "--source=.",
            &format!("--service=web=python server.py {port}"),
            &format!("--ready=web={url}/ready"),
            "--gate=no-server-errors",
            "--",
            "python",
            "-c",
            &ask,
        ]);
        assert_eq!(done.code, code, "{done:?}");
        let asked = project.swath(&["report", "--by=endpoint"]);
        assert!(asked.stdout.contains("503"), "{asked:?}");
        let later = project.swath(&["report", "--gate=no-server-errors"]);
        assert_eq!(later.code, code, "{later:?}");
        let error = "error[server-errors]: endpoints: 1 answered with a server error: `GET /broken` (web) 503";
        for done in [done, later] {
            assert_eq!(done.stderr.contains(error), code == 2, "{done:?}");
        }
    }
}
