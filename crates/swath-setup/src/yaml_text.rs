//! Text in a YAML file: as it is where that reads as the same text, else in quotes.

use std::fmt::Write as _;

use saphyr::{LoadableYamlNode as _, Yaml};

/// A text as a value in a list or a mapping.
pub(crate) fn yaml_text(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            letter if letter.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}

/// Whether YAML reads the text as itself where nothing is around it.
fn is_plain(text: &str) -> bool {
    if text.contains(char::is_control) {
        return false;
    }
    let in_list = format!("- {text}\n");
    let in_mapping = format!("a: {text}\n");
    let (Ok(list), Ok(mapping)) = (
        Yaml::load_from_str(&in_list),
        Yaml::load_from_str(&in_mapping),
    ) else {
        return false;
    };
    let listed = list
        .first()
        .and_then(|list| list.as_sequence_get(0)?.as_str());
    let mapped = mapping
        .first()
        .and_then(|mapping| mapping.as_mapping_get("a")?.as_str());
    listed == Some(text) && mapped == Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_as_itself() {
        for (text, expected) in [
            ("pip install -e '.[test]'", "pip install -e '.[test]'"),
            ("a: b", "\"a: b\""),
            ("a #b", "\"a #b\""),
            ("1", "\"1\""),
            ("true", "\"true\""),
            ("", "\"\""),
            ("'a' b", "\"'a' b\""),
            ("a\n- b", "\"a\\n- b\""),
            ("\"\\", "\"\\\"\\\\\""),
            ("\u{7f}é", "\"\\u007fé\""),
        ] {
            assert_eq!(yaml_text(text), expected);
            let file = format!("a: {}\n", yaml_text(text));
            let documents = Yaml::load_from_str(&file).unwrap();
            let value = documents[0].as_mapping_get("a").unwrap();
            assert_eq!(value.as_str(), Some(text));
        }
    }
}
