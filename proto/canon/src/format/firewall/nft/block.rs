//! The blocks of a ruleset: what stands in which table, chain or set.
//!
//! Splits, and hands each statement over with where it stands. Blocks are kept
//! on a stack of their own: no text makes this recurse, except includes, which
//! have a limit.

use std::rc::Rc;

use super::Ruleset;
use super::token::{Lexer, Token};
use crate::format::includes::{FileName, Include, IncludeKind, Includes};
use crate::limits::NESTING_DEPTH_MAX;
use crate::{Place, ProblemKind};

/// Words, commas and brackets of one statement. A set of a million addresses
/// with a comma behind each has fewer; one of these takes 24 bytes of memory.
const TOKENS_MAX: usize = 4_000_000;

/// Tokens of a rule as people and listings have them.
const TOKENS_USUAL: usize = 32;

const TOO_MUCH_TEXT: &str = "definitions make too much text";

/// Where a statement stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Context {
    /// In no table.
    Top,
    /// In a table: its family and its key.
    Table(String, String),
    /// In a chain: the family and the chain's key.
    Chain(String, String),
    /// In a set, map or object: its key.
    Set(String),
}

/// What a table holds in blocks.
const IN_TABLE: [&str; 11] =
    ["chain", "set", "map", "flowtable", "counter", "quota", "limit", "ct", "secmark", "synproxy", "meter"];

/// Commands that may stand before such a block.
const ADDING: [&str; 2] = ["add", "create"];

/// Reads a text that stands in a context.
pub(crate) fn read(
    ruleset: &mut Ruleset<'_>,
    bytes: &[u8],
    name: Option<&FileName>,
    includes: &mut Includes<'_>,
    context: Context,
) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        let place = Place { line: 1, column: 1 };
        ruleset.gather.problem(ProblemKind::Encoding, place, "the text is not UTF-8; it is watched as content", None);
        ruleset.gather.unread(bytes);
        return;
    };
    let mut reader = Reader { lexer: Lexer::new(text.trim_start_matches('\u{feff}')), stack: vec![context], name };
    while let Some(statement) = reader.statement() {
        reader.take(ruleset, includes, statement);
    }
    if reader.stack.len() > 1 {
        let line = reader.lexer.line();
        ruleset.refuse(ProblemKind::Syntax, line, "the text ends inside of a block", &[]);
    }
}

/// How a statement ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Plain,
    Opens,
    Closes,
}

/// One statement.
struct Statement<'a> {
    end: End,
    tokens: Vec<Token<'a>>,
    line: u32,
    /// Why it is not read, and its text: then there are no tokens.
    refused: Option<(&'static str, &'a str)>,
}

struct Reader<'a> {
    lexer: Lexer<'a>,
    stack: Vec<Context>,
    name: Option<&'a FileName>,
}

impl<'a> Reader<'a> {
    fn context(&self) -> &Context {
        self.stack.last().unwrap_or(&Context::Top)
    }

    /// The next statement, up to what ends it. One that is nested too deep or
    /// has too many tokens ends where it would end, and none are kept.
    fn statement(&mut self) -> Option<Statement<'a>> {
        let mut tokens: Vec<Token<'a>> = Vec::with_capacity(TOKENS_USUAL);
        let (mut line, mut start) = (self.lexer.line(), self.lexer.at());
        let mut depth = 0_usize;
        let mut refused = None;
        let mut comma = false;
        let end = loop {
            let before = self.lexer.at();
            let Some(token) = self.lexer.next() else {
                if tokens.is_empty() && refused.is_none() {
                    return None;
                }
                break (End::Plain, before);
            };
            match token {
                Token::End if depth > 0 => continue,
                Token::End if tokens.is_empty() && refused.is_none() => {
                    (line, start) = (self.lexer.line(), self.lexer.at());
                    continue;
                }
                // A list goes on behind a comma at the end of a line.
                Token::End if comma => continue,
                Token::End => break (End::Plain, before),
                Token::Open if depth == 0 && refused.is_none() && self.opens(&tokens) => break (End::Opens, before),
                Token::Close if depth == 0 => break (End::Closes, before),
                Token::Open => depth += 1,
                Token::Close => depth -= 1,
                _ => {}
            }
            comma = token == Token::Comma;
            if refused.is_none() {
                tokens.push(token);
                refused = too_much(depth, tokens.len());
            }
            if refused.is_some() {
                tokens = Vec::new();
            }
        };
        let (end, until) = end;
        let refused = refused.map(|reason| (reason, self.lexer.between(start, until)));
        Some(Statement { end, tokens, line, refused })
    }

    /// Whether a brace behind these words opens a block.
    fn opens(&self, tokens: &[Token<'_>]) -> bool {
        let word = |at: usize| tokens.get(at).map_or("", Token::word);
        match self.stack.last() {
            None | Some(Context::Top) => {
                let at = usize::from(ADDING.contains(&word(0)));
                word(at) == "table" || (at == 1 && IN_TABLE.contains(&word(1)))
            }
            Some(Context::Table(..)) => IN_TABLE.contains(&word(0)),
            Some(Context::Chain(..) | Context::Set(_)) => false,
        }
    }

    fn take(&mut self, ruleset: &mut Ruleset<'_>, includes: &mut Includes<'_>, statement: Statement<'a>) {
        let Statement { end, tokens, line, refused } = statement;
        if let Some((reason, text)) = refused {
            ruleset.gather.problem(ProblemKind::Limit, Place { line, column: 1 }, reason, None);
            ruleset.gather.unread(text.as_bytes());
        }
        if end == End::Opens {
            let opened = ruleset.open(self.context(), &tokens, line);
            let context = opened.unwrap_or_else(|reason| {
                ruleset.refuse(ProblemKind::Syntax, line, reason, &tokens);
                Context::Set(String::new())
            });
            self.stack.push(context);
            return;
        }
        if !tokens.is_empty() {
            self.plain(ruleset, includes, tokens, line);
        }
        if end == End::Closes {
            if self.stack.len() > 1 {
                self.stack.pop();
            } else {
                ruleset.refuse(ProblemKind::Syntax, line, "a `}` closes nothing", &[]);
            }
        }
    }

    fn plain(&mut self, ruleset: &mut Ruleset<'_>, includes: &mut Includes<'_>, tokens: Vec<Token<'a>>, line: u32) {
        let tokens = match expand(ruleset, tokens) {
            Ok(tokens) => tokens,
            Err((kind, reason, tokens)) => return ruleset.refuse(kind, line, reason, &tokens),
        };
        match tokens[0].word() {
            "include" if tokens.len() == 2 => self.include(ruleset, includes, &tokens, line),
            "define" | "redefine" if tokens.len() > 3 && tokens[2].word() == "=" => {
                if !ruleset.charge(&tokens[3..]) {
                    return ruleset.refuse(ProblemKind::Limit, line, TOO_MUCH_TEXT, &tokens);
                }
                let value: Vec<Token<'static>> = tokens[3..].iter().cloned().map(Token::into_owned).collect();
                ruleset.defines.insert(tokens[1].word().to_owned(), value.into());
            }
            "undefine" => {
                ruleset.defines.remove(tokens.get(1).map_or("", Token::word));
            }
            _ => {
                if let Err((kind, reason)) = ruleset.statement(self.context(), &tokens, line) {
                    ruleset.refuse(kind, line, reason, &tokens);
                }
            }
        }
    }

    fn include(&mut self, ruleset: &mut Ruleset<'_>, includes: &mut Includes<'_>, tokens: &[Token<'_>], line: u32) {
        let path = tokens[1].text();
        let what = if path.contains(['*', '?', '[']) { IncludeKind::Glob } else { IncludeKind::File };
        let include = Include { path: path.as_bytes(), from: self.name, what };
        let context = self.context().clone();
        let done = includes.follow(&include, |file, includes| {
            let before = ruleset.gather.enter(Some(file.name.clone()));
            read(ruleset, &file.bytes, Some(&file.name), includes, context.clone());
            ruleset.gather.enter(before);
        });
        if let Err(problem) = done {
            ruleset.refuse(problem.kind, line, &problem.reason, tokens);
        }
    }
}

/// Why a statement that is so deep and so long is not read.
fn too_much(depth: usize, tokens: usize) -> Option<&'static str> {
    if depth > NESTING_DEPTH_MAX {
        return Some("nested too deep; it is watched as content");
    }
    (tokens > TOKENS_MAX).then_some("the statement has too many words; it is watched as content")
}

type Refusal<'a> = (ProblemKind, &'static str, Vec<Token<'a>>);

/// Puts what was defined in place of `$NAME`. A set in a set is its elements.
fn expand<'a>(ruleset: &mut Ruleset<'_>, tokens: Vec<Token<'a>>) -> Result<Vec<Token<'a>>, Refusal<'a>> {
    if !tokens.iter().any(|token| token.word().starts_with('$')) {
        return Ok(tokens);
    }
    let mut found: Vec<Token<'a>> = Vec::with_capacity(tokens.len());
    let mut depth = 0_usize;
    for token in &tokens {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        let Some(name) = token.word().strip_prefix('$') else {
            found.push(token.clone());
            continue;
        };
        let Some(value) = ruleset.defines.get(name).map(Rc::clone) else {
            return Err((ProblemKind::Unresolved, "a name that is not defined here", tokens));
        };
        if !ruleset.charge(&value) {
            return Err((ProblemKind::Limit, TOO_MUCH_TEXT, tokens));
        }
        let set = depth > 0 && value.first() == Some(&Token::Open) && value.last() == Some(&Token::Close);
        let inner = if set { &value[1..value.len() - 1] } else { &value[..] };
        found.extend(inner.iter().cloned());
    }
    Ok(found)
}
