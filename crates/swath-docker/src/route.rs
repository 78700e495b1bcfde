//! What a client asks for, as far as the proxy cares.

use swath_checkout::normal_path;

/// A request that the proxy looks at; everything else is passed on unseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// A container is to be created, under this name.
    Create { name: Option<String> },
    /// Containers are listed, or one is inspected: Compose compares its hashes with the answer.
    Look,
    /// What changed in a container's file system is listed.
    LookAtChanges { container: String },
    /// A container is to be started (again), or something in one that runs: it is in use.
    Use { container: String },
    /// Somebody attaches to a container: it runs in the foreground.
    Attach { container: String },
    /// A container is to become an image.
    Commit(Commit),
    /// A service of a Swarm is to be made.
    MakeService,
    /// A service of a Swarm is to be changed, or to be what it was before.
    ChangeService { service: String, is_back: bool },
    /// A service of a Swarm is to be removed.
    RemoveService { service: String },
    /// Services or tasks of a Swarm are listed, or one is inspected.
    LookAtServices,
    /// Volumes or images go: what is in them must be gathered first.
    Removal,
    /// Anything else.
    Other,
}

/// Which container is to become which image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) container: String,
    pub(crate) repository: Option<String>,
    pub(crate) tag: Option<String>,
}

impl Route {
    /// What is asked for, whichever way it is spelt: as an engine reads it.
    pub(crate) fn of(method: &str, target: &str) -> Route {
        let (path, query) = origin(target)
            .split_once('?')
            .unwrap_or((origin(target), ""));
        let path = normal_path(&format!("/{}", unescape(path)));
        let parts = path
            .split('/')
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>();
        let parts = match parts.as_slice() {
            [version, rest @ ..] if is_version(version) => rest,
            all => all,
        };
        match (method, parts) {
            ("POST", ["containers", "create"]) => Route::Create {
                name: parameter(query, "name"),
            },
            ("GET", ["containers", "json"] | ["containers", _, "json"]) => Route::Look,
            ("GET", ["containers", container, "changes"]) => Route::LookAtChanges {
                container: (*container).to_owned(),
            },
            ("POST", ["containers", container, "start" | "restart" | "exec"]) => Route::Use {
                container: (*container).to_owned(),
            },
            ("POST", ["containers", container, "attach"])
            | ("GET", ["containers", container, "attach", "ws"]) => Route::Attach {
                container: (*container).to_owned(),
            },
            ("POST", ["commit"]) => {
                parameter(query, "container").map_or(Route::Other, |container| {
                    Route::Commit(Commit {
                        container,
                        repository: parameter(query, "repo"),
                        tag: parameter(query, "tag"),
                    })
                })
            }
            ("POST", ["services", "create"]) => Route::MakeService,
            ("POST", ["services", service, "update"]) => Route::ChangeService {
                service: (*service).to_owned(),
                is_back: parameter(query, "rollback").is_some(),
            },
            ("DELETE", ["services", service]) => Route::RemoveService {
                service: (*service).to_owned(),
            },
            ("GET", ["services" | "tasks"] | ["services" | "tasks", _]) => Route::LookAtServices,
            ("POST", ["volumes" | "images" | "containers", "prune"])
            | ("DELETE", ["images" | "volumes", ..]) => Route::Removal,
            _ => Route::Other,
        }
    }
}

/// The path and query of a target that may name a host as well: `http://docker/v1.41/info`.
fn origin(target: &str) -> &str {
    let Some((_, rest)) = target.split_once("://") else {
        return target;
    };
    if target.starts_with('/') {
        return target;
    }
    rest.find('/').map_or("/", |start| &rest[start..])
}

/// `v1.41`.
fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit())
            && rest.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

fn parameter(query: &str, name: &str) -> Option<String> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (form_unescape(key), form_unescape(value)))
        .find(|(key, value)| key == name && !value.is_empty())
        .map(|(_, value)| value)
}

/// In a query a blank may be a plus sign.
fn form_unescape(text: &str) -> String {
    unescape(&text.replace('+', " "))
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let digits = after
            .get(..2)
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match (byte, digits.map(|digits| u8::from_str_radix(digits, 16))) {
            (b'%', Some(Ok(value))) => {
                bytes.push(value);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_known_with_and_without_a_version() {
        let name = Some("a b".to_owned());
        assert_eq!(
            Route::of("POST", "/v1.41/containers/create?platform=&name=a%20b"),
            Route::Create { name: name.clone() }
        );
        assert_eq!(
            Route::of("POST", "/containers/create?n%61me=a+b"),
            Route::Create { name }
        );
        assert_eq!(
            Route::of("GET", "/v1.24/containers/json?all=1"),
            Route::Look
        );
        assert_eq!(Route::of("GET", "/containers/v1.2/json"), Route::Look);
        let container = "web".to_owned();
        assert_eq!(
            Route::of("GET", "/v1.41/containers/web/changes"),
            Route::LookAtChanges { container }
        );
        let container = "web".to_owned();
        assert_eq!(
            Route::of("POST", "/v1.41/containers/web/start"),
            Route::Use { container }
        );
        let container = "web".to_owned();
        assert_eq!(
            Route::of("POST", "/v1.41/containers/web/exec"),
            Route::Use { container }
        );
        let commit = Commit {
            container: "web".to_owned(),
            repository: Some("a/b".to_owned()),
            tag: None,
        };
        assert_eq!(
            Route::of("POST", "/v1.41/commit?container=web&repo=a%2Fb&tag="),
            Route::Commit(commit)
        );
        assert_eq!(Route::of("POST", "/v1.41/volumes/prune"), Route::Removal);
        assert_eq!(Route::of("DELETE", "/v1.41/images/a/b:c"), Route::Removal);
        assert_eq!(
            Route::of("POST", "/v1.41/containers/web/wait"),
            Route::Other
        );
        let change = |is_back| Route::ChangeService {
            service: "shop_web".to_owned(),
            is_back,
        };
        let update = "/v1.41/services/shop_web/update?version=7";
        assert_eq!(Route::of("POST", update), change(false));
        let back = format!("{update}&rollback=previous");
        assert_eq!(Route::of("POST", &back), change(true));
        assert_eq!(Route::of("POST", "/services/create"), Route::MakeService);
        for looked_at in [
            "/v1.41/services?status=1",
            "/services/web",
            "/tasks",
            "/tasks/x",
        ] {
            assert_eq!(Route::of("GET", looked_at), Route::LookAtServices);
        }
        let service = "web".to_owned();
        assert_eq!(
            Route::of("DELETE", "/v1.41/services/web"),
            Route::RemoveService { service }
        );
        assert_eq!(Route::of("GET", "/services/web/logs"), Route::Other);
        assert_eq!(Route::of("", ""), Route::Other);
        assert_eq!(unescape("%zz%4%+1"), "%zz%4%+1");
    }

    #[test]
    fn a_path_is_read_as_an_engine_reads_it_however_it_is_spelt() {
        for target in [
            "/%63ontainers/create",
            "/containers%2Fcreate",
            "/v1.41/containers%2fcreat%65",
            "/%76%31.41/containers/create",
            "//containers//create/",
            "/./containers/./create",
            "/containers/web/../create",
            "/%2e%2E/containers/create",
            "http://docker/v1.41/containers/create",
            "http://docker/v1.41/%63ontainers/create?x=/info",
        ] {
            assert_eq!(
                Route::of("POST", target),
                Route::Create { name: None },
                "{target}"
            );
        }
        for target in [
            "/containers/%2563reate",
            "/info?x=/containers/create",
            "http://x",
        ] {
            assert_eq!(Route::of("POST", target), Route::Other, "{target}");
        }
        assert_eq!(
            Route::of("POST", "/containers/%77eb/%73tart"),
            Route::Use {
                container: "web".to_owned()
            }
        );
        assert_eq!(Route::of("DELETE", "/v%6Flumes/x"), Route::Removal);
    }
}
