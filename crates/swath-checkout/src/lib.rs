//! Files of a checkout: walking them, reading them from folders and archives, finding where a path
//! of another place lies among them, and writing files safely.
//!
//! What is read may have been put there by somebody else, so only regular files are read, without
//! waiting and up to a limit. What is written is complete or not there. Folders that hold what is
//! nobody else's business are this user's alone, and are removed only if they prove to be swath's
//! own. What `/proc` shows of processes is read here, and when to look
//! is known. Other programs are asked short questions, with
//! a limit of time; YAML is asked how deep it nests before it is read. This crate knows no data
//! format and no settings.

mod archive;
mod asked_program;
mod looks;
mod new_file;
mod opened_files;
mod owner;
mod pipe_or_device;
mod place_map;
mod private_folder;
mod process_files;
mod process_stat;
mod regular_file;
mod source_roots;
mod source_text;
mod walk;
mod yaml_depth;

pub use asked_program::{Answer, AskError, ask_program, is_asked};
pub use looks::Looks;
pub use new_file::{
    NewFile, check_folder_writable, check_writable, write_file, write_private_file,
};
pub use opened_files::OpenedFiles;
pub use owner::{Life, Owner};
pub use pipe_or_device::{PipeOrDevice, is_pipe_or_device};
pub use place_map::{Checkout, Mapped, PlaceMap, normal_path};
pub use private_folder::{OwnedFolder, create_private_file, private_folder};
pub use process_files::{all_pids, arguments_of, environment_of, variable, whole_environment_of};
pub use process_stat::ProcessStat;
pub use regular_file::{Links, open_regular, read_regular};
pub use source_roots::SourceRoots;
pub use source_text::{read_source, source_exists};
pub use walk::{Walk, importable_files, is_source};
pub use yaml_depth::yaml_nests_too_deep;
