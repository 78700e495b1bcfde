//! Modules that Python runs as machine code although their source lies beside it (Cython, mypyc): nothing
//! of them can be measured, so the source counts as missed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use swath_coverage::Report;
use swath_data::PythonRelease;
use swath_model::Finding;

/// The sources of a report that did not run because Python takes the extension module beside them first.
/// `versions` are those that ran: an extension module of another one is passed over by them.
pub(crate) fn compiled_modules(
    report: &Report,
    versions: &BTreeSet<PythonRelease>,
) -> Option<Finding> {
    let mut listed: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    let mut found = Vec::new();
    for file in &report.files {
        if !file.executed.is_empty() || file.statements.is_empty() {
            continue;
        }
        let path = Path::new(&file.path);
        let (Some(folder), Some(stem)) = (path.parent(), path.file_stem()) else {
            continue;
        };
        let names = listed
            .entry(folder.to_owned())
            .or_insert_with(|| extension_modules(folder));
        let stem = stem.to_string_lossy();
        let compiled = names.iter().find(|name| is_run_for(name, &stem, versions));
        if let Some(compiled) = compiled {
            found.push((file.name.clone(), compiled.clone()));
        }
    }
    let (_, compiled) = found.first()?.clone();
    Some(Finding::ModulesCompiled {
        sources: found.into_iter().map(|(source, _)| source).collect(),
        compiled,
    })
}

/// The names of the extension modules in a folder.
fn extension_modules(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names
        .filter(|name| name.strip_suffix(".so").is_some())
        .collect();
    names.sort();
    names
}

/// Whether one of these versions takes an extension module for the module of a name:
/// `cart.cpython-312-x86_64-linux-gnu.so`, `cart.abi3.so` or `cart.so`.
fn is_run_for(name: &str, stem: &str, versions: &BTreeSet<PythonRelease>) -> bool {
    let Some(tag) = name
        .strip_prefix(stem)
        .and_then(|rest| rest.strip_suffix(".so"))
    else {
        return false;
    };
    tag.is_empty()
        || tag == ".abi3"
        || versions.iter().any(|version| {
            let begin = format!(".cpython-{}{}", version.major, version.minor);
            let rest = tag.strip_prefix(&begin);
            rest.is_some_and(|rest| rest.starts_with(['-', 't', 'd']))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_module_is_taken_by_its_own_version() {
        let versions = [PythonRelease {
            major: 3,
            minor: 12,
            micro: 1,
        }];
        let versions = versions.into_iter().collect();
        let taken = |name| is_run_for(name, "cart", &versions);
        assert!(taken("cart.cpython-312-x86_64-linux-gnu.so"));
        assert!(taken("cart.abi3.so"));
        assert!(taken("cart.so"));
        assert!(!taken("cart.cpython-311-x86_64-linux-gnu.so"));
        assert!(!taken("cart.cpython-3121-x86_64-linux-gnu.so"));
        assert!(!taken("cartridge.so"));
        assert!(!taken("cart.libs.so"));
    }
}
