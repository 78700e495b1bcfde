//! The settings as `coverage debug config` lists them.

use swath_pattern::python_repr;

use crate::CoverageConfig;
use crate::options::{OPTIONS, Slot};
use crate::python_text::float_repr;
use crate::toml_value::table_repr;

/// A setting as text: one value or several, each on a line of its own.
enum Shown {
    One(String),
    Many(Vec<String>),
}

/// The lines of `coverage debug config`, header included.
#[must_use]
pub fn debug_config(config: &CoverageConfig) -> Vec<String> {
    let mut settings = attributes(config);
    // coverage.py sorts as people do; no name has a number in it, so that is the plain order.
    settings.sort_by_key(|(name, _)| *name);
    let mut lines = vec![format!("--{:-<60}", " config ")];
    for (name, shown) in settings {
        match shown {
            Shown::One(value) => lines.push(format!(" {name:>30}: {value}")),
            Shown::Many(values) if values.is_empty() => {
                lines.push(format!(" {name:>30}: -none-"));
            }
            Shown::Many(values) => {
                for (index, value) in values.iter().enumerate() {
                    if index == 0 {
                        lines.push(format!(" {name:>30}: {value}"));
                    } else {
                        lines.push(format!(" {:32}{value}", ""));
                    }
                }
            }
        }
    }
    lines
}

fn attributes(config: &CoverageConfig) -> Vec<(&'static str, Shown)> {
    // The table of options hands out places to write to.
    let mut copy = config.clone();
    let mut shown: Vec<(&'static str, Shown)> = OPTIONS
        .iter()
        .filter(|option| !option.attribute.starts_with('_'))
        .map(|option| (option.attribute, show(option.slot, &mut copy)))
        .collect();
    let lists: Vec<String> = config
        .paths
        .iter()
        .map(|(name, list)| {
            let items: Vec<String> = list.iter().map(|item| python_repr(item)).collect();
            format!("{}: [{}]", python_repr(name), items.join(", "))
        })
        .collect();
    let plugins: Vec<String> = config
        .plugin_options
        .iter()
        .map(|(name, options)| format!("{}: {}", python_repr(name), table_repr(options)))
        .collect();
    shown.extend([
        (
            "config_files_attempted",
            Shown::Many(config.config_files_attempted.clone()),
        ),
        (
            "config_files_read",
            Shown::Many(config.config_files_read.clone()),
        ),
        ("config_file", optional(config.config_file.as_deref())),
        ("paths", Shown::One(format!("{{{}}}", lists.join(", ")))),
        (
            "plugin_options",
            Shown::One(format!("{{{}}}", plugins.join(", "))),
        ),
    ]);
    shown
}

fn show(slot: Slot, config: &mut CoverageConfig) -> Shown {
    let boolean = |value: bool| if value { "True" } else { "False" };
    match slot {
        Slot::Boolean(field) => Shown::One(boolean(*field(config)).to_owned()),
        Slot::OptionalBoolean(field) => optional(field(config).map(boolean)),
        Slot::Text(field) | Slot::File(field) => Shown::One(field(config).clone()),
        Slot::OptionalText(field) | Slot::OptionalFile(field) => optional(field(config).as_deref()),
        Slot::List(field) | Slot::Regexes(field) => Shown::Many(field(config).clone()),
        Slot::OptionalList(field) => match field(config) {
            Some(list) => Shown::Many(list.clone()),
            None => optional(None),
        },
        Slot::Integer(field) => Shown::One(field(config).to_string()),
        Slot::Float(field) => Shown::One(float_repr(*field(config))),
    }
}

fn optional(value: Option<&str>) -> Shown {
    Shown::One(value.unwrap_or("None").to_owned())
}
