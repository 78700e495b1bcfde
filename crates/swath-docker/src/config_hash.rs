//! Compose's own means of telling whether a container is up to date: the hash of its configuration.
//!
//! What a run creates has a marked hash. To Compose under the same run it is shown without the
//! mark, and so is up to date; the hash of a container that needs the agent and was not created by
//! this run is shown altered, so that Compose creates it anew. A later Compose without the proxy
//! sees the mark, and creates the container anew without the agent.

use std::collections::BTreeMap;

use serde_json::Value;

/// Compose's label.
pub(crate) const CONFIG_HASH: &str = "com.docker.compose.config-hash";
/// Compose's label that names the project of a container.
pub(crate) const PROJECT_LABEL: &str = "com.docker.compose.project";
/// Compose's label that names the service of a container.
pub(crate) const SERVICE_LABEL: &str = "com.docker.compose.service";
const MARK: &str = "swath.";
/// Stands before the hash of a container without this run's agent.
const OUT_OF_DATE: &str = "not-measured.";

/// The hash of a container that this run creates.
pub(crate) fn marked(run: &str, hash: &str) -> String {
    format!("{MARK}{run}.{hash}")
}

/// The hash that Compose gave a container whose hash a run has marked.
pub(crate) fn unmarked(hash: &str) -> Option<&str> {
    let (_, own) = hash.strip_prefix(MARK)?.split_once('.')?;
    Some(own)
}

/// A container, as an answer of the engine describes it.
pub(crate) struct Described<'a> {
    pub(crate) hash: &'a str,
    pub(crate) image: &'a str,
    pub(crate) service: Option<&'a str>,
}

/// Every container with a hash in an answer that lists containers or describes one.
pub(crate) fn described(answer: &Value) -> Vec<Described<'_>> {
    match answer {
        Value::Array(containers) => containers
            .iter()
            .filter_map(|container| one(&container["Labels"], &container["ImageID"]))
            .collect(),
        container => one(&container["Config"]["Labels"], &container["Image"])
            .into_iter()
            .collect(),
    }
}

fn one<'a>(labels: &'a Value, image: &'a Value) -> Option<Described<'a>> {
    Some(Described {
        hash: labels.get(CONFIG_HASH)?.as_str()?,
        image: image.as_str()?,
        service: labels.get(SERVICE_LABEL).and_then(Value::as_str),
    })
}

/// What is shown in place of each hash. `needs_agent` says so of a container.
pub(crate) fn shown(
    answer: &Value,
    run: &str,
    needs_agent: &dyn Fn(&Described<'_>) -> bool,
) -> BTreeMap<String, String> {
    let own = format!("{MARK}{run}.");
    described(answer)
        .into_iter()
        .filter_map(|container| {
            let shown = match container.hash.strip_prefix(&own) {
                Some(hash) => hash.to_owned(),
                None if container.hash.starts_with(MARK) || needs_agent(&container) => {
                    format!("{OUT_OF_DATE}{}", container.hash)
                }
                None => return None,
            };
            Some((container.hash.to_owned(), shown))
        })
        .collect()
}

/// Replaces hashes in the text of an answer, which otherwise stays as it is, byte for byte.
pub(crate) fn replace(text: &str, shown: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    for (hash, instead) in shown {
        let label = |value: &str| format!("\"{CONFIG_HASH}\":\"{value}\"");
        text = text.replace(&label(hash), &label(instead));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer_for(text: &str) -> String {
        let value = serde_json::from_str(text).unwrap();
        replace(
            text,
            &shown(&value, "r1", &|container| {
                container.image == "sha256:python"
            }),
        )
    }

    fn listed(hash: &str, image: &str) -> String {
        format!(
            "[{{\"Z\":1,\"ImageID\":\"{image}\",\"Labels\":{{\"{CONFIG_HASH}\":\"{hash}\"}},\"A\":1}}]"
        )
    }

    #[test]
    fn own_containers_look_up_to_date_and_others_do_not() {
        assert_eq!(
            answer_for(&listed("swath.r1.abc", "sha256:python")),
            listed("abc", "sha256:python")
        );
        assert_eq!(
            answer_for(&listed("swath.r0.abc", "sha256:python")),
            listed("not-measured.swath.r0.abc", "sha256:python")
        );
        assert_eq!(
            answer_for(&listed("abc", "sha256:python")),
            listed("not-measured.abc", "sha256:python")
        );
        assert_eq!(
            answer_for(&listed("abc", "sha256:database")),
            listed("abc", "sha256:database")
        );
    }

    #[test]
    fn an_inspected_container_is_treated_alike() {
        let text = |hash: &str| {
            format!(
                "{{\"Image\":\"sha256:python\",\"Config\":{{\"Labels\":{{\"{CONFIG_HASH}\":\"{hash}\"}}}}}}"
            )
        };
        assert_eq!(answer_for(&text("swath.r1.abc")), text("abc"));
        assert_eq!(answer_for(&text("abc")), text("not-measured.abc"));
        assert_eq!(
            answer_for("{\"message\":\"none\"}"),
            "{\"message\":\"none\"}"
        );
    }
}
