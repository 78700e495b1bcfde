//! YAML text to trees, and trees to YAML text.

use std::borrow::Cow;
use std::fmt::Write as _;

use saphyr::{Scalar as Value, Tag, Yaml, YamlEmitter, YamlLoader};
use saphyr_parser::{Parser, ScalarStyle};

use crate::node::{Mapping, Node, Scalar, Style};

/// Why a text is no tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// It is not YAML: where, counted from 1, and why.
    Syntax { line: usize, what: String },
    /// It has a tag that says how a value is to be read.
    Tag(String),
}

/// The trees of all documents in a text that nests no deeper than a reader can follow.
pub(crate) fn parse(text: &str) -> Result<Vec<Node>, Problem> {
    let syntax = |error: &saphyr::ScanError| Problem::Syntax {
        line: error.marker().line(),
        what: error.info().to_owned(),
    };
    let mut loader = YamlLoader::<Yaml<'_>>::default();
    loader.early_parse(false);
    let mut parser = Parser::new_from_str(text);
    parser
        .load(&mut loader, true)
        .map_err(|error| syntax(&error))?;
    if let Some(error) = loader.error() {
        return Err(syntax(error));
    }
    loader.into_documents().into_iter().map(node).collect()
}

fn node(yaml: Yaml<'_>) -> Result<Node, Problem> {
    Ok(match yaml {
        Yaml::Representation(text, style, tag) => Node::Scalar(scalar(&text, style, tag)?),
        Yaml::Sequence(items) => {
            Node::Sequence(items.into_iter().map(node).collect::<Result<_, _>>()?)
        }
        Yaml::Mapping(entries) => {
            let entries = entries.into_iter();
            let entries = entries.map(|(key, value)| Ok((node(key)?, node(value)?)));
            Node::Mapping(merged(entries.collect::<Result<_, Problem>>()?))
        }
        Yaml::Tagged(tag, _) => return Err(Problem::Tag(tag.to_string())),
        // A document in which nothing is.
        Yaml::Value(_) | Yaml::Alias(_) | Yaml::BadValue => Node::plain(""),
    })
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<Cow<'_, Tag>>) -> Result<Scalar, Problem> {
    let style = match style {
        // No value has several lines.
        ScalarStyle::Plain if text.contains('\n') => Style::Double,
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
    };
    let style = match tag {
        None => style,
        Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
            "str" if style == Style::Plain => Style::Double,
            "str" => style,
            "int" | "float" | "bool" | "null" => Style::Plain,
            _ => return Err(Problem::Tag(tag.to_string())),
        },
        Some(tag) => return Err(Problem::Tag(tag.to_string())),
    };
    Ok(Scalar {
        text: text.to_owned(),
        style,
    })
}

/// The entries of a mapping with those that its `<<` names: what is added to the mapping would
/// otherwise hide what comes from there.
fn merged(entries: Mapping) -> Mapping {
    let is_merge = |key: &Node| *key == Node::plain("<<");
    let (merges, mut own): (Mapping, Mapping) =
        entries.into_iter().partition(|(key, _)| is_merge(key));
    for (_, value) in merges {
        let sources = match value {
            Node::Sequence(sources) => sources,
            other => vec![other],
        };
        for source in sources {
            let Node::Mapping(entries) = source else {
                continue;
            };
            for (key, value) in entries {
                if !own.iter().any(|(name, _)| name.is_same(&key)) {
                    own.push((key, value));
                }
            }
        }
    }
    own
}

/// A tree as text that reads as the same tree; `None` if there is no such text.
pub(crate) fn render(node: &Node) -> Option<String> {
    let mut text = String::new();
    let mut emitter = YamlEmitter::new(&mut text);
    emitter.multiline(true);
    emitter.dump(&yaml(node)).ok()?;
    let mut text = text.strip_prefix("---\n")?.to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    // What is written is checked where it is written: nobody reads a manifest twice.
    let back = parse(&text).ok()?;
    matches!(&back[..], [back] if back.is_same(node)).then_some(text)
}

fn yaml(node: &Node) -> Yaml<'_> {
    match node {
        Node::Scalar(scalar) => written(scalar),
        Node::Sequence(items) => Yaml::Sequence(items.iter().map(yaml).collect()),
        Node::Mapping(entries) => Yaml::Mapping(
            entries
                .iter()
                .map(|(key, value)| (yaml(key), yaml(value)))
                .collect(),
        ),
    }
}

/// A scalar in the style that it came in, as far as its text allows.
fn written(scalar: &Scalar) -> Yaml<'_> {
    let text = scalar.text.as_str();
    let as_is = |style, text: Cow<'static, str>| Yaml::Representation(text, style, None);
    let has_breaks = text.contains(char::is_control);
    match scalar.style {
        Style::Plain if text.is_empty() => as_is(ScalarStyle::Plain, "null".into()),
        Style::Plain if !has_breaks => Yaml::Representation(text.into(), ScalarStyle::Plain, None),
        Style::Single if !has_breaks => {
            as_is(ScalarStyle::SingleQuoted, text.replace('\'', "''").into())
        }
        // The writer makes a block of it where one can hold it.
        Style::Block if text.trim_end().contains('\n') => Yaml::Value(Value::String(text.into())),
        _ => as_is(ScalarStyle::DoubleQuoted, escaped(text).into()),
    }
}

/// A text between double quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '\\' => escaped.extend(['\\', letter]),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            '\u{feff}' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(letter));
            }
            letter if letter.is_control() => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(letter));
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &str) {
        let trees = parse(text).unwrap();
        assert_eq!(render(&trees[0]).unwrap(), expected);
    }

    #[test]
    fn scalars_are_written_as_they_were() {
        for text in [
            "a: no\nb: \"no\"\nc: 'no'\nd: 0755\ne: 1_000\nf: \"2020-01-01\"\ng: 1e3\n",
            "a: 'it''s'\nb: \"a\\nb\"\nc: \"\\\"\"\n",
            "args:\n  - |\n    set -e\n    exec gunicorn\n  - |-\n    a\n    b\n",
            "\"y\": 1\n'n': 2\n",
            "a: {}\nb: []\nc:\n  - - 1\n    - 2\n  - b: c\n    d: e\n",
        ] {
            check(text, text);
        }
        check("a:\nb: ~\n", "a: null\nb: ~\n");
        check("{\"a\": [1, \"b\"]}", "\"a\":\n  - 1\n  - \"b\"\n");
        check("a: >-\n  b\n  c\n", "a: \"b c\"\n");
        check("a: b\n  c\n\n  d\n", "a: \"b c\\nd\"\n");
    }

    #[test]
    fn what_a_mapping_takes_from_others_stays_in_it() {
        let text = "x: &x {a: 1, b: 2}\ny: &y\n  c: 3\nz:\n  <<: [*x, *y]\n  b: 9\n";
        let tree = parse(text).unwrap().remove(0);
        let z = tree.get("z").unwrap();
        for (key, value) in [("a", "1"), ("b", "9"), ("c", "3")] {
            assert_eq!(z.text_at(&[key]), Some(value));
        }
    }

    #[test]
    fn tags_are_heeded_or_refused() {
        check("a: !!str 1\nb: !!int \"2\"\n", "a: \"1\"\nb: 2\n");
        assert!(matches!(parse("a: !own 1\n"), Err(Problem::Tag(_))));
        assert!(matches!(parse("a: !own {}\n"), Err(Problem::Tag(_))));
        assert!(matches!(parse("a: !!binary aGk=\n"), Err(Problem::Tag(_))));
    }

    #[test]
    fn aliases_that_grow_without_end_are_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let before = level - 1;
            let aliases = vec![format!("*a{before}"); 10].join(", ");
            let _ = writeln!(text, "a{level}: &a{level} [{aliases}]");
        }
        assert!(matches!(parse(&text), Err(Problem::Syntax { .. })));
    }

    fn any_node() -> impl Strategy<Value = Node> {
        let style = prop_oneof![Just(Style::Single), Just(Style::Double), Just(Style::Block)];
        let text = prop_oneof![
            "\\PC{0,12}",
            "[a-z:#'\" \n-]{0,20}",
            "(\n| |a|---|\\.\\.\\.){0,6}"
        ];
        let quoted = (text, style).prop_map(|(text, style)| Node::Scalar(Scalar { text, style }));
        let plain = "[a-z][a-z0-9]{0,5}".prop_map(|text| Node::plain(&text));
        let leaf = prop_oneof![quoted, plain];
        leaf.prop_recursive(4, 40, 5, |inner| {
            let entries = prop::collection::btree_map("[a-z]{1,4}", inner.clone(), 0..5);
            prop_oneof![
                prop::collection::vec(inner, 0..5).prop_map(Node::Sequence),
                entries.prop_map(|entries| {
                    let entries = entries.into_iter();
                    Node::Mapping(
                        entries
                            .map(|(key, value)| (Node::text(key), value))
                            .collect(),
                    )
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_tree_reads_back(node in any_node()) {
            prop_assert!(render(&node).is_some(), "{node:?}");
        }
    }
}
