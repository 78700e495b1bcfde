//! The command line that serves an application.

use crate::application::{Application, Interface};
use crate::dependencies::Dependencies;
use crate::django::DjangoProject;
use crate::proposal::ServiceProposal;

/// The name of the service that answers HTTP.
const WEB: &str = "web";

/// A server's command line, and what it is called.
struct Serving {
    command: String,
    server: &'static str,
}

/// The service that serves an application, and the server that it uses; nothing where no server is known.
pub(crate) fn of_application(
    application: &Application,
    dependencies: &Dependencies,
    is_installed: bool,
    port: u16,
) -> Option<(ServiceProposal, &'static str)> {
    let Serving { command, server } = match application.interface {
        Interface::Asgi => asgi(application, dependencies, port),
        Interface::Wsgi => wsgi(application, dependencies, port),
        Interface::Aiohttp => aiohttp(application, dependencies, port),
    }?;
    let mut service = ServiceProposal {
        name: WEB.to_owned(),
        command,
        ..ServiceProposal::default()
    };
    match application.import_root.as_str() {
        "" => {}
        "src" if is_installed => {}
        "src" => service
            .environment
            .push(("PYTHONPATH".to_owned(), "src".to_owned())),
        folder => service.folder = Some(folder.to_owned()),
    }
    Some((service, server))
}

fn asgi(application: &Application, dependencies: &Dependencies, port: u16) -> Option<Serving> {
    let server = match application.framework {
        // It serves itself, and does so by its own command.
        "Sanic" => "sanic",
        _ => dependencies.choose(&["uvicorn", "hypercorn", "granian", "daphne"])?,
    };
    let (module, object) = (&application.module, &application.object);
    let plain = format!("{module}:{object}");
    let target = shell_words::quote(&plain);
    let factory = if application.is_factory {
        "--factory "
    } else {
        ""
    };
    let command = match server {
        "uvicorn" => format!("uvicorn {factory}--port={port} {target}"),
        "sanic" => format!("sanic {target} {factory}--host=127.0.0.1 --port={port}"),
        "granian" => format!("granian --interface=asgi {factory}--port={port} {target}"),
        "hypercorn" => {
            let call = if application.is_factory { "()" } else { "" };
            format!(
                "hypercorn --bind=127.0.0.1:{port} {}",
                shell_words::quote(&format!("{plain}{call}"))
            )
        }
        _ if application.is_factory => return None,
        _ => format!("daphne --port {port} {target}"),
    };
    Some(Serving { command, server })
}

fn wsgi(application: &Application, dependencies: &Dependencies, port: u16) -> Option<Serving> {
    let known = ["gunicorn", "waitress", "uwsgi", "pyuwsgi", "flask"];
    let server = dependencies
        .choose(&known[..2])
        .or_else(|| dependencies.choose(&known[2..4]));
    let server = server.or_else(|| match application.framework {
        // It has a server for development, and no dependency.
        "Bottle" => Some("bottle"),
        _ => dependencies.choose(&known[4..]),
    })?;
    let (module, object) = (&application.module, &application.object);
    let call = if application.is_factory { "()" } else { "" };
    let target = format!("{module}:{object}{call}");
    let quoted = shell_words::quote(&target);
    let command = match server {
        "gunicorn" => format!("gunicorn --workers=2 --bind=127.0.0.1:{port} {quoted}"),
        "waitress" if application.is_factory => {
            let maker = format!("{module}:{object}");
            let maker = shell_words::quote(&maker);
            format!("waitress-serve --listen=127.0.0.1:{port} --call {maker}")
        }
        "waitress" => format!("waitress-serve --listen=127.0.0.1:{port} {quoted}"),
        "uwsgi" | "pyuwsgi" => {
            format!(
                "uwsgi --http-socket=127.0.0.1:{port} --master --enable-threads --module={quoted}"
            )
        }
        "bottle" => format!("python -m bottle --bind=127.0.0.1:{port} {quoted}"),
        _ if application.framework == "Flask" => {
            format!("flask --app={quoted} run --port={port}")
        }
        _ => return None,
    };
    Some(Serving { command, server })
}

/// Without gunicorn its programs serve themselves, each in its own way.
fn aiohttp(application: &Application, dependencies: &Dependencies, port: u16) -> Option<Serving> {
    let server = dependencies.choose(&["gunicorn"])?;
    let target = format!("{}:{}", application.module, application.object);
    let target = shell_words::quote(&target);
    let worker = "--worker-class=aiohttp.GunicornWebWorker";
    let command = format!("gunicorn --workers=2 --bind=127.0.0.1:{port} {worker} {target}");
    Some(Serving { command, server })
}

/// The service that serves a Django project, and the server that it uses.
pub(crate) fn of_django(
    django: &DjangoProject,
    dependencies: &Dependencies,
    port: u16,
) -> (ServiceProposal, &'static str) {
    let wsgi_server = dependencies.choose(&["gunicorn", "waitress"]);
    let asgi_server = dependencies.choose(&["uvicorn", "daphne", "hypercorn"]);
    let quoted = |module: &Option<String>| {
        let module = module.as_deref();
        module.map(|module| shell_words::quote(module).into_owned())
    };
    let (wsgi, asgi) = (quoted(&django.wsgi), quoted(&django.asgi));
    let (command, server) = match (wsgi, asgi, wsgi_server, asgi_server) {
        (Some(wsgi), _, Some("gunicorn"), _) => (
            format!("gunicorn --workers=2 --bind=127.0.0.1:{port} {wsgi}"),
            "gunicorn",
        ),
        (Some(wsgi), _, Some(_), _) => (
            format!("waitress-serve --listen=127.0.0.1:{port} {wsgi}:application"),
            "waitress",
        ),
        (_, Some(asgi), _, Some("uvicorn")) => (
            format!("uvicorn --port={port} {asgi}:application"),
            "uvicorn",
        ),
        (_, Some(asgi), _, Some("daphne")) => {
            (format!("daphne --port {port} {asgi}:application"), "daphne")
        }
        (_, Some(asgi), _, Some(_)) => (
            format!("hypercorn --bind=127.0.0.1:{port} {asgi}:application"),
            "hypercorn",
        ),
        // Its reloader would start the server a second time.
        _ => (
            format!("python manage.py runserver --noreload 127.0.0.1:{port}"),
            "runserver",
        ),
    };
    let service = ServiceProposal {
        name: WEB.to_owned(),
        command,
        folder: (!django.folder.is_empty()).then(|| django.folder.clone()),
        ..ServiceProposal::default()
    };
    (service, server)
}
