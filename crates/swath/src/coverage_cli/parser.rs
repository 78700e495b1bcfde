//! Command lines as Python's `optparse` reads them, options before arguments.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;

use swath_pattern::python_repr;

use super::choice::{Choice, Takes};
use super::verb::Verb;

/// The value of an option.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Said(bool),
    Text(String),
    Texts(Vec<String>),
    Integer(i64),
    Float(f64),
}

/// A command line: what was said, and the arguments behind it.
#[derive(Debug)]
pub(crate) struct Parsed {
    values: BTreeMap<&'static str, Value>,
    options: &'static [Choice],
    pub(crate) arguments: Vec<OsString>,
    /// Whether swath was started as coverage.py.
    pub(crate) as_coverage: bool,
}

impl Parsed {
    /// Whether a flag was given and not taken back.
    pub(crate) fn is_set(&self, key: &str) -> bool {
        self.said(key) == Some(true)
    }

    /// What a flag says; nothing if it was not given.
    pub(crate) fn said(&self, key: &str) -> Option<bool> {
        match self.values.get(key) {
            Some(Value::Said(said)) => Some(*said),
            _ => None,
        }
    }

    /// An option's text; nothing if it was not given.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.values.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The texts of an option that may be repeated.
    pub(crate) fn texts(&self, key: &str) -> &[String] {
        match self.values.get(key) {
            Some(Value::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// An option's items, which commas separate; nothing if there are none.
    pub(crate) fn list(&self, key: &str) -> Option<Vec<String>> {
        self.text(key)
            .filter(|text| !text.is_empty())
            .map(|text| text.split(',').map(str::to_owned).collect())
    }

    pub(crate) fn integer(&self, key: &str) -> Option<i64> {
        match self.values.get(key) {
            Some(Value::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn float(&self, key: &str) -> Option<f64> {
        match self.values.get(key) {
            Some(Value::Float(number)) => Some(*number),
            _ => None,
        }
    }

    /// The arguments as text.
    pub(crate) fn words(&self) -> Vec<String> {
        let words = self.arguments.iter();
        words
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }

    /// The options, each once and in full, for a parser of another kind.
    pub(crate) fn canonical(&self, leave_out: &[&str]) -> Vec<OsString> {
        let mut words = Vec::new();
        for option in self.options {
            let Some((long, value)) = option.long.zip(self.values.get(option.key)) else {
                continue;
            };
            if leave_out.contains(&option.key) {
                continue;
            }
            let word = match (value, option.takes) {
                (Value::Texts(texts), _) => {
                    words.extend(texts.iter().map(|text| format!("{long}={text}").into()));
                    continue;
                }
                (Value::Said(said), Takes::Nothing(says)) if *said == says => long.to_owned(),
                (Value::Said(_), _) => continue,
                // Lists and names that are empty are as good as not given.
                (Value::Text(text), _) if text.is_empty() && option.key != "rcfile" => continue,
                (Value::Text(text), _) => format!("{long}={text}"),
                (Value::Integer(number), _) => format!("{long}={number}"),
                (Value::Float(number), _) => format!("{long}={number}"),
            };
            words.push(word.into());
        }
        words
    }
}

/// Reads the words behind a verb; the error is `optparse`'s.
pub(super) fn parse(verb: &'static Verb, words: &[OsString]) -> Result<Parsed, String> {
    let mut parser = Parser {
        options: verb.options,
        words: words.iter().cloned().collect(),
        values: BTreeMap::new(),
    };
    while let Some(word) = parser.words.front() {
        let word = word.to_string_lossy().into_owned();
        if word == "--" {
            parser.words.pop_front();
            break;
        }
        if word.starts_with("--") {
            parser.words.pop_front();
            parser.long(&word)?;
        } else if word.starts_with('-') && word.len() > 1 {
            parser.words.pop_front();
            parser.short(&word)?;
        } else {
            break;
        }
    }
    Ok(Parsed {
        values: parser.values,
        options: verb.options,
        arguments: parser.words.into(),
        as_coverage: false,
    })
}

struct Parser {
    options: &'static [Choice],
    words: VecDeque<OsString>,
    values: BTreeMap<&'static str, Value>,
}

impl Parser {
    fn long(&mut self, word: &str) -> Result<(), String> {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let option = self.unabbreviated(name)?;
        let name = option.long.unwrap_or_default();
        if let Takes::Nothing(says) = option.takes {
            if value.is_some() {
                return Err(format!("{name} option does not take a value"));
            }
            self.values.insert(option.key, Value::Said(says));
            return Ok(());
        }
        let value = value.map(str::to_owned);
        let value = value.map_or_else(|| self.next_word(name), Ok)?;
        self.take(&option, name, value)
    }

    fn unabbreviated(&self, name: &str) -> Result<Choice, String> {
        let exact = self.options.iter().find(|option| option.long == Some(name));
        if let Some(option) = exact {
            return Ok(*option);
        }
        let mut possible: Vec<(&str, &Choice)> = self
            .options
            .iter()
            .filter(|option| !option.own)
            .filter_map(|option| Some((option.long?, option)))
            .filter(|(long, _)| long.starts_with(name))
            .collect();
        possible.sort_by_key(|(long, _)| *long);
        match possible.as_slice() {
            [] => Err(format!("no such option: {name}")),
            [(_, option)] => Ok(**option),
            _ => {
                let names: Vec<&str> = possible.iter().map(|(long, _)| *long).collect();
                Err(format!("ambiguous option: {name} ({}?)", names.join(", ")))
            }
        }
    }

    fn short(&mut self, word: &str) -> Result<(), String> {
        let mut letters = word.trim_start_matches('-').chars();
        while let Some(letter) = letters.next() {
            let name = format!("-{letter}");
            let option = self
                .options
                .iter()
                .find(|option| option.short == Some(letter));
            let option = *option.ok_or_else(|| format!("no such option: {name}"))?;
            if let Takes::Nothing(says) = option.takes {
                self.values.insert(option.key, Value::Said(says));
                continue;
            }
            let rest = letters.as_str();
            let value = if rest.is_empty() {
                self.next_word(&name)?
            } else {
                rest.to_owned()
            };
            return self.take(&option, &name, value);
        }
        Ok(())
    }

    fn next_word(&mut self, name: &str) -> Result<String, String> {
        let word = self.words.pop_front();
        word.map(|word| word.to_string_lossy().into_owned())
            .ok_or_else(|| format!("{name} option requires 1 argument"))
    }

    fn take(&mut self, option: &Choice, name: &str, text: String) -> Result<(), String> {
        let invalid = |kind: &str| {
            format!(
                "option {name}: invalid {kind} value: {}",
                python_repr(&text)
            )
        };
        let value = match option.takes {
            Takes::Nothing(says) => Value::Said(says),
            Takes::Text => Value::Text(text),
            Takes::Texts => {
                let known = self.values.entry(option.key);
                let known = known.or_insert_with(|| Value::Texts(Vec::new()));
                if let Value::Texts(texts) = known {
                    texts.push(text);
                }
                return Ok(());
            }
            Takes::Integer => {
                Value::Integer(parse_integer(&text).ok_or_else(|| invalid("integer"))?)
            }
            Takes::Float => {
                Value::Float(parse_float(&text).ok_or_else(|| invalid("floating-point"))?)
            }
            Takes::OneOf(choices) if choices.contains(&text.as_str()) => Value::Text(text),
            Takes::OneOf(choices) => {
                let choices: Vec<String> =
                    choices.iter().map(|choice| python_repr(choice)).collect();
                return Err(format!(
                    "option {name}: invalid choice: {} (choose from {})",
                    python_repr(&text),
                    choices.join(", ")
                ));
            }
        };
        self.values.insert(option.key, value);
        Ok(())
    }
}

/// Digits with single underscores between them, as Python writes numbers.
fn without_underscores(text: &str) -> Option<String> {
    let lone = |part: &str| part.is_empty();
    if text.contains('_') && text.split('_').any(lone) {
        return None;
    }
    Some(text.replace('_', ""))
}

/// A whole number as `optparse` reads one; numbers beyond 64 bits are the largest of these.
fn parse_integer(text: &str) -> Option<i64> {
    let lower = text.get(..2).unwrap_or_default().to_ascii_lowercase();
    let (digits, radix) = match lower.as_str() {
        "0x" => (&text[2..], 16),
        "0b" => (&text[2..], 2),
        _ if text.starts_with('0') => (text, 8),
        _ => (text, 10),
    };
    let digits = if digits.is_empty() && radix == 2 {
        "0"
    } else {
        digits
    };
    let trimmed = digits.trim();
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    // The prefix of the radix may be repeated: int("0o17", 8).
    let digits = match radix {
        8 => digits
            .strip_prefix("0o")
            .or(digits.strip_prefix("0O"))
            .unwrap_or(digits),
        _ => digits,
    };
    let digits = without_underscores(digits)?;
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let number = i64::from_str_radix(&digits, radix).unwrap_or(i64::MAX);
    Some(if negative { -number } else { number })
}

/// A number as Python's `float` reads one.
fn parse_float(text: &str) -> Option<f64> {
    let text = without_underscores(text.trim())?;
    let bare = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let is_word = ["inf", "infinity", "nan"].contains(&bare.as_str());
    let starts = bare.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if is_word || starts {
        text.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::verb::verb_named;
    use super::*;

    fn read(verb: &str, words: &[&str]) -> Result<Parsed, String> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        parse(verb_named(verb).unwrap(), &words)
    }

    #[test]
    fn options_may_be_shortened_and_joined() {
        let parsed = read(
            "report",
            &["-mi", "--fail=50.5", "--prec", "2", "a.py", "-i"],
        )
        .unwrap();
        assert!(parsed.is_set("show_missing") && parsed.is_set("ignore_errors"));
        assert_eq!(parsed.float("fail_under"), Some(50.5));
        assert_eq!(parsed.integer("precision"), Some(2));
        assert_eq!(parsed.words(), ["a.py", "-i"]);
    }

    #[test]
    fn the_last_of_two_that_contradict_holds() {
        let parsed = read("report", &["--skip-covered", "--no-skip-covered"]).unwrap();
        assert_eq!(parsed.said("skip_covered"), Some(false));
    }

    #[test]
    fn errors_are_those_of_optparse() {
        for (verb, words, expected) in [
            ("report", &["--nope"][..], "no such option: --nope"),
            (
                "report",
                &["--s"],
                "ambiguous option: --s (--show-missing, --skip-covered, --skip-empty, --sort?)",
            ),
            ("xml", &["-o"], "-o option requires 1 argument"),
            ("xml", &["-qz"], "no such option: -z"),
            (
                "report",
                &["--precision=1.5"],
                "option --precision: invalid integer value: '1.5'",
            ),
            (
                "json",
                &["--fail-under", "x"],
                "option --fail-under: invalid floating-point value: 'x'",
            ),
            (
                "run",
                &["--save-signal=HUP"],
                "option --save-signal: invalid choice: 'HUP' (choose from 'USR1', 'USR2')",
            ),
            ("html", &["--title"], "--title option requires 1 argument"),
            ("html", &["-q=1"], "no such option: -="),
            (
                "html",
                &["--quiet=1"],
                "--quiet option does not take a value",
            ),
        ] {
            assert_eq!(read(verb, words).unwrap_err(), expected, "{verb} {words:?}");
        }
    }

    #[test]
    fn numbers_are_read_as_python_reads_them() {
        for (text, expected) in [
            ("0x1F", Some(31)),
            ("0b", Some(0)),
            ("010", Some(8)),
            ("09", None),
            (" 7 ", Some(7)),
            ("1_000", Some(1000)),
            ("1__0", None),
            ("-3", Some(-3)),
            ("", None),
        ] {
            assert_eq!(parse_integer(text), expected, "{text:?}");
        }
        assert_eq!(parse_float(" 1_0.5e1 "), Some(105.0));
        assert_eq!(parse_float("infinit"), None);
        assert!(parse_float("-nan").unwrap().is_nan());
    }

    #[test]
    fn swaths_own_options_are_given_in_full() {
        assert!(
            read("html", &["--single-file"])
                .unwrap()
                .is_set("single_file")
        );
        assert!(read("html", &["--single"]).is_err());
        assert_eq!(
            read("html", &["--no-s"]).unwrap().said("skip_covered"),
            Some(false)
        );
    }

    #[test]
    fn a_command_line_can_be_written_in_full() {
        let parsed = read(
            "html",
            &["--no-skip", "--om=a,b", "-d", "x y", "--inc=", "--rc="],
        )
        .unwrap();
        let words = parsed.canonical(&["debug"]);
        assert_eq!(
            words,
            [
                "--directory=x y",
                "--omit=a,b",
                "--no-skip-covered",
                "--rcfile="
            ]
        );
    }
}
