//! Reports: the model in, named pieces of bytes out.

mod markdown;
mod natural_order;
mod printable;
mod text;

pub use text::{TextError, TextFormat, TextOptions, render_text};
