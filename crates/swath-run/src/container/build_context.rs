//! The folder that a Compose service is built from, as its files have it.

use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode as _, Yaml};
use swath_checkout::{Links, normal_path, read_regular, yaml_nests_too_deep};
use swath_docker::ServicePart;

/// No compose file is longer.
const LONGEST: u64 = 1 << 20;

/// The build context of a service; nothing where its files do not say, or say it with variables.
/// Only files of the checkout are looked into: a label may name any.
pub(crate) fn build_context(part: &ServicePart, checkout: &Path) -> Option<String> {
    let (folder, files) = part.compose.as_ref()?;
    let is_own =
        |file: &&PathBuf| Path::new(&normal_path(&file.to_string_lossy())).starts_with(checkout);
    // Of several files the last one that says something is right.
    files.iter().rev().filter(is_own).find_map(|file| {
        let text = read_regular(file, Links::Follow, LONGEST).ok()?;
        in_file(&String::from_utf8_lossy(&text), &part.service, folder)
    })
}

fn in_file(text: &str, service: &str, folder: &Path) -> Option<String> {
    if yaml_nests_too_deep(text) {
        return None;
    }
    let documents = Yaml::load_from_str(text).ok()?;
    let build = documents
        .first()?
        .as_mapping_get("services")?
        .as_mapping_get(service)?
        .as_mapping_get("build")?;
    let context = match build.as_str() {
        Some(context) => context,
        None => build
            .as_mapping_get("context")
            .map_or(Some("."), |context| context.as_str())?,
    };
    let is_plain = !context.contains('$') && !context.contains("://");
    let context: PathBuf = folder.join(context);
    is_plain.then(|| normal_path(&context.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_read_in_each_of_its_forms() {
        let text = "\
services:
  short: {build: ./orders}
  long:
    build:
      context: billing/../stock
      args: {A: 1}
  here:
    build: {dockerfile: x}
  image: {image: postgres}
  variable: {build: \"${WHERE:-x}\"}
  remote: {build: https://example.org/x.git}
";
        let context = |service| in_file(text, service, Path::new("/home/me/shop"));
        assert_eq!(context("short").as_deref(), Some("/home/me/shop/orders"));
        assert_eq!(context("long").as_deref(), Some("/home/me/shop/stock"));
        assert_eq!(context("here").as_deref(), Some("/home/me/shop"));
        for service in ["image", "variable", "remote", "missing"] {
            assert_eq!(context(service), None, "{service}");
        }
        let deep = format!("services:\n  {}x\n", "- ".repeat(200_000));
        assert_eq!(in_file(&deep, "short", Path::new("/")), None);
        assert_eq!(in_file("services: [", "short", Path::new("/")), None);
        assert_eq!(in_file("- a", "short", Path::new("/")), None);
    }
}
