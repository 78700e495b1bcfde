//! Groups and what else begins with `(`.

use super::{Flags, Kind, Parser, RegexError, Sequence, Token, Width};
use crate::python_repr;

/// What comes after `(`.
enum Opening {
    Capture(Option<String>),
    NonCapture,
    Atomic,
    Scoped(Flags),
    /// A look-ahead or look-behind.
    Look {
        behind: bool,
        negated: bool,
    },
    Condition,
    /// Finished already: a comment or a reference.
    Done,
    /// Finished already: flags of the whole pattern.
    Global,
}

/// Why flags were read.
enum FlagScope {
    Global,
    Group(Flags),
}

impl Parser<'_> {
    /// A group, after its opening parenthesis. Returns whether it set flags of the whole pattern.
    pub(super) fn group(
        &mut self,
        sequence: &mut Sequence,
        flags: Flags,
        depth: usize,
        may_set_global: bool,
    ) -> Result<bool, RegexError> {
        let start = self.source.tell() - 1;
        match self.opening(sequence, flags, start, may_set_global)? {
            Opening::Done => {}
            Opening::Global => return Ok(true),
            Opening::Look { behind, negated } => {
                self.look(sequence, flags, depth, start, (behind, negated))?;
            }
            Opening::Condition => self.condition(sequence, flags, depth, start)?,
            Opening::Capture(name) => self.capture(sequence, flags, depth, start, name)?,
            Opening::NonCapture => self.plain(sequence, flags, depth, start, "(?:")?,
            Opening::Atomic => self.plain(sequence, flags, depth, start, "(?>")?,
            Opening::Scoped(inner) => {
                let open = match (flags.ignore_case, inner.ignore_case) {
                    (false, true) => "(?i:",
                    (true, false) => "(?-i:",
                    _ => "(?:",
                };
                self.plain(sequence, inner, depth, start, open)?;
            }
        }
        Ok(false)
    }

    fn opening(
        &mut self,
        sequence: &mut Sequence,
        flags: Flags,
        start: usize,
        may_set_global: bool,
    ) -> Result<Opening, RegexError> {
        if !self.source.take_if('?')? {
            return Ok(Opening::Capture(None));
        }
        let token = self.source.take()?;
        let look = |behind, negated| Ok(Opening::Look { behind, negated });
        match token {
            Token::End => Err(self.source.error("unexpected end of pattern", 0)),
            Token::Char('P') => self.python_extension(sequence),
            Token::Char(':') => Ok(Opening::NonCapture),
            Token::Char('>') => Ok(Opening::Atomic),
            Token::Char('(') => Ok(Opening::Condition),
            Token::Char('#') => self.comment(start),
            Token::Char('=') => look(false, false),
            Token::Char('!') => look(false, true),
            Token::Char('<') => match self.source.take()? {
                Token::Char('=') => look(true, false),
                Token::Char('!') => look(true, true),
                Token::End => Err(self.source.error("unexpected end of pattern", 0)),
                other => {
                    let message = format!("unknown extension ?<{}", other.text());
                    Err(self.source.error(message, other.length() + 2))
                }
            },
            Token::Char(c) if is_flag(c) || c == '-' => match self.flags(flags, c)? {
                FlagScope::Group(inner) => Ok(Opening::Scoped(inner)),
                FlagScope::Global if may_set_global => Ok(Opening::Global),
                FlagScope::Global => {
                    let offset = self.source.tell() - start;
                    let message = "global flags not at the start of the expression";
                    Err(self.source.error(message, offset))
                }
            },
            other => {
                let message = format!("unknown extension ?{}", other.text());
                Err(self.source.error(message, other.length() + 1))
            }
        }
    }

    /// `(?P<name>…)` and `(?P=name)`
    fn python_extension(&mut self, sequence: &mut Sequence) -> Result<Opening, RegexError> {
        if self.source.take_if('<')? {
            let name = self.source.take_until('>', "group name")?;
            self.check_name(&name)?;
            return Ok(Opening::Capture(Some(name)));
        }
        if self.source.take_if('=')? {
            let name = self.source.take_until(')', "group name")?;
            self.check_name(&name)?;
            let group = self.group_named(&name)?;
            self.back_reference(sequence, group, name.chars().count() + 1)?;
            return Ok(Opening::Done);
        }
        match self.source.take()? {
            Token::End => Err(self.source.error("unexpected end of pattern", 0)),
            other => {
                let message = format!("unknown extension ?P{}", other.text());
                Err(self.source.error(message, other.length() + 2))
            }
        }
    }

    fn comment(&mut self, start: usize) -> Result<Opening, RegexError> {
        loop {
            if self.source.next == Token::End {
                let offset = self.source.tell() - start;
                let message = "missing ), unterminated comment";
                return Err(self.source.error(message, offset));
            }
            if self.source.take()? == Token::Char(')') {
                return Ok(Opening::Done);
            }
        }
    }

    fn check_name(&self, name: &str) -> Result<(), RegexError> {
        let mut characters = name.chars();
        let starts_well = characters
            .next()
            .is_some_and(|c| c.is_alphabetic() || c == '_');
        if starts_well && characters.all(|c| c.is_alphanumeric() || c == '_') {
            return Ok(());
        }
        let message = format!("bad character in group name {}", python_repr(name));
        Err(self.source.error(message, name.chars().count() + 1))
    }

    fn group_named(&self, name: &str) -> Result<usize, RegexError> {
        let known = self.names.iter().find(|(known, _)| known == name);
        known.map(|(_, group)| *group).ok_or_else(|| {
            let message = format!("unknown group name {}", python_repr(name));
            self.source.error(message, name.chars().count() + 1)
        })
    }

    fn close(&mut self, start: usize) -> Result<(), RegexError> {
        if self.source.take_if(')')? {
            return Ok(());
        }
        let offset = self.source.tell() - start;
        let message = "missing ), unterminated subpattern";
        Err(self.source.error(message, offset))
    }

    fn plain(
        &mut self,
        sequence: &mut Sequence,
        flags: Flags,
        depth: usize,
        start: usize,
        open: &str,
    ) -> Result<(), RegexError> {
        let groups = self.groups.len();
        let inner = self.alternatives(flags, depth + 1)?;
        self.close(start)?;
        let text = format!("{open}{})", inner.text);
        sequence.push(Kind::Other, inner.width, groups, &text);
        Ok(())
    }

    fn capture(
        &mut self,
        sequence: &mut Sequence,
        flags: Flags,
        depth: usize,
        start: usize,
        name: Option<String>,
    ) -> Result<(), RegexError> {
        let group = self.groups.len();
        self.groups.push(None);
        if let Some(name) = name {
            if let Some((_, known)) = self.names.iter().find(|(known, _)| *known == name) {
                let shown = python_repr(&name);
                let message = format!(
                    "redefinition of group name {shown} as group {group}; was group {known}"
                );
                return Err(self.source.error(message, name.chars().count() + 1));
            }
            self.names.push((name, group));
        }
        let inner = self.alternatives(flags, depth + 1)?;
        self.close(start)?;
        self.groups[group] = Some(inner.width);
        let text = format!("({})", inner.text);
        sequence.push(Kind::Other, inner.width, group, &text);
        Ok(())
    }

    fn look(
        &mut self,
        sequence: &mut Sequence,
        flags: Flags,
        depth: usize,
        start: usize,
        (behind, negated): (bool, bool),
    ) -> Result<(), RegexError> {
        let groups = self.groups.len();
        let outermost = behind && self.lookbehind_groups.is_none();
        if outermost {
            self.lookbehind_groups = Some(groups);
        }
        let inner = self.alternatives(flags, depth + 1)?;
        if outermost {
            self.lookbehind_groups = None;
        }
        self.close(start)?;
        if behind && inner.width.low != inner.width.high {
            self.variable_lookbehind = true;
        }
        let text = match (behind, negated) {
            _ if inner.text.is_empty() && negated => "(?!)".to_owned(),
            _ if inner.text.is_empty() => "(?:)".to_owned(),
            (false, false) => format!("(?={})", inner.text),
            (false, true) => format!("(?!{})", inner.text),
            (true, false) => format!("(?<={})", inner.text),
            (true, true) => format!("(?<!{})", inner.text),
        };
        sequence.push(Kind::Other, Width::NOTHING, groups, &text);
        Ok(())
    }

    /// `(?(group)yes|no)`
    fn condition(
        &mut self,
        sequence: &mut Sequence,
        flags: Flags,
        depth: usize,
        start: usize,
    ) -> Result<(), RegexError> {
        let groups = self.groups.len();
        let name = self.source.take_until(')', "group name")?;
        let group = self.condition_group(&name)?;
        self.check_lookbehind_group(group)?;
        if depth > super::MAX_DEPTH {
            return Err(RegexError::Unsupported {
                reason: "its groups are nested too deeply".into(),
            });
        }
        let yes = self.sequence(flags, depth + 1, false)?;
        let mut no = None;
        if self.source.take_if('|')? {
            no = Some(self.sequence(flags, depth + 1, false)?);
            if self.source.next == Token::Char('|') {
                let message = "conditional backref with more than two branches";
                return Err(self.source.error(message, 0));
            }
        }
        self.close(start)?;
        let otherwise = no.as_ref().map_or(Width::NOTHING, |no| no.width);
        let width = match no {
            Some(_) => yes.width.or(otherwise),
            None => yes.width.or(Width::NOTHING),
        };
        let no = no.map_or(String::new(), |no| no.text);
        let text = format!("(?({group})(?:{})|(?:{no}))", yes.text);
        sequence.push(Kind::Other, width, groups, &text);
        Ok(())
    }

    fn condition_group(&mut self, name: &str) -> Result<usize, RegexError> {
        let length = name.chars().count();
        if !name.bytes().all(|byte| byte.is_ascii_digit()) {
            self.check_name(name)?;
            return self.group_named(name);
        }
        let group: usize = name.parse().unwrap_or(usize::MAX);
        if group == 0 {
            return Err(self.source.error("bad group number", length + 1));
        }
        // Python's limit on the number of groups.
        if group >= 1_073_741_823 {
            let message = format!("invalid group reference {name}");
            return Err(self.source.error(message, length + 1));
        }
        let position = self.source.tell() - length - 1;
        if !self.conditions.iter().any(|(known, _)| *known == group) {
            self.conditions.push((group, position));
        }
        Ok(group)
    }

    /// The flags of `(?flags)`, `(?flags:` or `(?flags-flags:`, from the first on.
    fn flags(&mut self, flags: Flags, first: char) -> Result<FlagScope, RegexError> {
        let mut added = String::new();
        let mut this = first;
        if first != '-' {
            loop {
                self.check_added_flag(&added, this)?;
                added.push(this);
                match self.flag_token("missing -, : or )")? {
                    Some(c @ (')' | '-' | ':')) => {
                        this = c;
                        break;
                    }
                    Some(c) => this = c,
                    None => return Err(self.source.error("missing -, : or )", 0)),
                }
            }
        }
        if this == ')' {
            let mut global = self.global;
            set_flags(&mut global, &added, true);
            self.global = global;
            return Ok(FlagScope::Global);
        }
        let mut removed = String::new();
        if this == '-' {
            self.removed_flags(&mut removed)?;
        }
        if added.chars().any(|flag| removed.contains(flag)) {
            let message = "bad inline flags: flag turned on and off";
            return Err(self.source.error(message, 1));
        }
        let mut inner = flags;
        set_flags(&mut inner, &added, true);
        set_flags(&mut inner, &removed, false);
        Ok(FlagScope::Group(inner))
    }

    fn removed_flags(&mut self, removed: &mut String) -> Result<(), RegexError> {
        let mut missing = "missing flag";
        loop {
            match self.flag_token(missing)? {
                None => return Err(self.source.error(missing, 0)),
                Some(':') if !removed.is_empty() => return Ok(()),
                Some(c @ (')' | '-' | ':')) => {
                    return Err(self.source.error(missing, c.len_utf8()));
                }
                Some('a' | 'u' | 'L') => {
                    let message = "bad inline flags: cannot turn off flags 'a', 'u' and 'L'";
                    return Err(self.source.error(message, 0));
                }
                Some(c) => removed.push(c),
            }
            missing = "missing :";
        }
    }

    /// The next flag or the character that ends the flags; `None` at the end of the pattern.
    fn flag_token(&mut self, missing: &str) -> Result<Option<char>, RegexError> {
        match self.source.take()? {
            Token::End => Ok(None),
            Token::Char(c) if is_flag(c) || matches!(c, ')' | '-' | ':') => Ok(Some(c)),
            other => {
                let unknown = matches!(other, Token::Char(c) if c.is_alphabetic());
                let message = if unknown { "unknown flag" } else { missing };
                Err(self.source.error(message, other.length()))
            }
        }
    }

    fn check_added_flag(&self, added: &str, flag: char) -> Result<(), RegexError> {
        if flag == 'L' {
            let message = "bad inline flags: cannot use 'L' flag with a str pattern";
            return Err(self.source.error(message, 0));
        }
        let other = match flag {
            'a' => 'u',
            'u' => 'a',
            _ => return Ok(()),
        };
        if added.contains(other) {
            let message = "bad inline flags: flags 'a', 'u' and 'L' are incompatible";
            return Err(self.source.error(message, 0));
        }
        Ok(())
    }
}

fn is_flag(c: char) -> bool {
    matches!(c, 'i' | 'L' | 'm' | 's' | 'x' | 'a' | 'u')
}

fn set_flags(flags: &mut Flags, letters: &str, on: bool) {
    for letter in letters.chars() {
        match letter {
            'i' => flags.ignore_case = on,
            'm' => flags.multi_line = on,
            's' => flags.dot_all = on,
            'x' => flags.verbose = on,
            'a' => flags.ascii = on,
            'u' => flags.ascii = !on,
            _ => {}
        }
    }
}
