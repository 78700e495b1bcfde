//! Every option of coverage.py: its place in a file, its attribute and its type.

use crate::CoverageConfig;
use crate::error::OptionError;
use crate::settings::Settings;

/// Access to an attribute of a configuration.
type Field<T> = fn(&mut CoverageConfig) -> &mut T;

/// The attribute that holds an option, by type.
#[derive(Clone, Copy)]
pub(crate) enum Slot {
    Boolean(Field<bool>),
    OptionalBoolean(Field<Option<bool>>),
    Text(Field<String>),
    OptionalText(Field<Option<String>>),
    File(Field<String>),
    OptionalFile(Field<Option<String>>),
    List(Field<Vec<String>>),
    OptionalList(Field<Option<Vec<String>>>),
    Regexes(Field<Vec<String>>),
    Integer(Field<i64>),
    Float(Field<f64>),
}

/// An option of coverage.py.
pub(crate) struct CoverageOption {
    /// coverage.py's own name of the attribute.
    pub(crate) attribute: &'static str,
    pub(crate) section: &'static str,
    pub(crate) name: &'static str,
    pub(crate) slot: Slot,
}

/// The sections, in the order in which unknown options are looked for.
pub(crate) const SECTIONS: [&str; 6] = ["run", "report", "html", "xml", "json", "lcov"];

macro_rules! options {
    ($($section:literal { $($name:literal $attribute:literal $slot:ident $field:ident;)* })*) => {
        /// All options, in coverage.py's order, which decides the error that is reported first.
        pub(crate) const OPTIONS: &[CoverageOption] = &[$($(
            CoverageOption {
                attribute: $attribute,
                section: $section,
                name: $name,
                slot: Slot::$slot(|config| &mut config.$field),
            },
        )*)*];
    };
}

options! {
    "run" {
        "branch" "branch" Boolean branch;
        "command_line" "command_line" OptionalText command_line;
        "concurrency" "concurrency" List concurrency;
        "context" "context" OptionalText context;
        "core" "core" OptionalText core;
        "cover_pylib" "cover_pylib" Boolean cover_pylib;
        "data_file" "data_file" File data_file;
        "debug" "debug" List debug;
        "debug_file" "debug_file" OptionalFile debug_file;
        "disable_warnings" "disable_warnings" List disable_warnings;
        "dynamic_context" "dynamic_context" OptionalText dynamic_context;
        "parallel" "parallel" Boolean parallel;
        "patch" "patch" List patch;
        "plugins" "plugins" List plugins;
        "relative_files" "relative_files" Boolean relative_files;
        "include" "run_include" List run_include;
        "omit" "run_omit" List run_omit;
        "sigterm" "sigterm" Boolean sigterm;
        "source" "source" OptionalList source;
        "source_pkgs" "source_pkgs" List source_pkgs;
        "source_dirs" "source_dirs" List source_dirs;
        "timid" "timid" Boolean timid;
        "_crash" "_crash" OptionalText crash;
    }
    "report" {
        "exclude_lines" "exclude_list" Regexes exclude_list;
        "exclude_also" "exclude_also" Regexes exclude_also;
        "fail_under" "fail_under" Float fail_under;
        "format" "format" OptionalText format;
        "ignore_errors" "ignore_errors" Boolean ignore_errors;
        "include_namespace_packages" "include_namespace_packages" Boolean include_namespace_packages;
        "partial_branches_always" "partial_always_list" Regexes partial_always_list;
        "partial_branches" "partial_list" Regexes partial_list;
        "partial_also" "partial_also" Regexes partial_also;
        "precision" "precision" Integer precision;
        "contexts" "report_contexts" OptionalList report_contexts;
        "include" "report_include" OptionalList report_include;
        "omit" "report_omit" OptionalList report_omit;
        "show_missing" "show_missing" Boolean show_missing;
        "skip_covered" "skip_covered" Boolean skip_covered;
        "skip_empty" "skip_empty" Boolean skip_empty;
        "sort" "sort" OptionalText sort;
    }
    "html" {
        "extra_css" "extra_css" OptionalText extra_css;
        "directory" "html_dir" File html_dir;
        "skip_covered" "html_skip_covered" OptionalBoolean html_skip_covered;
        "skip_empty" "html_skip_empty" OptionalBoolean html_skip_empty;
        "title" "html_title" Text html_title;
        "show_contexts" "show_contexts" Boolean show_contexts;
    }
    "xml" {
        "output" "xml_output" File xml_output;
        "package_depth" "xml_package_depth" Integer xml_package_depth;
    }
    "json" {
        "output" "json_output" File json_output;
        "pretty_print" "json_pretty_print" Boolean json_pretty_print;
        "show_contexts" "json_show_contexts" Boolean json_show_contexts;
    }
    "lcov" {
        "output" "lcov_output" File lcov_output;
        "line_checksums" "lcov_line_checksums" Boolean lcov_line_checksums;
    }
}

impl CoverageOption {
    /// Sets the attribute from `settings`, if the option is there; whether it is.
    pub(crate) fn read(
        &self,
        config: &mut CoverageConfig,
        settings: &dyn Settings,
    ) -> Result<bool, OptionError> {
        let (section, name) = (self.section, self.name);
        if !settings.has_option(section, name) {
            return Ok(false);
        }
        match self.slot {
            Slot::Boolean(field) => *field(config) = settings.boolean(section, name)?,
            Slot::OptionalBoolean(field) => {
                *field(config) = Some(settings.boolean(section, name)?);
            }
            Slot::Text(field) => *field(config) = settings.text(section, name)?,
            Slot::OptionalText(field) => *field(config) = Some(settings.text(section, name)?),
            Slot::File(field) => *field(config) = settings.file(section, name)?,
            Slot::OptionalFile(field) => *field(config) = Some(settings.file(section, name)?),
            Slot::List(field) => *field(config) = settings.list(section, name)?,
            Slot::OptionalList(field) => *field(config) = Some(settings.list(section, name)?),
            Slot::Regexes(field) => *field(config) = settings.regexes(section, name)?,
            Slot::Integer(field) => *field(config) = settings.integer(section, name)?,
            Slot::Float(field) => *field(config) = settings.float(section, name)?,
        }
        Ok(true)
    }
}

/// Whether coverage.py knows this option.
pub(crate) fn is_known(section: &str, name: &str) -> bool {
    OPTIONS
        .iter()
        .any(|option| option.section == section && option.name == name)
}
