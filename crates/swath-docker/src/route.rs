//! What a client asks for, as far as the proxy cares.

/// A request that the proxy looks at; everything else is passed on unseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// A container is to be created, under this name.
    Create { name: Option<String> },
    /// Containers are listed, or one is inspected: Compose compares its hashes with the answer.
    Look,
    /// A container is to be started (again), or something in one that runs: it is in use.
    Use { container: String },
    /// Somebody attaches to a container: it runs in the foreground.
    Attach { container: String },
    /// Volumes or images go: what is in them must be gathered first.
    Removal,
    /// Anything else.
    Other,
}

impl Route {
    pub(crate) fn of(method: &str, target: &str) -> Route {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parts = path.split('/').filter(|part| !part.is_empty());
        let parts = parts
            .skip_while({
                let mut first = true;
                move |part| std::mem::take(&mut first) && is_version(part)
            })
            .collect::<Vec<_>>();
        match (method, parts.as_slice()) {
            ("POST", ["containers", "create"]) => Route::Create {
                name: parameter(query, "name"),
            },
            ("GET", ["containers", "json"] | ["containers", _, "json"]) => Route::Look,
            ("POST", ["containers", container, "start" | "restart" | "exec"]) => Route::Use {
                container: unescape(container),
            },
            ("POST", ["containers", container, "attach"])
            | ("GET", ["containers", container, "attach", "ws"]) => Route::Attach {
                container: unescape(container),
            },
            ("POST", ["volumes" | "images" | "containers", "prune"])
            | ("DELETE", ["images" | "volumes", ..]) => Route::Removal,
            _ => Route::Other,
        }
    }
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
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| unescape(value))
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let digits = after
            .get(..2)
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
            Route::Create { name }
        );
        assert_eq!(
            Route::of("POST", "/containers/create"),
            Route::Create { name: None }
        );
        assert_eq!(
            Route::of("GET", "/v1.24/containers/json?all=1"),
            Route::Look
        );
        assert_eq!(Route::of("GET", "/containers/v1.2/json"), Route::Look);
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
        assert_eq!(Route::of("POST", "/v1.41/volumes/prune"), Route::Removal);
        assert_eq!(Route::of("DELETE", "/v1.41/images/a/b:c"), Route::Removal);
        assert_eq!(
            Route::of("POST", "/v1.41/containers/web/wait"),
            Route::Other
        );
        assert_eq!(Route::of("", ""), Route::Other);
        assert_eq!(unescape("%zz%4"), "%zz%4");
    }
}
