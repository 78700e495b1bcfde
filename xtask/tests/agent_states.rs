//! What the agent can leave of a failure has words: why, and where there is one a remedy.

use std::collections::BTreeSet;

use swath_model::AgentState;
use swath_test::workspace_root;

/// The slugs that stand behind one of these beginnings in a source, up to the quotation mark.
fn slugs<'a>(source: &'a str, beginnings: &[&str]) -> BTreeSet<&'a str> {
    let behind = |beginning: &&str| source.split(*beginning).skip(1).collect::<Vec<_>>();
    let rests = beginnings.iter().flat_map(behind);
    rests
        .filter_map(|rest| rest.split_once('"'))
        .map(|(slug, _)| slug)
        .collect()
}

#[test]
fn every_failure_of_the_agent_has_words() {
    let root = workspace_root();
    let python = fs_err::read_to_string(root.join("python/sitecustomize.py")).unwrap();
    let mut known = slugs(&python, &["return \""])
        .into_iter()
        .map(str::to_owned)
        .collect::<BTreeSet<_>>();
    let here = known.len();
    for entry in fs_err::read_dir(root.join("crates/swath-inproc/src")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs_err::read_to_string(&path).unwrap();
            let found = slugs(
                &source,
                &["Failure(b\"", "Err(b\"", "missing: &'static [u8] = b\""],
            );
            known.extend(found.into_iter().map(str::to_owned));
        }
    }
    assert!(here >= 5 && known.len() >= here + 10, "{known:?}");
    // It is a detail of `sub-interpreter`.
    known.remove("too-many-interpreters");
    for slug in known {
        let reason = AgentState::named(&slug).reason();
        assert_ne!(reason, slug.replace('-', " "), "{slug} has no words");
    }
}
