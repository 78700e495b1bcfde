//! Pythons that run a tool's own files, which nothing in scope is part of: what builds and installs
//! packages, and what asks an interpreter who it is.

use std::path::{Path, PathBuf};

use swath_scope::installed_part;

use crate::command_line::{PythonCommand, PythonSubject, base_name};
use crate::installed_copy::OwnPackages;
use crate::request::Scope;

/// Modules that install, build and make environments.
const MODULES: [&str; 7] = [
    "pip",
    "ensurepip",
    "venv",
    "virtualenv",
    "build",
    "pyproject_hooks",
    "installer",
];
/// The script by which tox asks a project's build backend, in its package.
const BACKEND: &str = "pyproject_api/_backend.py";
/// Scripts that such tools start by their path.
const SCRIPTS: [&str; 7] = [
    "__pip-runner__.py",
    "_in_process.py",
    "get-pip.py",
    "get_interpreter_info.py",
    "py_info.py",
    "_py_info_collect.py",
    "get_platform.py",
];

/// Whether a Python's command line is that of such a tool.
pub(crate) fn is_tool(arguments: &[String]) -> bool {
    match PythonCommand::parse(arguments).subject {
        PythonSubject::Module(name) => {
            let package = name.split('.').next().unwrap_or_default();
            MODULES.contains(&package)
        }
        PythonSubject::Script(path) => {
            let folder = path.rsplit('/').nth(1).unwrap_or_default();
            let name = base_name(&path);
            SCRIPTS.contains(&name)
                || Path::new(&path).ends_with(BACKEND)
                // `…/bin/pip3.12`.
                || matches!(without_version(name), "pip" | "virtualenv")
                || (name == "__main__.py" && MODULES.contains(&folder))
        }
        PythonSubject::Code(code) => is_build_of_pip(&code),
        PythonSubject::Interactive => false,
    }
}

fn without_version(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')
}

/// pip starts `setup.py` of an old project by code of its own.
fn is_build_of_pip(code: &str) -> bool {
    code.contains("setuptools") && code.contains("__file__") && code.contains("setup.py")
}

/// What is measured, as far as a tool's name can stand for it.
pub(crate) struct OwnCode<'a> {
    packages: OwnPackages,
    scope: &'a Scope,
    /// Where the run was started.
    folder: &'a Path,
}

impl OwnCode<'_> {
    pub(crate) fn of<'a>(scope: &'a Scope, folder: &'a Path) -> OwnCode<'a> {
        OwnCode {
            packages: OwnPackages::of(scope, folder),
            scope,
            folder,
        }
    }

    /// Whether a Python's command line runs a module or a script of it.
    pub(crate) fn is_run_by(&self, arguments: &[String]) -> bool {
        match PythonCommand::parse(arguments).subject {
            PythonSubject::Module(name) => self.has_module(&name),
            PythonSubject::Script(path) => self.has_script(Path::new(&path)),
            PythonSubject::Code(_) | PythonSubject::Interactive => false,
        }
    }

    fn has_module(&self, name: &str) -> bool {
        let package = name.split('.').next().unwrap_or(name);
        let is_named = |own: &str| own.split('.').next() == Some(package);
        let file = format!("{package}.py");
        self.packages
            .paths()
            .any(|path| path.split('/').next() == Some(package))
            || self.scope.source_packages.iter().any(|own| is_named(own))
            || self.folders().any(|folder| folder.join(&file).is_file())
    }

    fn has_script(&self, path: &Path) -> bool {
        let path = self.folder.join(path);
        let is_installed = installed_part(path.as_os_str().as_encoded_bytes()).is_some()
            // `…/bin/pip`, beside `…/bin/python`.
            || path.with_file_name("python").exists();
        !is_installed && self.folders().any(|folder| path.starts_with(folder))
    }

    fn folders(&self) -> impl Iterator<Item = PathBuf> {
        let named = self.scope.source_folders.iter().cloned();
        let none = self.scope.source_folders.is_empty() && self.scope.source_packages.is_empty();
        named.chain(none.then(|| self.folder.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_is_no_tool_whatever_its_name() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let project = tempfile::tempdir().unwrap();
        for file in [
            "src/installer/__init__.py",
            "venv.py",
            "tools/py_info.py",
            "build/lib/shop.py",
            ".venv/bin/pip",
            ".venv/bin/python",
            ".venv/lib/python3.12/site-packages/pip/__main__.py",
        ] {
            swath_test::write_file(project.path().join(file), "");
        }
        let of_packages = Scope {
            source_packages: vec!["pip.own".to_owned()],
            ..Scope::default()
        };
        let own =
            |scope: &Scope, line: &str| OwnCode::of(scope, project.path()).is_run_by(&words(line));
        let everything = Scope::default();
        for line in [
            "python -I -m installer",
            "python -m venv x",
            "python tools/py_info.py",
        ] {
            assert!(own(&everything, line), "{line}");
            assert!(!own(&of_packages, line), "{line}");
        }
        for line in [
            "python -m build",
            "python -m pip install .",
            "python .venv/bin/pip install .",
            "python .venv/lib/python3.12/site-packages/pip/__main__.py",
            "python -c pass",
        ] {
            assert!(!own(&everything, line), "{line}");
        }
        assert!(own(&of_packages, "python -m pip.own.x"));
    }

    #[test]
    fn tools_are_told_from_programs() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for line in [
            "python -m pip install .",
            "/v/bin/python -Im ensurepip --upgrade",
            "/v/bin/python3 /v/bin/pip3.12 wheel .",
            "python /tmp/pip-standalone/__pip-runner__.py install --prefix x",
            "python /v/lib/site-packages/pip/__main__.py list",
            "python /v/pip/_vendor/pyproject_hooks/_in_process/_in_process.py build_wheel /tmp/x",
            "python -I -B /cache/uv/get_interpreter_info.py",
            "python -I /v/virtualenv/discovery/py_info.py",
            "python /v/site-packages/python_discovery/_py_info_collect.py e091 bc20",
            "python /p/.tox/.pkg/lib/site-packages/pyproject_api/_backend.py True setuptools",
        ] {
            assert!(is_tool(&words(line)), "{line}");
        }
        for line in [
            "python app.py pip",
            "python -I serve.py",
            "python -m shop",
            "python -I -c pass",
            "python shop/__main__.py",
            "python shop/_backend.py",
        ] {
            assert!(!is_tool(&words(line)), "{line}");
        }
        let code = "exec(compile('''import setuptools; __file__ = \"/p/setup.py\"'''))";
        assert!(is_tool(&[
            "python".to_owned(),
            "-c".to_owned(),
            code.to_owned()
        ]));
    }
}
