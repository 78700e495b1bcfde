//! Servers and frameworks × clients, two tests each, at the same time: what ran for a request belongs to the test that
//! sent it, through a second service too; routes, statuses and offers are those of the framework.

use std::collections::{BTreeMap, BTreeSet};

use swath_test::{Guard, free_port, venv};

use crate::stage::{Stage, python_for_all, requirements, stop};

/// One server with an application of `apps`.
struct Server {
    name: &'static str,
    app: &'static App,
    command: &'static str,
}

/// What an application of a framework has.
struct App {
    /// The template of `/points/N`, `/stream/N`.
    points: &'static str,
    stream: &'static str,
    /// The method and template of the web socket, if there is one.
    socket: Option<&'static str>,
    /// It passes requests on to another service.
    forwards: bool,
    /// The methods of a route that does not say any.
    any: &'static str,
    /// What else it offers.
    others: &'static [&'static str],
}

const NONE: App = App {
    points: "",
    stream: "",
    socket: None,
    forwards: false,
    any: "GET",
    others: &["POST /never"],
};

static FLASK: App = App {
    points: "/points/<int:point>",
    stream: "/stream/<int:point>",
    forwards: true,
    others: &[
        "GET /forward/<int:port>/<int:point>",
        "GET /header",
        "POST /never",
    ],
    ..NONE
};
static DJANGO: App = App {
    points: "/points/<int:point>",
    stream: r"/stream/(?P<point>\d+)",
    any: "*",
    ..NONE
};
static STARLETTE: App = App {
    points: "/points/{point}",
    stream: "/stream/{point}",
    socket: Some("WEBSOCKET /socket/{point}"),
    forwards: true,
    others: &["GET /forward/{port}/{point}", "POST /inner/{version}/never"],
    ..NONE
};
static FASTAPI: App = App {
    points: "/points/{point}",
    stream: "/stream/{point}",
    socket: Some("WEBSOCKET /socket/{point}"),
    ..NONE
};
static AIOHTTP: App = App {
    points: "/points/{point}",
    stream: "/stream/{point}",
    socket: Some("GET /socket/{point}"),
    forwards: true,
    others: &["GET /forward/{port}/{point}", "POST /never", "PUT /view"],
    ..NONE
};
static TORNADO: App = App {
    points: r"/points/(\d+)",
    stream: r"/stream/(\d+)",
    socket: Some(r"WEBSOCKET /socket/(\d+)"),
    ..NONE
};
static FALCON: App = App {
    points: "/points/{point:int}",
    stream: "/stream/{point:int}",
    ..NONE
};
static FALCON_ASGI: App = App {
    socket: Some("WEBSOCKET /socket/{point:int}"),
    points: "/points/{point:int}",
    stream: "/stream/{point:int}",
    ..NONE
};
static BOTTLE: App = App {
    points: "/points/<point:int>",
    stream: "/stream/<point:int>",
    ..NONE
};

const fn server(name: &'static str, app: &'static App, command: &'static str) -> Server {
    Server { name, app, command }
}

static SERVERS: [Server; 19] = [
    server(
        "gunicorn-sync",
        &FLASK,
        "gunicorn -w 2 -b 127.0.0.1:PORT flask_app:app",
    ),
    server(
        "gunicorn-gthread",
        &DJANGO,
        "gunicorn --threads 4 -b 127.0.0.1:PORT django_app:application",
    ),
    server(
        "gunicorn-gevent",
        &BOTTLE,
        "gunicorn -k gevent -b 127.0.0.1:PORT bottle_app:app",
    ),
    server(
        "gunicorn-tornado",
        &FALCON,
        "gunicorn -k tornado -b 127.0.0.1:PORT falcon_app:app",
    ),
    server(
        "gunicorn-uvicorn",
        &FASTAPI,
        "gunicorn -k uvicorn_worker.UvicornWorker -b 127.0.0.1:PORT fastapi_app:app",
    ),
    server(
        "gunicorn-asgi",
        &STARLETTE,
        "gunicorn -k asgi -b 127.0.0.1:PORT starlette_app:app",
    ),
    server(
        "uwsgi",
        &FLASK,
        "uwsgi --http-socket 127.0.0.1:PORT --module flask_app:app --master --threads 4 --die-on-term --add-header=Connection:close",
    ),
    server(
        "waitress",
        &BOTTLE,
        "python wsgi_servers.py waitress bottle_app PORT",
    ),
    server(
        "werkzeug",
        &FLASK,
        "python wsgi_servers.py werkzeug flask_app PORT",
    ),
    server(
        "wsgiref",
        &FALCON,
        "python wsgi_servers.py wsgiref falcon_app PORT",
    ),
    server(
        "runserver",
        &DJANGO,
        "python django_app.py runserver --noreload PORT",
    ),
    server(
        "uvicorn",
        &STARLETTE,
        "uvicorn --log-level warning --port PORT starlette_app:app",
    ),
    server(
        "hypercorn",
        &FASTAPI,
        "hypercorn -b 127.0.0.1:PORT fastapi_app:app",
    ),
    server(
        "hypercorn-wsgi",
        &BOTTLE,
        "hypercorn -b 127.0.0.1:PORT wsgi:bottle_app:app",
    ),
    server("daphne", &DJANGO, "daphne -p PORT django_app:asgi"),
    server(
        "granian-asgi",
        &FALCON_ASGI,
        "granian --interface asgi --port PORT falcon_asgi_app:app",
    ),
    server(
        "granian-wsgi",
        &FALCON,
        "granian --interface wsgi --port PORT falcon_app:app",
    ),
    server("aiohttp", &AIOHTTP, "python aiohttp_app.py PORT"),
    server("tornado", &TORNADO, "python tornado_app.py PORT"),
];

/// A server that runs.
struct Running {
    server: &'static Server,
    port: u16,
    guard: Guard,
}

fn start(stage: &Stage) -> Vec<Running> {
    let mut running: Vec<Running> = SERVERS
        .iter()
        .map(|server| {
            let port = free_port();
            let words = server.command.replace("PORT", &port.to_string());
            let mut command = stage.command(server.name, "apps", &words);
            Running {
                server,
                port,
                guard: Guard::spawn(&mut command).unwrap(),
            }
        })
        .collect();
    for one in &mut running {
        stage.wait_for_server(one.server.name, &mut one.guard, one.port);
    }
    running
}

#[test]
fn tests_of_all_clients_do_not_mix_in_any_server() {
    let Some(python) = python_for_all() else {
        return swath_test::skip(
            "tests_of_all_clients_do_not_mix_in_any_server",
            "no CPython",
        );
    };
    let Some(environment) = venv(python, &requirements()) else {
        return;
    };
    let stage = Stage::new(environment);
    let mut running = start(&stage);
    for one in &running {
        for path in ["/points/0?secret=1", "/broken"] {
            // A server may answer 500, which is an error to the client.
            let _ = ureq::get(format!("http://127.0.0.1:{}{path}", one.port)).call();
        }
    }
    let known: Vec<_> = running
        .iter()
        .map(|one| {
            let app = one.server.app;
            serde_json::json!([
                one.server.name,
                one.port,
                app.socket.is_some(),
                app.forwards
            ])
        })
        .collect();
    let words =
        "python -m pytest -q -n 2 --dist worksteal -p no:cacheprovider --rootdir . test_clients.py";
    let mut command = stage.command("clients", ".", words);
    command.env("STAND_IN_SERVERS", serde_json::to_string(&known).unwrap());
    assert!(
        stage.run("clients", &mut command),
        "{}",
        stage.output("clients")
    );
    for one in &mut running {
        stop(&mut one.guard);
    }
    let sent = stage.log("clients").sent();
    assert!(sent.len() > 700, "{}", sent.len());
    let mut seen = BTreeSet::new();
    for one in &running {
        seen.extend(check(&stage, one.server, &sent));
    }
    let missing: Vec<_> = sent.keys().filter(|place| !seen.contains(*place)).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

/// Compares what a server ran with what was sent; the places that it ran.
fn check(stage: &Stage, server: &Server, sent: &BTreeMap<String, String>) -> BTreeSet<String> {
    let log = stage.log(server.name);
    let name = server.name;
    let mut seen = BTreeSet::new();
    for (place, context) in log.ran() {
        let number = place.split(' ').nth(1);
        let context: Vec<&str> = context.iter().map(String::as_str).collect();
        if place == "lifespan" {
            assert_eq!(context, [""; 0], "{name}");
            continue;
        }
        let Some(number) = number.filter(|number| *number != "0") else {
            // Of a request without a test.
            assert_eq!(context[..2], ["request", ""], "{name} {place}");
            continue;
        };
        let kind = match place.split(' ').next().unwrap() {
            "thread" | "to_thread" | "pool" | "task" => "point",
            kind => kind,
        };
        let place = format!("{kind} {number}");
        let test = format!("{}|run", sent[&place]);
        assert_eq!(context[..2], ["request", test.as_str()], "{name} {place}");
        seen.insert(place);
    }
    log.assert_balanced(name);
    let app = server.app;
    let mut offers: BTreeSet<String> = app.others.iter().map(|&text| text.to_owned()).collect();
    let mut routes = BTreeSet::new();
    let mut statuses = BTreeSet::new();
    for (path, template, status) in [
        ("/points/{n}", app.points, "200"),
        ("/stream/{n}", app.stream, "200"),
        ("/broken", "/broken", "500"),
    ] {
        offers.insert(format!("{} {template}", app.any));
        routes.insert(format!("GET {path} {template}"));
        statuses.insert(format!("GET {path} {status}"));
    }
    if let Some((method, template)) = app.socket.and_then(|socket| socket.split_once(' ')) {
        offers.insert(format!("{method} {template}"));
        routes.insert(format!("{method} /socket/{{n}} {template}"));
        statuses.insert(format!("{method} /socket/{{n}} 101"));
    }
    if app.forwards {
        statuses.insert("GET /forward/{n}/{n} 200".to_owned());
        let forward = app
            .others
            .iter()
            .find_map(|text| text.strip_prefix("GET /forward"));
        routes.insert(format!(
            "GET /forward/{{n}}/{{n}} /forward{}",
            forward.unwrap()
        ));
    }
    assert_eq!(log.notes("offer"), offers, "{name}");
    assert_eq!(log.notes("route"), routes, "{name}");
    assert_eq!(log.notes("status"), statuses, "{name}");
    seen
}
