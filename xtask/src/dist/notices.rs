//! The licences of what is linked into the program, in one file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use fs_err as fs;
use serde_json::Value;

use super::stage::Stage;
use super::target::Target;
use super::tools::Tools;
use crate::cargo::cargo;

/// The file's name, which pyproject.toml's `license-files` finds.
pub(crate) const NAME: &str = "LICENSE-THIRD-PARTY.txt";

const HEAD: &str = "\
The program swath contains the packages below, under their own licences. Where a package offers
several, any of them may be chosen; each text stands once, after the packages that it belongs to.
";

/// A crate that is linked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    licence: String,
}

/// Writes the file for a target into the stage.
pub(crate) fn write(stage: &Stage, target: Target, tools: &Tools) -> Result<()> {
    let mut command = cargo([
        "metadata",
        "--format-version=1",
        "--locked",
        "--filter-platform",
    ]);
    let output = command.arg(target.triple).output()?;
    ensure!(
        output.status.success(),
        "cargo metadata failed for {}",
        target.triple
    );
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let mut texts: BTreeMap<String, BTreeSet<Package>> = BTreeMap::new();
    for package in linked(&metadata)? {
        let manifest = package["manifest_path"]
            .as_str()
            .context("a package has a manifest")?;
        let folder = Path::new(manifest)
            .parent()
            .context("a manifest lies in a folder")?;
        let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        let named = Package {
            name: text("name"),
            version: text("version"),
            licence: text("license"),
        };
        let mut found = licence_texts(folder)?;
        if found.is_empty() {
            found.push(String::new());
        }
        for text in found {
            texts.entry(text).or_default().insert(named.clone());
        }
    }
    if target.is_musl() {
        let musl = Package {
            name: "musl".to_owned(),
            version: "as zig has it".to_owned(),
            licence: "MIT".to_owned(),
        };
        texts
            .entry(tools.musl_licence()?.trim().to_owned())
            .or_default()
            .insert(musl);
    }
    Ok(fs::write(stage.folder().join(NAME), render(&texts))?)
}

/// The packages whose code is in the program: what `swath` needs, what that needs, and so on, but
/// for what only the compiler or a build script runs.
fn linked(metadata: &Value) -> Result<Vec<&Value>> {
    let list = |value: &'_ Value| value.as_array().cloned().unwrap_or_default();
    let nodes = list(&metadata["resolve"]["nodes"]);
    let packages = metadata["packages"]
        .as_array()
        .context("cargo names no packages")?;
    let by_id = |id: &str| packages.iter().find(|package| package["id"] == id);
    let root = packages.iter().find(|package| package["name"] == "swath");
    let root = root.context("swath is no package")?["id"]
        .as_str()
        .unwrap_or_default();
    let mut seen = BTreeSet::from([root.to_owned()]);
    let mut open = vec![root.to_owned()];
    while let Some(id) = open.pop() {
        let node = nodes.iter().find(|node| node["id"] == id.as_str());
        for dependency in node.map(|node| list(&node["deps"])).unwrap_or_default() {
            let is_normal = list(&dependency["dep_kinds"])
                .iter()
                .any(|kind| kind["kind"].is_null());
            let id = dependency["pkg"].as_str().unwrap_or_default();
            let is_macro = by_id(id).is_some_and(|package| {
                let of_macro = |target: &Value| target["kind"][0] == "proc-macro";
                list(&package["targets"]).iter().any(of_macro)
            });
            if is_normal && !is_macro && seen.insert(id.to_owned()) {
                open.push(id.to_owned());
            }
        }
    }
    // Those of this workspace are under the program's own licence.
    let is_foreign = |package: &&Value| !package["source"].is_null();
    let is_linked = |package: &&Value| package["id"].as_str().is_some_and(|id| seen.contains(id));
    Ok(packages
        .iter()
        .filter(is_linked)
        .filter(is_foreign)
        .collect())
}

/// The texts that a package brings along.
fn licence_texts(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        let is_licence = [
            "LICENSE",
            "LICENCE",
            "COPYING",
            "COPYRIGHT",
            "NOTICE",
            "UNLICENSE",
        ]
        .iter()
        .any(|word| name.starts_with(word));
        if is_licence && entry.file_type()?.is_file() {
            names.push(entry.path());
        }
    }
    names.sort();
    let read = |path: &std::path::PathBuf| {
        let bytes = fs::read(path)?;
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        Ok(text.trim().to_owned())
    };
    names.iter().map(read).collect()
}

fn render(texts: &BTreeMap<String, BTreeSet<Package>>) -> String {
    let mut groups: Vec<_> = texts.iter().collect();
    groups.sort_by_key(|(text, packages)| (packages.first().cloned(), text.len()));
    let line = "-".repeat(100);
    let mut page = HEAD.to_owned();
    for (text, packages) in groups {
        page.extend(["\n", &line, "\n"]);
        for package in packages {
            let Package {
                name,
                version,
                licence,
            } = package;
            page.extend([name.as_str(), " ", version, ": ", licence, "\n"]);
        }
        let text = if text.is_empty() {
            "(The package holds no text of its licence beside its name.)"
        } else {
            text
        };
        page.extend(["\n", text, "\n"]);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_built_with_is_not_linked() {
        let text = r#"{"packages": [
            {"id": "a", "name": "swath", "source": null, "targets": [{"kind": ["bin"]}]},
            {"id": "b", "name": "used", "source": "registry", "targets": [{"kind": ["lib"]}]},
            {"id": "c", "name": "build", "source": "registry", "targets": [{"kind": ["lib"]}]},
            {"id": "d", "name": "macro", "source": "registry", "targets": [{"kind": ["proc-macro"]}]},
            {"id": "e", "name": "deep", "source": "registry", "targets": [{"kind": ["lib"]}]},
            {"id": "f", "name": "other", "source": "registry", "targets": [{"kind": ["lib"]}]}],
          "resolve": {"nodes": [
            {"id": "a", "deps": [
              {"pkg": "b", "dep_kinds": [{"kind": null}]},
              {"pkg": "c", "dep_kinds": [{"kind": "build"}]},
              {"pkg": "d", "dep_kinds": [{"kind": null}]}]},
            {"id": "b", "deps": [{"pkg": "e", "dep_kinds": [{"kind": "build"}, {"kind": null}]}]},
            {"id": "c", "deps": [{"pkg": "f", "dep_kinds": [{"kind": null}]}]}]}}"#;
        let metadata: Value = serde_json::from_str(text).unwrap();
        let names: Vec<&str> = linked(&metadata)
            .unwrap()
            .into_iter()
            .filter_map(|package| package["name"].as_str())
            .collect();
        assert_eq!(names, ["used", "deep"]);
    }

    #[test]
    fn a_text_stands_once_after_all_packages_that_it_belongs_to() {
        let package = |name: &str| Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: "MIT".to_owned(),
        };
        let texts = BTreeMap::from([
            (
                "Do as you like.".to_owned(),
                BTreeSet::from([package("b"), package("a")]),
            ),
            (String::new(), BTreeSet::from([package("c")])),
        ]);
        let page = render(&texts);
        assert!(
            page.contains("a 1.0.0: MIT\nb 1.0.0: MIT\n\nDo as you like.\n"),
            "{page}"
        );
        assert!(
            page.contains("c 1.0.0: MIT\n\n(The package holds no text"),
            "{page}"
        );
    }
}
