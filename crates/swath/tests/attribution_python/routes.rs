//! Which routes a program has, and which of them a request was answered by, where frameworks add routes, or change
//! their templates.

use std::collections::BTreeSet;

use swath_test::{Requirements, venv};

use crate::stage::{Stage, python_for_all};

/// A program of `routes`, which asks an application of its own.
struct Site {
    program: &'static str,
    offers: &'static [&'static str],
    /// The method, the path as it is counted without a route, and the template.
    routes: &'static [&'static str],
}

static SITES: [Site; 4] = [
    Site {
        program: "django_site.py",
        offers: &[
            "* /<language>/bye/",
            "* /<language>/hello/",
            "* /<language>/never/",
            "DELETE /ninja/cats/<int:number>",
            "GET /api/",
            "GET /api/things/",
            // A suffix is offered when a method that the route has is called with it.
            r"GET /api/things\.(?P<format>[a-z0-9]+)/?",
            "GET /extra/ping",
            "GET /extra/ping<drf_format_suffix:format>",
            "GET /form",
            "GET /ninja/cats/<int:number>",
            // Of Ninja's own pages those that were called.
            "GET /ninja/openapi.json",
            "GET /old",
            "POST /api/things/",
            "POST /form",
            "PUT /own",
        ],
        routes: &[
            "GET /api/ /api/",
            "GET /api/things.json /api/things\\.(?P<format>[a-z0-9]+)/?",
            "GET /api/things/ /api/things/",
            "GET /bye/ /<language>/bye/",
            "GET /de/hello/ /<language>/hello/",
            "GET /extra/ping.json /extra/ping<drf_format_suffix:format>",
            "GET /hello/ /<language>/hello/",
            "GET /ninja/cats/{n} /ninja/cats/<int:number>",
            "GET /ninja/openapi.json /ninja/openapi.json",
            "GET /old /old",
            "GET /own /own",
            "PATCH /api/things.json /api/things\\.(?P<format>[a-z0-9]+)/?",
        ],
    },
    Site {
        program: "falcon_site.py",
        offers: &["* /other", "* /sink/(?P<rest>.*)"],
        routes: &["GET /sink/a/b /sink/(?P<rest>.*)"],
    },
    Site {
        program: "flask_site.py",
        offers: &[
            "GET /by/<name>",
            "GET /cats/<int:number>",
            "POST /by/<name>",
            "POST /cats/<int:number>",
        ],
        routes: &[
            "GET /cats/{n} /cats/<int:number>",
            "GET /swagger.json /swagger.json",
        ],
    },
    Site {
        program: "starlette_site.py",
        offers: &["* /said/{path}", "* /{path}"],
        routes: &[
            "GET /said/own/{n} /said/own/{page}",
            "GET /deep/leaf/{n} /{level}/leaf/{leaf}",
            "GET /v2/files/a /v2/files/{path}",
            "GET /v2/pets/{n} /v2/pets/{pet}",
        ],
    },
];

#[test]
fn a_route_has_one_template_and_what_frameworks_add_is_one_when_it_is_called() {
    let test = "a_route_has_one_template_and_what_frameworks_add_is_one_when_it_is_called";
    let Some(python) = python_for_all() else {
        return swath_test::skip(test, "no CPython");
    };
    let packages = [
        "django",
        "django-ninja",
        "djangorestframework",
        "falcon",
        "flask",
        "flask-restx",
        "starlette",
    ];
    let Some(environment) = venv(python, &Requirements::from(packages)) else {
        return;
    };
    let stage = Stage::new(environment);
    for site in &SITES {
        let name = site.program;
        let mut command = stage.command(name, "routes", &format!("python {name}"));
        assert!(stage.run(name, &mut command), "{}", stage.output(name));
        let log = stage.log(name);
        let all = |names: &[&str]| {
            names
                .iter()
                .map(|&text| text.to_owned())
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(log.notes("offer"), all(site.offers), "{name}");
        assert_eq!(log.notes("route"), all(site.routes), "{name}");
    }
}
