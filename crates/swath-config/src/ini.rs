//! Ini files, by the rules of Python's `configparser` without interpolation.

use std::collections::HashMap;
use std::fmt::Write as _;

use swath_pattern::python_repr;

use crate::environment::Environment;
use crate::error::OptionError;
use crate::python_text::{is_space, parse_float, parse_int, split_lines, strip};
use crate::settings::{Settings, check_regexes};
use crate::substitution::{expand_user, substitute};

/// The section whose options every other section has too.
const DEFAULT: &str = "DEFAULT";

/// A parsed ini file.
#[derive(Debug, Default)]
pub(crate) struct Ini {
    sections: Vec<Section>,
    /// Where in `sections` a name is.
    places: HashMap<String, usize>,
    defaults: Section,
}

#[derive(Debug, Default)]
struct Section {
    name: String,
    options: Vec<IniOption>,
    /// Where in `options` a name is.
    places: HashMap<String, usize>,
}

#[derive(Debug)]
struct IniOption {
    name: String,
    value: String,
}

impl Section {
    fn value(&self, name: &str) -> Option<&str> {
        Some(&self.options[*self.places.get(name)?].value)
    }
}

impl Ini {
    /// Parses `text`; `file` is how the file is named in errors.
    pub(crate) fn parse(text: &str, file: &str) -> Result<Self, String> {
        let mut parser = Parser {
            file,
            ini: Self::default(),
            current: None,
            option: None,
            indent: 0,
            errors: String::new(),
        };
        for (index, line) in text.split_inclusive('\n').enumerate() {
            parser.line(index + 1, line)?;
        }
        if !parser.errors.is_empty() {
            let file = python_repr(file);
            return Err(format!(
                "Source contains parsing errors: {file}{}",
                parser.errors
            ));
        }
        let mut ini = parser.ini;
        for section in ini.sections.iter_mut().chain([&mut ini.defaults]) {
            for option in &mut section.options {
                let length = option.value.trim_end_matches(is_space).len();
                option.value.truncate(length);
            }
        }
        Ok(ini)
    }

    fn section(&self, name: &str) -> Option<&Section> {
        Some(&self.sections[*self.places.get(name)?])
    }
}

/// Where the parser is.
#[derive(Clone, Copy)]
enum Place {
    Defaults,
    Section(usize),
}

struct Parser<'a> {
    file: &'a str,
    ini: Ini,
    current: Option<Place>,
    /// The option that a deeper indented line continues.
    option: Option<usize>,
    indent: usize,
    /// What is wrong with single lines; the rest is still parsed.
    errors: String,
}

impl Parser<'_> {
    fn line(&mut self, number: usize, line: &str) -> Result<(), String> {
        let clean = strip(line);
        if clean.starts_with(['#', ';']) {
            return Ok(());
        }
        if clean.is_empty() {
            self.continue_value("");
            return Ok(());
        }
        let indent = line.chars().take_while(|c| is_space(*c)).count();
        if self.option.is_some() && indent > self.indent {
            self.continue_value(clean);
            return Ok(());
        }
        self.indent = indent;
        if let Some(header) = section_header(clean) {
            return self.header(number, header);
        }
        match self.current {
            None => Err(format!(
                "File contains no section headers.\nfile: {}, line: {number}\n{}",
                python_repr(self.file),
                python_repr(line)
            )),
            Some(place) => self.option(number, line, clean, place),
        }
    }

    fn section_mut(&mut self, place: Place) -> &mut Section {
        match place {
            Place::Section(index) => &mut self.ini.sections[index],
            Place::Defaults => &mut self.ini.defaults,
        }
    }

    fn continue_value(&mut self, text: &str) {
        let (Some(place), Some(option)) = (self.current, self.option) else {
            return;
        };
        let value = &mut self.section_mut(place).options[option].value;
        value.push('\n');
        value.push_str(text);
    }

    fn header(&mut self, number: usize, name: &str) -> Result<(), String> {
        self.option = None;
        if name == DEFAULT {
            self.current = Some(Place::Defaults);
            return Ok(());
        }
        if self.ini.section(name).is_some() {
            return Err(format!(
                "While reading from {} [line {number:2}]: section {} already exists",
                python_repr(self.file),
                python_repr(name)
            ));
        }
        let place = self.ini.sections.len();
        self.current = Some(Place::Section(place));
        self.ini.places.insert(name.to_owned(), place);
        self.ini.sections.push(Section {
            name: name.to_owned(),
            ..Section::default()
        });
        Ok(())
    }

    fn option(
        &mut self,
        number: usize,
        line: &str,
        clean: &str,
        place: Place,
    ) -> Result<(), String> {
        let split = clean.split_once(['=', ':']);
        if split.is_none_or(|(name, _)| strip(name).is_empty()) {
            // Writing to a string cannot fail.
            let _ = write!(self.errors, "\n\t[line {number:2}]: {}", python_repr(line));
        }
        let Some((name, value)) = split else {
            return Ok(());
        };
        let name = strip(name).to_lowercase();
        let file = self.file;
        let section = self.section_mut(place);
        if section.value(&name).is_some() {
            let section = match place {
                Place::Defaults => DEFAULT,
                Place::Section(_) => &section.name,
            };
            return Err(format!(
                "While reading from {} [line {number:2}]: option {} in section {} already exists",
                python_repr(file),
                python_repr(&name),
                python_repr(section)
            ));
        }
        // An option without a name is not continued.
        let place = section.options.len();
        let continued = (!name.is_empty()).then_some(place);
        section.places.insert(name.clone(), place);
        section.options.push(IniOption {
            name,
            value: strip(value).to_owned(),
        });
        self.option = continued;
        Ok(())
    }
}

/// The name in `[name]`, up to the last bracket.
fn section_header(clean: &str) -> Option<&str> {
    let inside = clean.strip_prefix('[')?;
    let name = &inside[..inside.rfind(']')?];
    (!name.is_empty()).then_some(name)
}

/// An ini file whose sections may be prefixed with `coverage:`.
pub(crate) struct IniSettings<'e> {
    ini: Ini,
    prefixes: &'static [&'static str],
    environment: &'e dyn Environment,
}

impl<'e> IniSettings<'e> {
    /// `own` says whether the file belongs to coverage.py: then its sections need no prefix.
    pub(crate) fn new(ini: Ini, own: bool, environment: &'e dyn Environment) -> Self {
        Self {
            ini,
            prefixes: if own {
                &["coverage:", ""]
            } else {
                &["coverage:"]
            },
            environment,
        }
    }

    fn section(&self, section: &str) -> Option<&Section> {
        self.prefixes
            .iter()
            .find_map(|prefix| self.ini.section(&format!("{prefix}{section}")))
    }

    fn raw(&self, section: &str, option: &str) -> Option<&str> {
        let found = self.section(section)?;
        found
            .value(option)
            .or_else(|| self.ini.defaults.value(option))
    }
}

impl Settings for IniSettings<'_> {
    fn real_section(&self, section: &str) -> Option<String> {
        Some(self.section(section)?.name.clone())
    }

    fn has_option(&self, section: &str, option: &str) -> bool {
        self.raw(section, option).is_some()
    }

    fn options(&self, section: &str) -> Vec<String> {
        let Some(section) = self.section(section) else {
            return Vec::new();
        };
        let own = section.options.iter();
        let others = self.ini.defaults.options.iter();
        let others = others.filter(|option| !section.places.contains_key(&option.name));
        own.chain(others)
            .map(|option| option.name.clone())
            .collect()
    }

    fn text(&self, section: &str, option: &str) -> Result<String, OptionError> {
        let raw = self.raw(section, option).unwrap_or_default();
        Ok(substitute(raw, self.environment)?)
    }

    fn boolean(&self, section: &str, option: &str) -> Result<bool, OptionError> {
        let text = self.text(section, option)?;
        match text.to_lowercase().as_str() {
            "1" | "yes" | "true" | "on" => Ok(true),
            "0" | "no" | "false" | "off" => Ok(false),
            _ => Err(OptionError::Value(format!("Not a boolean: {text}"))),
        }
    }

    fn integer(&self, section: &str, option: &str) -> Result<i64, OptionError> {
        let text = self.text(section, option)?;
        parse_int(&text).ok_or_else(|| {
            let shown = python_repr(&text);
            OptionError::Value(format!("invalid literal for int() with base 10: {shown}"))
        })
    }

    fn float(&self, section: &str, option: &str) -> Result<f64, OptionError> {
        let text = self.text(section, option)?;
        parse_float(&text).ok_or_else(|| {
            let shown = python_repr(&text);
            OptionError::Value(format!("could not convert string to float: {shown}"))
        })
    }

    fn file(&self, section: &str, option: &str) -> Result<String, OptionError> {
        Ok(expand_user(&self.text(section, option)?, self.environment))
    }

    fn list(&self, section: &str, option: &str) -> Result<Vec<String>, OptionError> {
        let text = self.text(section, option)?;
        let items = text.split(['\n', ',']).map(strip);
        Ok(items
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect())
    }

    fn regexes(&self, section: &str, option: &str) -> Result<Vec<String>, OptionError> {
        let text = self.text(section, option)?;
        check_regexes(section, option, split_lines(&text))
    }

    fn plugin_section(&self, section: &str) -> Result<toml::Table, OptionError> {
        let mut table = toml::Table::new();
        for option in self.options(section) {
            let value = self.text(section, &option)?;
            table.insert(option, toml::Value::String(value));
        }
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, section: &str, option: &str) -> Option<String> {
        let ini = Ini::parse(text, "f").unwrap();
        Some(ini.section(section)?.value(option)?.to_owned())
    }

    #[test]
    fn values_continue_on_deeper_lines() {
        let text = "[run]\nomit =\n    a\n\n  # no\n    b ; c\nBranch: on\n";
        assert_eq!(value(text, "run", "omit").unwrap(), "\na\n\nb ; c");
        assert_eq!(value(text, "run", "branch").unwrap(), "on");
        let indented = "[run]\n  a = 1\n  b = 2\n";
        assert_eq!(value(indented, "run", "b").unwrap(), "2");
    }

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_configparser() {
        for (text, message) in [
            (
                "a = 1\n",
                "File contains no section headers.\nfile: 'f', line: 1\n'a = 1\\n'",
            ),
            (
                "[run]\na = 1\n[run]\n",
                "While reading from 'f' [line  3]: section 'run' already exists",
            ),
            (
                "[run]\na = 1\nA: 2\n",
                "While reading from 'f' [line  3]: option 'a' in section 'run' already exists",
            ),
            (
                "[run]\nfoo\n= 2\nbar",
                "Source contains parsing errors: 'f'\n\t[line  2]: 'foo\\n'\n\t[line  3]: '= 2\\n'\n\t[line  4]: 'bar'",
            ),
        ] {
            assert_eq!(Ini::parse(text, "f").unwrap_err(), message);
        }
    }
}
