//! A document as a tree that keeps how its scalars were written.
//!
//! What a plain scalar means differs between YAML 1.1, which Kubernetes reads, and 1.2: `no` is a
//! truth value to one and a word to the other. So a scalar is never read as a value and written
//! again: it keeps its text, and whether it stood in quotes.

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes: what it means is the reader's business.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// As a block of lines.
    Block,
}

/// A text and how it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    pub(crate) style: Style,
}

/// Keys and values in the order of the document.
pub(crate) type Mapping = Vec<(Node, Node)>;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Mapping),
}

impl Node {
    /// A text, in quotes where it could be read as something else.
    pub(crate) fn text(text: impl Into<String>) -> Node {
        let text = text.into();
        let style = if is_word(&text) {
            Style::Plain
        } else {
            Style::Double
        };
        Node::Scalar(Scalar { text, style })
    }

    /// A number or a truth value, as it is written.
    pub(crate) fn plain(text: &str) -> Node {
        Node::Scalar(Scalar {
            text: text.to_owned(),
            style: Style::Plain,
        })
    }

    /// A mapping with these keys.
    pub(crate) fn mapping<const N: usize>(entries: [(&str, Node); N]) -> Node {
        let entries = entries.into_iter();
        Node::Mapping(
            entries
                .map(|(key, value)| (Node::text(key), value))
                .collect(),
        )
    }

    /// Texts one after the other.
    pub(crate) fn texts<S: Into<String>>(texts: impl IntoIterator<Item = S>) -> Node {
        Node::Sequence(texts.into_iter().map(Node::text).collect())
    }

    /// The text of a scalar that holds something.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Node::Scalar(scalar) if !self.is_null() => Some(&scalar.text),
            _ => None,
        }
    }

    /// Whether nothing is written here, in any of the ways to write it.
    pub(crate) fn is_null(&self) -> bool {
        const NULLS: [&str; 5] = ["", "~", "null", "Null", "NULL"];
        matches!(self, Node::Scalar(scalar)
            if scalar.style == Style::Plain && NULLS.contains(&scalar.text.as_str()))
    }

    /// What is written under a key; `None` if nothing is.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        let Node::Mapping(entries) = self else {
            return None;
        };
        let (_, value) = entries.iter().find(|(name, _)| is_key(name, key))?;
        Some(value).filter(|value| !value.is_null())
    }

    /// The same along several keys.
    pub(crate) fn at(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text under a key.
    pub(crate) fn text_at(&self, keys: &[&str]) -> Option<&str> {
        self.at(keys)?.as_text()
    }

    /// The values of a list under a key; none if there is no list.
    pub(crate) fn items(&self, key: &str) -> &[Node] {
        match self.get(key) {
            Some(Node::Sequence(items)) => items,
            _ => &[],
        }
    }

    /// The place of a value, to change it.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let Node::Mapping(entries) = self else {
            return None;
        };
        let found = entries.iter_mut().find(|(name, _)| is_key(name, key));
        found.map(|(_, value)| value)
    }

    /// The place of a value along several keys.
    pub(crate) fn at_mut(&mut self, keys: &[&str]) -> Option<&mut Node> {
        keys.iter()
            .try_fold(self, |node, key| Node::get_mut(node, key))
    }

    /// The list under a key, made where there is nothing; `None` where there is something else.
    pub(crate) fn sequence_mut(&mut self, key: &str) -> Option<&mut Vec<Node>> {
        match self.made(key, || Node::Sequence(Vec::new()))? {
            Node::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The mapping under a key, made where there is nothing; `None` where there is something else.
    pub(crate) fn mapping_mut(&mut self, key: &str) -> Option<&mut Node> {
        let inner = self.made(key, || Node::Mapping(Vec::new()))?;
        Some(inner).filter(|inner| matches!(inner, Node::Mapping(_)))
    }

    /// Sets the value of a key; `None` if this is no mapping.
    pub(crate) fn set(&mut self, key: &str, value: Node) -> Option<()> {
        *self.made(key, || Node::plain(""))? = value;
        Some(())
    }

    fn made(&mut self, key: &str, make: impl Fn() -> Node) -> Option<&mut Node> {
        let Node::Mapping(entries) = self else {
            return None;
        };
        let position = entries.iter().position(|(name, _)| is_key(name, key));
        let position = position.unwrap_or_else(|| {
            entries.push((Node::text(key), make()));
            entries.len() - 1
        });
        let (_, value) = entries.get_mut(position)?;
        if value.is_null() {
            *value = make();
        }
        Some(value)
    }

    /// Whether both mean the same to every reader, however they are written.
    pub(crate) fn is_same(&self, other: &Node) -> bool {
        match (self, other) {
            (Node::Scalar(one), Node::Scalar(two)) => {
                let is_plain = |scalar: &Scalar| scalar.style == Style::Plain;
                let both_null = self.is_null() && other.is_null();
                both_null || one.text == two.text && is_plain(one) == is_plain(two)
            }
            (Node::Sequence(one), Node::Sequence(two)) => {
                one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one.is_same(two))
            }
            (Node::Mapping(one), Node::Mapping(two)) => {
                one.len() == two.len()
                    && one
                        .iter()
                        .zip(two)
                        .all(|(one, two)| one.0.is_same(&two.0) && one.1.is_same(&two.1))
            }
            _ => false,
        }
    }
}

fn is_key(node: &Node, key: &str) -> bool {
    matches!(node, Node::Scalar(scalar) if scalar.text == key)
}

/// Whether a plain scalar is this text to every reader.
fn is_word(text: &str) -> bool {
    const VALUES: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter))
        && !VALUES.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_could_be_a_value_is_quoted() {
        let style = |text: &str| match Node::text(text) {
            Node::Scalar(scalar) => scalar.style,
            _ => unreachable!(),
        };
        for text in ["web", "/swath", "a-b_c.d", "swath.dev/run"] {
            assert_eq!(style(text), Style::Plain, "{text}");
        }
        for text in [
            "", "1", "no", "Y", "a: b", "a #b", "{}", "-a", "0x1", ".5", "a\nb",
        ] {
            assert_eq!(style(text), Style::Double, "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_made_and_what_is_there_is_kept() {
        let mut node = Node::mapping([("a", Node::plain("")), ("b", Node::text("x"))]);
        node.sequence_mut("a").unwrap().push(Node::text("y"));
        assert_eq!(node.items("a"), [Node::text("y")]);
        assert!(node.sequence_mut("b").is_none(), "a text is no list");
        node.mapping_mut("c")
            .unwrap()
            .set("d", Node::text("z"))
            .unwrap();
        assert_eq!(node.text_at(&["c", "d"]), Some("z"));
        assert!(node.mapping_mut("b").is_none(), "a text is no mapping");
        assert_eq!(node.text_at(&["b"]), Some("x"));
    }
}
