//! What the tests and xtask share: interpreters, virtual environments, processes that end with
//! their test, conditions with limits, named skips and recorded figures.
//!
//! Nothing here belongs in a shipped binary: the crate is a dev-dependency of the others.

mod browser;
mod clean_root;
mod compose;
mod debootstrap;
mod example;
mod figure;
mod finished;
mod git;
mod guard;
mod http_request;
mod image;
mod installer;
mod judge;
mod markdown;
mod marked;
mod port;
mod program;
mod python;
mod random;
mod recipe;
mod rights;
mod sdist;
mod skip;
mod swarm_engine;
mod turn;
mod venv;
mod wait;
mod workspace;

pub use browser::{Browser, BrowserSettings};
pub use clean_root::{CleanRoot, RUST_OF_DEBIAN, Recipe};
pub use compose::{COMPOSE_SUITES, Compose, compose_folder, composes, composes_for};
pub use debootstrap::debootstrap;
pub use example::{
    Example, copy_example, coverage_requirements, coverage_requirements_of, example_requirements,
};
pub use figure::{Figure, read_figures, record_figure};
pub use finished::{Finished, LIMIT, finish, finish_within};
pub use git::GitRepository;
pub use guard::{Guard, Signal};
pub use http_request::HttpRequest;
pub use image::{base_image, base_image_with, engine, image_python};
pub use installer::pip_python;
pub use judge::{coverage_for_3_8, coverage_for_3_10};
pub use markdown::{Step, console_commands, documentation, is_as_shown, steady, steps};
pub use marked::{MarkedLines, SeenLines};
pub use port::free_port;
pub use program::{Draft, Place, ProgramWriter};
pub use python::{
    Build, NOBODY, Python, builds, is_left_out, newest_python, python, python_build,
    python_of_everybody, pythons, tell_pythons,
};
pub(crate) use random::count_is_said;
pub use random::{Random, case_count, seed};
pub use recipe::{FileLines, coverage_lines, measure_by_hand};
pub use rights::{can_mount, is_root};
pub use sdist::unpack_sources;
pub use skip::{Skip, read_skips, skip, skip_file};
pub use swarm_engine::SwarmEngine;
pub use turn::take_turn;
pub use venv::{Requirements, Venv, forget_failures, venv};
pub use wait::{wait_for, wait_until};
pub use workspace::{Scale, scale, target_dir, temp_dir, workspace_root, write_file};
