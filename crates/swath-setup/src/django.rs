//! A Django project: `manage.py`, and the module that a server is given.

use crate::project::Project;

/// A Django project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DjangoProject {
    /// The folder of `manage.py`, from the project's; empty for that itself.
    pub(crate) folder: String,
    /// The module of the WSGI application: `shop.wsgi`.
    pub(crate) wsgi: Option<String>,
    /// The module of the ASGI application.
    pub(crate) asgi: Option<String>,
}

impl DjangoProject {
    /// The project whose `manage.py` is here, or one folder below.
    pub(crate) fn find(project: &Project) -> Option<Self> {
        let below = project.names_in("").into_iter();
        let below = below.filter(|name| !name.starts_with('.') && project.has_folder(name));
        let mut folders = std::iter::once(String::new()).chain(below);
        folders.find_map(|folder| in_folder(project, folder))
    }
}

fn in_folder(project: &Project, folder: String) -> Option<DjangoProject> {
    let at = |path: &str| {
        if folder.is_empty() {
            path.to_owned()
        } else {
            format!("{folder}/{path}")
        }
    };
    let text = project.read(&at("manage.py"))?;
    let settings = text
        .split_once("DJANGO_SETTINGS_MODULE")
        .and_then(|(_, rest)| {
            let mut words = rest.split(['"', '\'', '\n']);
            // What follows the name, its quote and a comma.
            words.find(|word| word.starts_with(|c: char| c.is_alphabetic() || c == '_'))
        });
    if settings.is_none() && !text.contains("django") {
        return None;
    }
    let package = settings.and_then(|settings| settings.split('.').next());
    let module = |name: &str| {
        let package = package?;
        let file = at(&format!("{package}/{name}.py"));
        project.has_file(&file).then(|| format!("{package}.{name}"))
    };
    let (wsgi, asgi) = (module("wsgi"), module("asgi"));
    Some(DjangoProject { folder, wsgi, asgi })
}
