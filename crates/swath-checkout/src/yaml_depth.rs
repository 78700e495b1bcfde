//! How deep a YAML file nests: what reads it whole calls itself once per level.

use saphyr_parser::{Event, Parser};

/// No file that somebody wrote nests deeper.
const DEEPEST: usize = 100;

/// Whether a text nests too deep to be read as YAML. What is no YAML, as whoever reads it finds out, does not.
pub fn yaml_nests_too_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    for event in Parser::new_from_str(text) {
        match event {
            Ok((Event::SequenceStart(..) | Event::MappingStart(..), _)) => depth += 1,
            Ok((Event::SequenceEnd | Event::MappingEnd, _)) => depth = depth.saturating_sub(1),
            Ok(_) => {}
            Err(_) => return false,
        }
        if depth > DEEPEST {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_found_in_every_style() {
        let many = 50_000;
        let levels = (0..2000).map(|level| " ".repeat(level) + "a:\n");
        let indented = levels.collect::<Vec<_>>().concat();
        let flow = "[".repeat(150) + &"]".repeat(150);
        for text in [flow, "- ".repeat(many), indented] {
            assert!(yaml_nests_too_deep(&text), "{}", &text[..8]);
        }
        for text in ["", "a: [b, {c: d}]\n", "services: [", "[]\n---\n[]\n"] {
            assert!(!yaml_nests_too_deep(text), "{text}");
        }
        let wide = "- [a, {b: c}]\n".repeat(1000);
        assert!(!yaml_nests_too_deep(&wide));
    }
}
