//! `cargo xtask images`: the base images of the containers in the tests.

use std::process::ExitCode;

use swath_test::{base_image, image_python};

/// Makes the base image, if the engine does not have it, and names it.
pub(crate) fn run() -> ExitCode {
    let Some(python) = image_python() else {
        eprintln!("no CPython was found that an image can be made of");
        return ExitCode::FAILURE;
    };
    match base_image(python, "cargo xtask images") {
        Some(tag) => {
            println!("{}  {tag}", python.tag());
            ExitCode::SUCCESS
        }
        None => ExitCode::FAILURE,
    }
}
