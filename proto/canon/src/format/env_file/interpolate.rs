//! Templates: what a value refers to, and what becomes of it.
//!
//! A reference is resolved where the file alone decides it. Where the
//! environment of the consumer decides, it stays as written in one canonical
//! spelling, so that `$A` and `${A}` compare equal. Nothing is ever executed.

use zeroize::Zeroizing;

use crate::Value;
use crate::limits::RESOLVED_BYTES_MAX;

/// A piece of a value as a dialect's parser found it.
pub(super) enum Part {
    /// Bytes that mean themselves.
    Literal(Zeroizing<Vec<u8>>),
    /// `${name}` in any of its forms.
    Reference {
        /// The name referred to.
        name: Vec<u8>,
        /// What is done where it is missing or empty.
        operator: Operator,
        /// The word after the operator.
        word: Vec<Part>,
    },
    /// What only the consumer can work out (`$(date)`, `$1`), as written.
    Unknowable(Zeroizing<Vec<u8>>),
}

/// What stands between a name and its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// None: the value, or nothing.
    Plain,
    /// `-`: the word instead; with `:` also for an empty value.
    Default {
        /// Whether there was a colon.
        colon: bool,
    },
    /// `:-` of python-dotenv, where an empty value counts as one.
    DefaultIfUnset,
    /// `+`: the word if there is a value.
    Alternative {
        /// Whether there was a colon.
        colon: bool,
    },
    /// `?`: fail if there is none.
    Required {
        /// Whether there was a colon.
        colon: bool,
    },
    /// `=`: as `-`, and set the name.
    Assign {
        /// Whether there was a colon.
        colon: bool,
    },
}

impl Operator {
    /// The operator that a text begins with after a name, and its length.
    pub(super) fn at(text: &[u8]) -> Option<(Self, usize)> {
        let colon = text.first() == Some(&b':');
        let operator = match text.get(usize::from(colon))? {
            b'-' => Self::Default { colon },
            b'+' => Self::Alternative { colon },
            b'?' => Self::Required { colon },
            b'=' => Self::Assign { colon },
            _ => return None,
        };
        Some((operator, 1 + usize::from(colon)))
    }

    fn text(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Default { colon: true } | Self::DefaultIfUnset => ":-",
            Self::Default { colon: false } => "-",
            Self::Alternative { colon: true } => ":+",
            Self::Alternative { colon: false } => "+",
            Self::Required { colon: true } => ":?",
            Self::Required { colon: false } => "?",
            Self::Assign { colon: true } => ":=",
            Self::Assign { colon: false } => "=",
        }
    }
}

/// A value after its references were looked up.
pub(super) struct Resolved {
    /// Text when the file alone decides it, else a template.
    pub(super) value: Value,
    /// What must fail when the consumer reads it.
    pub(super) failure: Option<Failure>,
}

/// Why a reference cannot be resolved by anyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// `${A:?}` with an empty `A`.
    Required(Vec<u8>),
    /// `${A:=x}` sets `A` on the way.
    Assigns(Vec<u8>),
}

/// More bytes than [`RESOLVED_BYTES_MAX`], or than the file's budget has left.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Whether any part is more than literal.
pub(super) fn is_template(parts: &[Part]) -> bool {
    parts.iter().any(|part| !matches!(part, Part::Literal(_)))
}

/// The parts as one text, references in their canonical spelling: what an
/// operator is shown as the template.
pub(super) fn as_written(parts: &[Part]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::new());
    for part in parts {
        match part {
            Part::Literal(bytes) | Part::Unknowable(bytes) => text.extend_from_slice(bytes),
            Part::Reference { name, operator, word } => reference(&mut text, name, *operator, &as_written(word)),
        }
    }
    text
}

/// Resolves the parts; `lookup` knows what the file has set so far.
///
/// # Errors
/// [`TooLong`] when the result would be longer than `budget` or
/// [`RESOLVED_BYTES_MAX`] above what is written.
pub(super) fn resolve<'v>(
    parts: &[Part],
    lookup: &dyn Fn(&[u8]) -> Option<&'v Value>,
    budget: usize,
) -> Result<Resolved, TooLong> {
    let mut out =
        Output { text: Zeroizing::new(Vec::new()), open: false, failure: None, left: budget.min(RESOLVED_BYTES_MAX) };
    for part in parts {
        out.part(part, lookup)?;
    }
    let value = if out.open { Value::Template(out.text) } else { Value::Text(out.text.into()) };
    Ok(Resolved { value, failure: out.failure })
}

/// The text so far. Once anything in it is open, literal dollars are doubled,
/// so that a literal `${A}` and a reference to `A` stay apart.
struct Output {
    text: Zeroizing<Vec<u8>>,
    open: bool,
    failure: Option<Failure>,
    left: usize,
}

impl Output {
    fn part<'v>(&mut self, part: &Part, lookup: &dyn Fn(&[u8]) -> Option<&'v Value>) -> Result<(), TooLong> {
        match part {
            Part::Literal(bytes) => {
                self.literal(bytes);
                Ok(())
            }
            Part::Unknowable(source) => {
                self.open(source);
                Ok(())
            }
            Part::Reference { name, operator, word } => self.reference(name, *operator, word, lookup),
        }
    }

    fn reference<'v>(
        &mut self,
        name: &[u8],
        operator: Operator,
        word: &[Part],
        lookup: &dyn Fn(&[u8]) -> Option<&'v Value>,
    ) -> Result<(), TooLong> {
        let known = match (lookup(name), operator) {
            (Some(Value::Text(text)), _) => text,
            (Some(Value::Template(template)), Operator::Plain) => {
                self.spend(template.len())?;
                self.open(template);
                return Ok(());
            }
            _ => return self.unresolved(name, operator, word, lookup),
        };
        match operator {
            Operator::Default { colon: true } if known.is_empty() => self.words(word, lookup),
            Operator::Alternative { colon } if !(colon && known.is_empty()) => self.words(word, lookup),
            Operator::Required { colon: true } if known.is_empty() => {
                self.failure = Some(Failure::Required(name.to_vec()));
                self.unresolved(name, operator, word, lookup)
            }
            Operator::Assign { colon: true } if known.is_empty() => {
                self.failure = Some(Failure::Assigns(name.to_vec()));
                self.unresolved(name, operator, word, lookup)
            }
            _ => {
                self.spend(known.len())?;
                self.literal(known);
                Ok(())
            }
        }
    }

    fn words<'v>(&mut self, word: &[Part], lookup: &dyn Fn(&[u8]) -> Option<&'v Value>) -> Result<(), TooLong> {
        word.iter().try_for_each(|part| self.part(part, lookup))
    }

    /// Leaves a reference as it is, its word resolved as far as it goes.
    fn unresolved<'v>(
        &mut self,
        name: &[u8],
        operator: Operator,
        word: &[Part],
        lookup: &dyn Fn(&[u8]) -> Option<&'v Value>,
    ) -> Result<(), TooLong> {
        let mut inner = Output { text: Zeroizing::new(Vec::new()), open: false, failure: None, left: self.left };
        inner.make_open();
        inner.words(word, lookup)?;
        self.left = inner.left;
        let mut text = Zeroizing::new(Vec::new());
        reference(&mut text, name, operator, &inner.text);
        self.open(&text);
        Ok(())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), TooLong> {
        self.left = self.left.checked_sub(bytes).ok_or(TooLong)?;
        Ok(())
    }

    fn literal(&mut self, bytes: &[u8]) {
        if self.open {
            push_doubled(&mut self.text, bytes);
        } else {
            self.text.extend_from_slice(bytes);
        }
    }

    fn open(&mut self, bytes: &[u8]) {
        self.make_open();
        self.text.extend_from_slice(bytes);
    }

    fn make_open(&mut self) {
        if !self.open {
            self.open = true;
            let plain = std::mem::take(&mut self.text);
            push_doubled(&mut self.text, &plain);
        }
    }
}

fn push_doubled(text: &mut Vec<u8>, bytes: &[u8]) {
    for &byte in bytes {
        if byte == b'$' {
            text.push(b'$');
        }
        text.push(byte);
    }
}

fn reference(text: &mut Vec<u8>, name: &[u8], operator: Operator, word: &[u8]) {
    text.extend_from_slice(b"${");
    text.extend_from_slice(name);
    text.extend_from_slice(operator.text().as_bytes());
    text.extend_from_slice(word);
    text.push(b'}');
}

#[cfg(test)]
mod tests;
