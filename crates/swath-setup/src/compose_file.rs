//! What a compose file says of its services, as far as it says so plainly.

use saphyr::{LoadableYamlNode as _, Yaml};
use swath_checkout::yaml_nests_too_deep;

use crate::project::Project;

/// The names of compose files, as Compose looks for them.
const NAMES: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];

/// The names of the file that Compose reads after the first one.
const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// Services that run tests, by their usual names.
const TESTS: [&str; 11] = [
    "tests",
    "test",
    "system-tests",
    "system_tests",
    "system-test",
    "e2e",
    "e2e-tests",
    "pytest",
    "integration-tests",
    "playwright",
    "cypress",
];

/// A compose file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ComposeFile {
    /// Its name, and that of the file that Compose reads after it.
    pub(crate) files: Vec<&'static str>,
    pub(crate) services: Vec<ComposeService>,
}

/// A service of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ComposeService {
    pub(crate) name: String,
    /// It is built from the checkout.
    pub(crate) is_built: bool,
    pub(crate) has_health_check: bool,
    /// The first port of this host that leads to it.
    pub(crate) port: Option<u16>,
    pub(crate) profiles: Vec<String>,
}

impl ComposeFile {
    /// The compose file of the project.
    pub(crate) fn find(project: &Project) -> Option<Self> {
        let (file, text) = project.first_of(&NAMES)?;
        let mut found = Self {
            files: vec![file],
            services: parse(&text)?,
        };
        if let Some((file, text)) = project.first_of(&OVERRIDES) {
            found.files.push(file);
            found.add(parse(&text).unwrap_or_default());
        }
        Some(found)
    }

    /// Its first file, as messages name it.
    pub(crate) fn name(&self) -> &'static str {
        self.files.first().copied().unwrap_or_default()
    }

    /// Takes in what a later file says.
    fn add(&mut self, services: Vec<ComposeService>) {
        for later in services {
            let known = self
                .services
                .iter_mut()
                .find(|service| service.name == later.name);
            match known {
                None => self.services.push(later),
                Some(service) => {
                    service.is_built |= later.is_built;
                    service.has_health_check |= later.has_health_check;
                    service.port = service.port.or(later.port);
                    service.profiles.extend(later.profiles);
                }
            }
        }
    }

    /// The services that are built here and stay.
    pub(crate) fn built(&self) -> impl Iterator<Item = &ComposeService> {
        let services = self.services.iter();
        services.filter(|service| service.is_built && !is_test(&service.name))
    }

    /// The service that runs the tests.
    pub(crate) fn test_service(&self) -> Option<&ComposeService> {
        self.services.iter().find(|service| is_test(&service.name))
    }
}

fn is_test(name: &str) -> bool {
    TESTS.contains(&name.to_ascii_lowercase().as_str())
}

fn parse(text: &str) -> Option<Vec<ComposeService>> {
    if yaml_nests_too_deep(text) {
        return None;
    }
    let documents = Yaml::load_from_str(text).ok()?;
    let services = documents
        .first()?
        .as_mapping_get("services")?
        .as_mapping()?;
    let services = services.iter().filter_map(|(name, service)| {
        let texts = |key: &str| {
            let items = service
                .as_mapping_get(key)
                .and_then(|items| items.as_sequence());
            items.into_iter().flatten()
        };
        Some(ComposeService {
            name: name.as_str()?.to_owned(),
            is_built: service.as_mapping_get("build").is_some(),
            has_health_check: service.as_mapping_get("healthcheck").is_some(),
            port: texts("ports").find_map(published),
            profiles: texts("profiles")
                .filter_map(|profile| Some(profile.as_str()?.to_owned()))
                .collect(),
        })
    });
    Some(services.collect())
}

/// The port of this host in `8000:80`, `127.0.0.1:8000:80/tcp`, `"${PORT:-8000}:80"` or `{published: 8000, …}`.
fn published(port: &Yaml<'_>) -> Option<u16> {
    if let Some(published) = port.as_mapping_get("published") {
        let number = published
            .as_integer()
            .and_then(|port| u16::try_from(port).ok());
        return number.or_else(|| published.as_str()?.parse().ok());
    }
    let text = with_defaults(port.as_str()?)?;
    let text = text.split('/').next()?;
    let mut parts = text.rsplit(':');
    let _container = parts.next()?;
    parts.next()?.parse().ok()
}

/// The text with `${NAME:-default}` replaced; nothing where a variable has no default.
fn with_defaults(text: &str) -> Option<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (variable, after) = after.split_once('}')?;
        let (_, default) = variable.split_once('-')?;
        filled.push_str(before);
        filled.push_str(default);
        rest = after;
    }
    filled.push_str(rest);
    (!filled.contains('$')).then_some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_read_in_each_of_their_forms() {
        let text = "\
services:
  web:
    build: .
    ports: [\"127.0.0.1:8080:80/tcp\"]
  api:
    build: {context: .}
    ports: [\"${PORT:-9000}:80\"]
    healthcheck: {test: x}
  long:
    image: x
    ports: [{target: 80, published: 7000}]
  hidden:
    image: x
    ports: [\"80\", \"${P}:80\"]
  tests:
    build: .
    profiles: [tests]
";
        let services = parse(text).unwrap();
        let ports: Vec<Option<u16>> = services.iter().map(|service| service.port).collect();
        assert_eq!(ports, [Some(8080), Some(9000), Some(7000), None, None]);
        let mut file = ComposeFile {
            files: vec![NAMES[0]],
            services,
        };
        file.add(parse("services: {hidden: {ports: ['6000:80']}, more: {build: .}}").unwrap());
        assert_eq!(file.services[3].port, Some(6000));
        let built: Vec<&str> = file.built().map(|service| service.name.as_str()).collect();
        assert_eq!(built, ["web", "api", "more"]);
        assert_eq!(file.test_service().unwrap().profiles, ["tests"]);
        assert_eq!(parse(&"- ".repeat(200_000)), None);
        assert_eq!(parse("services: ["), None);
        assert_eq!(parse("- a"), None);
    }

    #[test]
    fn a_second_file_adds_whatever_it_says() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| swath_test::write_file(folder.path().join(name), text);
        write("compose.yml", "services: {web: {build: .}}");
        // Compose takes `.yml` of these before `.yaml`, and reads no more than one.
        write("compose.override.yml", "volumes: {data: {}}");
        write("compose.override.yaml", "services: {other: {build: .}}");
        let found = ComposeFile::find(&Project::new(folder.path())).unwrap();
        assert_eq!(found.files, ["compose.yml", "compose.override.yml"]);
        assert_eq!(found.built().count(), 1, "{found:?}");
    }
}
