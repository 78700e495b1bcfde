//! Development commands: `cargo xtask help` lists them.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program for developers, without machine-readable output"
)]

mod apt;
mod bench;
mod built_pythons;
mod cargo;
mod check;
mod compose;
mod demo;
mod dist;
mod docs;
mod generate;
mod images;
mod licence;
mod proofs;
mod pythons;
mod recipe;
mod rootfs;
mod schema_page;
mod screenshots;
mod suite;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Everything a person does while developing swath.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Check format, lints, generated files, structure and licences
    Check(check::Options),
    /// Run every test, sampled where the whole takes long; makes what the tests need
    Test(suite::Options),
    /// Run every test in full and write docs/proofs.md
    Prove(suite::Options),
    /// Build swath and run the example's system tests under it
    Demo(demo::Options),
    /// Make wheels, archives and source packages under target/dist, as a release has them
    Dist(dist::Options),
    /// Make the documentation a site under target/docs
    Docs,
    /// Measure what measuring costs, and write docs/benchmarks.md
    Bench(bench::Options),
    /// Write the generated files; with --check, say which are out of date
    Gen(generate::Options),
    /// List the interpreters that the tests use
    Pythons,
    /// Make the base images of the containers in the tests
    Images,
    /// Fetch newer Composes and image builders under target/compose
    Compose,
    /// Make a root file system with the newest Pythons under target/rootfs
    Rootfs,
    /// Build Pythons that no distribution has under target/pythons: without a GIL, for debugging
    BuiltPythons,
    /// Measure the example by hand with coverage.py, several times, and compare
    Recipe(recipe::Options),
    /// Take pictures of the HTML report into docs/images
    Screenshots(screenshots::Options),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().verb {
        Verb::Check(options) => Ok(check::run(&options)),
        Verb::Test(options) => suite::test(&options),
        Verb::Prove(options) => suite::prove(&options),
        Verb::Demo(options) => demo::run(&options),
        Verb::Dist(options) => dist::run(&options),
        Verb::Docs => docs::run(),
        Verb::Bench(options) => bench::run(&options),
        Verb::Gen(options) => generate::run(&options),
        Verb::Pythons => Ok(pythons::run()),
        Verb::Images => Ok(images::run()),
        Verb::Compose => Ok(compose::run()),
        Verb::Rootfs => Ok(rootfs::run()),
        Verb::BuiltPythons => Ok(built_pythons::run()),
        Verb::Screenshots(options) => screenshots::run(&options),
        Verb::Recipe(options) => recipe::run(&options),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
