//! The application object that a web server serves, found in the sources.

use crate::project::{Project, SourceFile};

/// What an application speaks to its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interface {
    Wsgi,
    Asgi,
    /// What aiohttp has of its own.
    Aiohttp,
}

/// A framework, by the class whose instance is the application.
struct Framework {
    name: &'static str,
    class: &'static str,
    /// The module that the class comes from.
    module: &'static str,
    interface: Interface,
}

const FRAMEWORKS: [Framework; 10] = [
    framework("FastAPI", "FastAPI", "fastapi", Interface::Asgi),
    framework("Starlette", "Starlette", "starlette", Interface::Asgi),
    framework("Litestar", "Litestar", "litestar", Interface::Asgi),
    framework("Quart", "Quart", "quart", Interface::Asgi),
    framework("Sanic", "Sanic", "sanic", Interface::Asgi),
    framework("BlackSheep", "Application", "blacksheep", Interface::Asgi),
    framework("Flask", "Flask", "flask", Interface::Wsgi),
    framework("Falcon", "App", "falcon", Interface::Wsgi),
    framework("Bottle", "Bottle", "bottle", Interface::Wsgi),
    framework("Pyramid", "Configurator", "pyramid", Interface::Wsgi),
];

/// The same class, from another module.
const FALCON_ASGI: Framework = framework("Falcon", "App", "falcon", Interface::Asgi);

/// Known by its application only: many import it as a client.
const AIOHTTP: Framework = framework("aiohttp", "Application", "aiohttp", Interface::Aiohttp);

const fn framework(
    name: &'static str,
    class: &'static str,
    module: &'static str,
    interface: Interface,
) -> Framework {
    Framework {
        name,
        class,
        module,
        interface,
    }
}

/// Functions that make an application, by their usual names.
const FACTORIES: [&str; 7] = [
    "create_app",
    "make_app",
    "build_app",
    "get_app",
    "app_factory",
    "create_application",
    "get_application",
];

/// Names of modules that hold what is served, the likeliest first.
const MODULES: [&str; 9] = [
    "wsgi",
    "asgi",
    "app",
    "main",
    "application",
    "server",
    "api",
    "web",
    "__init__",
];

/// An application that a server can be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Application {
    /// The framework, as people call it.
    pub(crate) framework: &'static str,
    pub(crate) interface: Interface,
    /// The file, from the project's folder.
    pub(crate) file: String,
    /// The name of the module, from `import_root`.
    pub(crate) module: String,
    /// The name of the object, or of the function that makes it.
    pub(crate) object: String,
    pub(crate) is_factory: bool,
    /// The folder from which the module is imported; empty for the project's own.
    pub(crate) import_root: String,
}

impl Application {
    /// The application that is likeliest meant, if the sources have any.
    pub(crate) fn find(project: &Project, sources: &[SourceFile]) -> Option<Self> {
        let served = sources.iter().filter(|source| !source.is_aside());
        let found = served.filter_map(|source| in_file(project, source));
        found.min_by_key(Application::rank)
    }

    /// The likeliest has the lowest.
    fn rank(&self) -> (bool, usize, usize, String) {
        let depth = self.file.matches('/').count();
        let name = self.module.rsplit('.').next().unwrap_or_default();
        let name = if self.file.ends_with("__init__.py") {
            "__init__"
        } else {
            name
        };
        let module = MODULES.iter().position(|known| *known == name);
        (
            self.is_factory,
            module.unwrap_or(MODULES.len()),
            depth,
            self.file.clone(),
        )
    }
}

fn in_file(project: &Project, source: &SourceFile) -> Option<Application> {
    let text = &source.text;
    let imports = |module: &str| {
        text.lines().any(|line| {
            let mut words = line
                .split([' ', '.', ',', '\t'])
                .filter(|word| !word.is_empty());
            matches!(words.next(), Some("import" | "from")) && words.any(|word| word == module)
        })
    };
    let instance = text.lines().find_map(|line| {
        let (name, callee) = assignment(line)?;
        // Tornado has a class of the same name.
        if callee.ends_with("web.Application") && imports(AIOHTTP.module) && !imports("tornado") {
            return Some((name, &AIOHTTP));
        }
        let class = callee.rsplit('.').next()?;
        let framework = FRAMEWORKS
            .iter()
            .find(|framework| framework.class == class && imports(framework.module))?;
        // What a Pyramid configuration makes is not itself the application.
        let is_asynchronous = callee.contains("asgi.") || text.contains("from falcon.asgi import");
        let framework = match framework.name {
            "Pyramid" => return None,
            "Falcon" if is_asynchronous => &FALCON_ASGI,
            _ => framework,
        };
        Some((name, framework))
    });
    if let Some((object, framework)) = instance {
        return Some(application(project, source, framework, object, false));
    }
    let framework = || {
        FRAMEWORKS
            .iter()
            .find(|framework| imports(framework.module))
    };
    // `app = create_app()` in a module that may import no framework itself.
    let made = text.lines().find_map(|line| {
        let (name, callee) = assignment(line)?;
        let callee = callee.rsplit('.').next()?;
        FACTORIES.contains(&callee).then_some(name)
    });
    if let Some(object) = made {
        let framework = framework().or_else(|| framework_of_neighbours(project, source))?;
        return Some(application(project, source, framework, object, false));
    }
    let factory = text.lines().find_map(|line| {
        let rest = line
            .strip_prefix("def ")
            .or_else(|| line.strip_prefix("async def "))?;
        let (name, parameters) = rest.split_once('(')?;
        (FACTORIES.contains(&name.trim()) && needs_nothing(parameters)).then_some(name.trim())
    })?;
    Some(application(project, source, framework()?, factory, true))
}

fn framework_of_neighbours(project: &Project, source: &SourceFile) -> Option<&'static Framework> {
    let beside = project
        .sources()
        .iter()
        .filter(|other| is_inside(other.folder(), source.folder()) && !other.is_aside());
    let mut texts = beside.map(|other| other.text.as_str());
    texts.find_map(|text| {
        FRAMEWORKS.iter().find(|framework| {
            let class = format!("{}(", framework.class);
            text.contains(&class)
                && (text.contains(&format!("import {}", framework.module))
                    || text.contains(&format!("from {}", framework.module)))
        })
    })
}

/// Whether a folder is another one or below it.
fn is_inside(folder: &str, other: &str) -> bool {
    let rest = folder.strip_prefix(other);
    rest.is_some_and(|rest| other.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

/// The name and the callee of `name = callee(…` that begins a line.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (target, value) = line.split_once('=')?;
    // With an annotation, or without.
    let name = target.split(':').next()?.trim_end();
    let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let (callee, _) = value.split_once('(')?;
    let callee = callee.trim();
    let is_callee = callee
        .chars()
        .all(|c| c.is_alphanumeric() || c == '_' || c == '.');
    (is_name && is_callee).then_some((name, callee))
}

/// Whether a function can be called without arguments, as far as its first line shows.
fn needs_nothing(parameters: &str) -> bool {
    let parameters = parameters.split(')').next().unwrap_or_default();
    let mut parameters = parameters.split(',').map(str::trim);
    parameters.all(|parameter| {
        parameter.is_empty() || parameter.contains('=') || parameter.starts_with('*')
    })
}

fn application(
    project: &Project,
    source: &SourceFile,
    framework: &Framework,
    object: &str,
    is_factory: bool,
) -> Application {
    let (import_root, module) = place(project, source);
    Application {
        framework: framework.name,
        interface: framework.interface,
        file: source.path.clone(),
        module,
        object: object.to_owned(),
        is_factory,
        import_root,
    }
}

/// The folder from which a file is imported, and its name as a module there.
fn place(project: &Project, source: &SourceFile) -> (String, String) {
    let mut root = source.folder();
    let parent = |folder: &str| -> usize { folder.rfind('/').unwrap_or(0) };
    while !root.is_empty() && project.has_file(&format!("{root}/__init__.py")) {
        root = &root[..parent(root)];
    }
    // A folder without `__init__.py` is a package where the file speaks of it as one.
    if !root.is_empty() && root != "src" && root == source.folder() {
        let name = root.rsplit('/').next().unwrap_or(root);
        let speaks_of_it = |line: &str| {
            let mut words = line.split([' ', '\t', ',']);
            let is_import = matches!(words.next(), Some("from" | "import"));
            let module = words.find(|word| !word.is_empty()).unwrap_or_default();
            is_import && (module.starts_with('.') || module.split('.').next() == Some(name))
        };
        if source.text.lines().any(speaks_of_it) {
            root = &root[..parent(root)];
        }
    }
    let path = source.path.strip_prefix(root).unwrap_or(&source.path);
    let path = path.trim_start_matches('/');
    let path = path.strip_suffix(".py").unwrap_or(path);
    let path = path.strip_suffix("/__init__").unwrap_or(path);
    (root.to_owned(), path.replace('/', "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            swath_test::write_file(folder.path().join(name), text);
        }
        let project = &Project::new(folder.path());
        let found = Application::find(project, project.sources())?;
        let call = if found.is_factory { "()" } else { "" };
        Some(format!(
            "{} {}:{}{call} in `{}`",
            found.framework, found.module, found.object, found.import_root
        ))
    }

    #[test]
    fn applications_are_found_where_people_put_them() {
        const FLASK: &str = "from flask import Flask\napp = Flask(__name__)\n";
        const FASTAPI: &str =
            "import fastapi\n\napi: fastapi.FastAPI = fastapi.FastAPI(title='x')\n";
        for (files, expected) in [
            (vec![("app.py", FLASK)], "Flask app:app in ``"),
            (
                vec![("src/shop/__init__.py", ""), ("src/shop/main.py", FASTAPI)],
                "FastAPI shop.main:api in `src`",
            ),
            (
                vec![("shop/__init__.py", FLASK), ("tests/app.py", FASTAPI)],
                "Flask shop:app in ``",
            ),
            (
                vec![(
                    "shop/__init__.py",
                    "import flask\ndef create_app(config=None):\n    return flask.Flask('x')\n",
                )],
                "Flask shop:create_app() in ``",
            ),
            (
                vec![
                    (
                        "wsgi.py",
                        "from shop import create_app\napplication = create_app()\n",
                    ),
                    (
                        "shop/__init__.py",
                        "from flask import Flask\ndef create_app():\n  return Flask('x')\n",
                    ),
                ],
                "Flask wsgi:application in ``",
            ),
            (
                vec![("backend/main.py", FASTAPI)],
                "FastAPI main:api in `backend`",
            ),
            // Another module whose name begins the same.
            (
                vec![(
                    "app/main.py",
                    "from fastapi import FastAPI\nfrom application import db\napp = FastAPI()\n",
                )],
                "FastAPI main:app in `app`",
            ),
            // The framework is that of the package, not that of one whose name begins the same.
            (
                vec![
                    (
                        "shop/wsgi.py",
                        "from shop.core import create_app\napplication = create_app()\n",
                    ),
                    ("shop/__init__.py", ""),
                    (
                        "shop/core.py",
                        "from flask import Flask\ndef create_app(name):\n    return Flask(name)\n",
                    ),
                    (
                        "shop-admin/main.py",
                        "from fastapi import FastAPI\ndef make(): return FastAPI()\n",
                    ),
                ],
                "Flask shop.wsgi:application in ``",
            ),
            (
                vec![(
                    "app/main.py",
                    "from fastapi import FastAPI\nfrom app import db\napp = FastAPI()\n",
                )],
                "FastAPI app.main:app in ``",
            ),
        ] {
            assert_eq!(found(&files).as_deref(), Some(expected), "{files:?}");
        }
    }

    #[test]
    fn the_class_of_an_application_says_what_it_speaks() {
        for (text, interface) in [
            ("import falcon\napp = falcon.App()\n", Interface::Wsgi),
            (
                "from aiohttp import web\napp = web.Application()\n",
                Interface::Aiohttp,
            ),
            (
                "from sanic import Sanic\napp = Sanic('x')\n",
                Interface::Asgi,
            ),
            (
                "import falcon.asgi\napp = falcon.asgi.App()\n",
                Interface::Asgi,
            ),
            (
                "from falcon.asgi import App\napp = App()\n",
                Interface::Asgi,
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            swath_test::write_file(folder.path().join("app.py"), text);
            let project = Project::new(folder.path());
            let found = Application::find(&project, project.sources()).unwrap();
            assert_eq!(found.interface, interface, "{text}");
        }
        for text in [
            "from flask import Flask\ndef create_app(config):\n    return Flask('x')\n",
            "class Flask: pass\napp = Flask()\n",
            "import aiohttp, tornado.web\napp = tornado.web.Application([])\n",
            "import aiohttp\ndef create_app():\n    return 1\n",
            "from flask import Blueprint\napp = Blueprint('x')\n",
        ] {
            assert_eq!(found(&[("app.py", text)]), None, "{text}");
        }
    }
}
