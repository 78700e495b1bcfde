//! Tells the build script of `swath-agent` where this crate's source is.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let folder = env!("CARGO_MANIFEST_DIR");
    println!("cargo::metadata=source={folder}/src/lib.rs");
}
