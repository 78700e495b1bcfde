//! JSON as trees, and trees as JSON.

use serde_json::Value;

use crate::node::{Node, Scalar, Style};

pub(super) fn of_json(value: Value) -> Node {
    match value {
        Value::Null => Node::plain("null"),
        Value::Bool(value) => Node::plain(if value { "true" } else { "false" }),
        Value::Number(number) => Node::plain(&number.to_string()),
        Value::String(text) if text.contains('\n') => Node::Scalar(Scalar {
            text,
            style: Style::Block,
        }),
        Value::String(text) => Node::text(text),
        Value::Array(items) => Node::Sequence(items.into_iter().map(of_json).collect()),
        Value::Object(entries) => Node::Mapping(
            entries
                .into_iter()
                .map(|(key, value)| (Node::text(key), of_json(value)))
                .collect(),
        ),
    }
}

/// A tree that came from JSON, and what was added to it.
pub(super) fn to_json(node: &Node) -> Value {
    match node {
        node if node.is_null() => Value::Null,
        Node::Scalar(scalar) => match scalar.style {
            // A word without quotes is no value of JSON's.
            Style::Plain => serde_json::from_str(&scalar.text)
                .unwrap_or_else(|_| Value::String(scalar.text.clone())),
            Style::Single | Style::Double | Style::Block => Value::String(scalar.text.clone()),
        },
        Node::Sequence(items) => Value::Array(items.iter().map(to_json).collect()),
        Node::Mapping(entries) => Value::Object(
            entries
                .iter()
                .filter_map(|(key, value)| match key {
                    Node::Scalar(key) => Some((key.text.clone(), to_json(value))),
                    _ => None,
                })
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(|number| json!(number)),
            // Of the others, the reader loses the last bit.
            any::<i32>().prop_map(|number| json!(f64::from(number) / 8.0)),
            "(true|null|~|1e3|no|0x1|\\PC{0,8}|\n){0,2}".prop_map(Value::String),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                prop::collection::btree_map("(null|1|\\PC{0,4})", inner, 0..5)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_comes_back(value in any_value()) {
            prop_assert_eq!(to_json(&of_json(value.clone())), value);
        }
    }
}
