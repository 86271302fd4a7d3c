//! The canonical text of a rule: what is a default left out, the comment right
//! before the target.
//!
//! Decides nothing about order: that is done when the rule is read.

use std::fmt;

use super::super::words::push_word;
use super::{Opt, Rule};

impl Rule<'_> {
    /// Appends the canonical text.
    pub(crate) fn push_to(&self, text: &mut String) {
        push_options(text, &self.base);
        for part in &self.matches {
            push_name(text, "-m", part.name);
            push_options(text, &part.options);
        }
        if let Some(comment) = &self.comment {
            space(text);
            text.push_str("-m comment --comment ");
            push_word(text, comment);
        }
        if let Some(target) = &self.target {
            push_name(text, if self.goes { "-g" } else { "-j" }, target.name);
            push_options(text, &target.options);
        }
    }
}

impl fmt::Display for Rule<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

fn space(text: &mut String) {
    if !text.is_empty() {
        text.push(' ');
    }
}

fn push_name(text: &mut String, letter: &str, name: &str) {
    space(text);
    text.push_str(letter);
    text.push(' ');
    push_word(text, name);
}

fn push_options(text: &mut String, options: &[Opt<'_>]) {
    for opt in options {
        space(text);
        if opt.negated {
            text.push_str("! ");
        }
        text.push_str(opt.name);
        if !opt.value.is_empty() {
            text.push(' ');
            text.push_str(&opt.value);
        }
    }
}
