//! What the verbs that rewrite manifests and stack files have in common.

use std::io::{self, Read};
use std::path::Path;

use swath_checkout::{Links, open_regular};
use swath_manifest::{AgentOrder, Input};
use swath_model::Message;
use swath_run::{SettingsOverrides, own_packages};

use super::run::load_settings;
use crate::diagnostic::Show as _;
use crate::progress::status;
use crate::reporting::current_folder;

/// The most that manifests may hold, in bytes; the store of a cluster takes far less of each.
const MOST: u64 = 64 << 20;
/// The most that the names of packages may take of a variable, in bytes.
const MOST_PACKAGES: usize = 32 << 10;

/// What the checkout here says that is recorded, and the options.
pub(crate) fn agent_order(branch: bool, attribution: bool) -> Result<AgentOrder, Message> {
    let folder = current_folder();
    let settings = load_settings(&SettingsOverrides::default(), None, &folder)?;
    Ok(AgentOrder {
        branch: branch || settings.config.branch,
        attribution,
        own_packages: packages(&folder),
    })
}

/// The packages of the checkout, as far as a variable holds them.
fn packages(folder: &Path) -> Vec<String> {
    let packages = own_packages(folder);
    if packages.iter().map(String::len).sum::<usize>() <= MOST_PACKAGES {
        return packages;
    }
    status(
        "Note",
        "this folder holds too many packages to be one project: what is installed in images is not measured",
    );
    Vec::new()
}

/// The text of a file, or of standard input.
pub(crate) fn read(path: &Path, input: Input) -> Result<String, Message> {
    let name = if path == Path::new("-") {
        match input {
            Input::Manifests => "standard input".to_owned(),
            Input::StackFile => "on standard input".to_owned(),
        }
    } else {
        format!("`{}`", path.display())
    };
    let bytes = if path == Path::new("-") {
        bounded(io::stdin().lock())
    } else {
        open_regular(path, Links::Follow).and_then(bounded)
    };
    let not_readable = |what: String| {
        let text = match input {
            Input::Manifests => format!("the manifests of {name} cannot be read: {what}"),
            Input::StackFile => format!("the stack file {name} cannot be read: {what}"),
        };
        Message::error("manifest-not-readable", text)
    };
    let bytes = bytes.map_err(|error| not_readable(error.to_string()))?;
    if bytes.len() as u64 > MOST {
        return Err(not_readable(format!("it is larger than {} MB", MOST >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| not_readable("it is not UTF-8".to_owned()))
}

fn bounded(input: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(MOST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// That a pattern of `--measure` chose nothing.
pub(crate) fn say_unused(glob: &str, input: Input) {
    let what = match input {
        Input::Manifests => "container",
        Input::StackFile => "service",
    };
    let text = format!("`--measure {glob}` matches no {what}");
    Message::warning("no-container-matches", text)
        .hint(input.pattern_advice().to_owned())
        .print();
}
