//! Pythons that run a tool's own files, which nothing in scope is part of: what builds and installs
//! packages, and what asks an interpreter who it is.

use crate::command_line::{PythonCommand, PythonSubject, base_name};

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

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert!(is_tool(&words(line)), "{line}");
        }
        for line in [
            "python app.py pip",
            "python -I serve.py",
            "python -m shop",
            "python -I -c pass",
            "python shop/__main__.py",
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
