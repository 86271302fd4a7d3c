//! The walk over the nodes of a YAML document: aliases and merge keys become
//! the nodes they stand for.
//!
//! Nothing is expanded without end: what aliases repeat is bounded, and an
//! alias inside of what it names is a problem.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use sha2::{Digest as _, Sha256};

use super::plain::{is_disputed, resolve};
use crate::format::document::{Document, Scalar};
use crate::format::gather::Gather;
use crate::limits::{FILE_BYTES_MAX, NESTING_DEPTH_MAX};
use crate::{Place, ProblemKind};

/// Bytes that following aliases may produce per file, a node counted as 64: as
/// much as a file can hold. A few lines of aliases to aliases ("billion
/// laughs") stop here.
const ALIAS_BYTES_MAX: usize = FILE_BYTES_MAX;
const NODE_BYTES: usize = 64;

/// Bytes that nodes may take which aliases may need again, a node counted with
/// what it takes in memory: more than aliases may repeat.
pub(super) const TAPE_BYTES_MAX: usize = 2 * FILE_BYTES_MAX;
pub(super) const TAPE_NODE_BYTES: usize = 128;

const TOO_MUCH: &str = "aliases repeat more than a file can hold; the rest is not followed";
const RECURSIVE: &str = "an alias inside of what it stands for; it is not followed";

/// What a document is made of.
#[derive(Debug, Clone)]
pub(super) enum Node<'i> {
    Scalar {
        text: Cow<'i, str>,
        plain: bool,
        tag: Option<Box<str>>,
    },
    Map(Option<Box<str>>),
    List(Option<Box<str>>),
    End,
    /// The node with that anchor's number.
    Alias(usize),
}

/// A map or list that is open.
struct Frame {
    is_map: bool,
    /// Whether a map waits for a name.
    at_name: bool,
    /// The values of its `<<`, on the tape.
    merges: Vec<Range<usize>>,
}

/// Nodes that are put aside and not walked: the value of a `<<`, or a name that
/// is a map or list.
struct Aside {
    depth: usize,
    kind: AsideKind,
}

enum AsideKind {
    Merge { begin: Option<usize> },
    Name(Sha256, Place),
}

/// The walk over all documents of a file.
pub(super) struct Walk<'a, 'i> {
    document: Document<'a>,
    documents: usize,
    frames: Vec<Frame>,
    aside: Option<Aside>,
    /// Nodes that may be needed again: of anchors and of merges.
    tape: Vec<(Node<'i>, Place)>,
    anchors: HashMap<usize, Range<usize>>,
    /// Anchors whose node is open: number, depth, and where it begins.
    open: Vec<(usize, usize, usize)>,
    /// How deep the parser is.
    depth: usize,
    spent: usize,
    /// Bytes that went onto the tape of this document.
    taped: usize,
    /// As many as it may hold.
    tape_bytes_max: usize,
    /// Whether the tape had no room for a node.
    full: bool,
}

impl<'a, 'i> Walk<'a, 'i> {
    pub(super) fn new(gather: &'a mut Gather, tape_bytes_max: usize) -> Self {
        Self {
            document: Document::new(gather),
            documents: 0,
            frames: Vec::new(),
            aside: None,
            tape: Vec::new(),
            anchors: HashMap::new(),
            open: Vec::new(),
            depth: 0,
            spent: 0,
            taped: 0,
            tape_bytes_max,
            full: false,
        }
    }

    /// Another document begins.
    pub(super) fn begin_document(&mut self) {
        self.documents += 1;
        self.tape.clear();
        (self.taped, self.full) = (0, false);
        self.anchors.clear();
        if self.documents > 1 {
            self.document.next_document(self.documents);
        }
    }

    /// Ends the walk where it is.
    pub(super) fn abandon(self) -> &'a mut Gather {
        self.document.into_gather()
    }

    /// The next node of the text.
    pub(super) fn take(&mut self, node: Node<'i>, anchor: usize, place: Place) {
        let merging = matches!(self.aside, Some(Aside { kind: AsideKind::Merge { .. }, .. }));
        let at = self.tape.len();
        if !self.full && (anchor > 0 || !self.open.is_empty() || merging) {
            self.keep(&node, place);
        }
        let anchor = if self.full { 0 } else { anchor };
        match &node {
            Node::Map(_) | Node::List(_) => {
                if anchor > 0 {
                    self.open.push((anchor, self.depth, at));
                }
                self.depth += 1;
            }
            Node::End => {
                self.depth -= 1;
                while let Some(&(anchor, _, begin)) = self.open.last().filter(|(_, depth, _)| *depth == self.depth) {
                    self.anchors.insert(anchor, begin..self.tape.len());
                    self.open.pop();
                }
            }
            _ if anchor > 0 => _ = self.anchors.insert(anchor, at..at + 1),
            _ => {}
        }
        self.walk(node, place, at);
    }

    /// One node, of the text or of the tape; `at` is where on the tape.
    fn walk(&mut self, node: Node<'i>, place: Place, at: usize) {
        if self.aside.is_some() {
            self.put_aside(&node, at);
            return;
        }
        match self.frames.last() {
            Some(frame) if frame.is_map && frame.at_name && !matches!(node, Node::End) => self.name(node, place),
            _ => self.value(node, place),
        }
    }

    fn name(&mut self, node: Node<'i>, place: Place) {
        let node = self.resolved_name(node);
        if let Some(frame) = self.frames.last_mut() {
            frame.at_name = false;
        }
        match node {
            Node::Scalar { text, plain: true, .. } if text == "<<" => {
                self.aside = Some(Aside { depth: 0, kind: AsideKind::Merge { begin: None } });
            }
            Node::Scalar { text, plain, tag } => {
                self.document.name(&scalar(&text, plain, tag.as_deref()).canonical(), place);
            }
            node => {
                let reason = "a name that is a list, a map or no known alias; a hash stands for it";
                self.document.gather().problem(ProblemKind::Syntax, place, reason, None);
                self.aside = Some(Aside { depth: 0, kind: AsideKind::Name(Sha256::new(), place) });
                self.put_aside(&node, 0);
            }
        }
    }

    /// The scalar that an alias in the place of a name stands for.
    fn resolved_name(&mut self, node: Node<'i>) -> Node<'i> {
        let Node::Alias(anchor) = node else { return node };
        let found = self.anchors.get(&anchor).map(|range| &self.tape[range.start].0);
        let Some(Node::Scalar { text, .. }) = found else { return node };
        let bytes = text.len();
        let found = found.cloned();
        if self.afford(1) && self.afford_bytes(bytes) { found.unwrap_or(node) } else { node }
    }

    fn put_aside(&mut self, node: &Node<'i>, at: usize) {
        let Some(aside) = &mut self.aside else { return };
        match node {
            Node::Map(_) | Node::List(_) => aside.depth += 1,
            Node::End => aside.depth -= 1,
            _ => {}
        }
        match &mut aside.kind {
            AsideKind::Merge { begin } => {
                let begin = *begin.get_or_insert(at);
                let ends = aside.depth == 0;
                if self.full {
                    self.document.gather().unread(&said(node));
                }
                if ends {
                    self.aside = None;
                    if let Some(frame) = self.frames.last_mut() {
                        if !self.full {
                            frame.merges.push(begin..at + 1);
                        }
                        frame.at_name = true;
                    }
                }
            }
            AsideKind::Name(hash, place) => {
                hash.update(said(node));
                if aside.depth == 0 {
                    let hash = hash.clone().finalize();
                    let name: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
                    let place = *place;
                    self.aside = None;
                    self.document.name(format!("?{name}").as_bytes(), place);
                }
            }
        }
    }

    fn value(&mut self, node: Node<'i>, place: Place) {
        match node {
            Node::Scalar { text, plain, tag } => {
                self.document.scalar(&scalar(&text, plain, tag.as_deref()), place);
                self.after_value();
            }
            Node::Map(tag) => {
                self.document.begin_map(place);
                self.tag(tag.filter(|tag| **tag != *"!!map"), place);
                self.frames.push(Frame { is_map: true, at_name: true, merges: Vec::new() });
            }
            Node::List(tag) => {
                self.document.begin_list(place);
                self.tag(tag.filter(|tag| **tag != *"!!seq"), place);
                self.frames.push(Frame { is_map: false, at_name: false, merges: Vec::new() });
            }
            Node::End => {
                let merges = self.frames.last_mut().map(|frame| std::mem::take(&mut frame.merges)).unwrap_or_default();
                for merge in merges.into_iter().rev() {
                    self.merge(merge, 0);
                }
                self.document.end();
                self.frames.pop();
                self.after_value();
            }
            Node::Alias(anchor) => self.alias(anchor, place),
        }
    }

    fn after_value(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.at_name = frame.is_map;
        }
    }

    fn tag(&mut self, tag: Option<Box<str>>, place: Place) {
        if let Some(tag) = tag {
            self.document.label("!", &Scalar::Other(tag.as_bytes().into()), place);
        }
    }

    fn alias(&mut self, anchor: usize, place: Place) {
        let reason = match self.anchors.get(&anchor).cloned() {
            None if self.full => TOO_MUCH,
            None => RECURSIVE,
            Some(range) if self.document.is_skipping() => {
                self.document.gather().unread(&range.start.to_le_bytes());
                return self.after_value();
            }
            Some(range) if self.afford(range.len()) => return self.replay(range),
            Some(_) => TOO_MUCH,
        };
        self.say(reason, place);
        self.document.scalar(&Scalar::Other(b"*"[..].into()), place);
        self.after_value();
    }

    /// The members of what a `<<` names, where the map has none of that name:
    /// its own come first, then of several maps those of the first.
    fn merge(&mut self, range: Range<usize>, depth: usize) {
        let (node, place) = self.tape[range.start].clone();
        if depth > NESTING_DEPTH_MAX || !self.afford(1) {
            return self.say(TOO_MUCH, place);
        }
        match node {
            Node::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(range) => self.merge(range, depth + 1),
                None => self.say(RECURSIVE, place),
            },
            Node::Map(_) => self.merge_map(range, depth),
            Node::List(_) => {
                let mut at = range.start + 1;
                while at + 1 < range.end {
                    let end = self.end_of(at);
                    self.merge(at..end, depth + 1);
                    at = end;
                }
            }
            Node::Scalar { .. } | Node::End => self.say("`<<` stands for no map; it is not followed", place),
        }
    }

    fn merge_map(&mut self, range: Range<usize>, depth: usize) {
        let mut nested = Vec::new();
        let mut at = range.start + 1;
        while at + 1 < range.end {
            let value = self.end_of(at);
            let end = self.end_of(value);
            let (node, place) = &self.tape[at];
            let place = *place;
            let bytes = if let Node::Scalar { text, .. } = node { text.len() } else { 0 };
            if !self.afford(end - at) || !self.afford_bytes(bytes) {
                return self.say(TOO_MUCH, place);
            }
            let name = self.tape[at].0.clone();
            match self.resolved_name(name) {
                Node::Scalar { text, plain: true, .. } if text == "<<" => nested.push(value..end),
                Node::Scalar { text, plain, tag } => {
                    let scalar = scalar(&text, plain, tag.as_deref());
                    let name = scalar.canonical();
                    if self.document.has(&name) {
                        at = end;
                        continue;
                    }
                    self.document.name(&name, place);
                    if let Some(frame) = self.frames.last_mut() {
                        frame.at_name = false;
                    }
                    self.replay(value..end);
                }
                name => self.document.gather().unread(&said(&name)),
            }
            at = end;
        }
        for merge in nested.into_iter().rev() {
            self.merge(merge, depth + 1);
        }
    }

    /// Where the node ends that begins there on the tape.
    fn end_of(&self, begin: usize) -> usize {
        let mut depth = 0_usize;
        for (at, (node, _)) in self.tape.iter().enumerate().skip(begin) {
            match node {
                Node::Map(_) | Node::List(_) => depth += 1,
                Node::End => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return at + 1;
            }
        }
        self.tape.len()
    }

    fn say(&mut self, reason: &str, place: Place) {
        let kind = if reason == TOO_MUCH { ProblemKind::Limit } else { ProblemKind::Syntax };
        self.document.gather().problem(kind, place, reason, None);
    }

    /// Whether so many nodes more may be walked.
    fn afford(&mut self, nodes: usize) -> bool {
        self.afford_bytes(nodes.saturating_mul(NODE_BYTES))
    }

    fn afford_bytes(&mut self, bytes: usize) -> bool {
        self.spent = self.spent.saturating_add(bytes);
        self.spent <= ALIAS_BYTES_MAX
    }

    /// Puts a node on the tape, as long as that has room; from then on anchors
    /// stand for nothing.
    fn keep(&mut self, node: &Node<'i>, place: Place) {
        let text = if let Node::Scalar { text, .. } = node { text.len() } else { 0 };
        self.taped = self.taped.saturating_add(TAPE_NODE_BYTES + text);
        if self.taped <= self.tape_bytes_max {
            self.tape.push((node.clone(), place));
        } else if !std::mem::replace(&mut self.full, true) {
            self.open.clear();
            self.say(TOO_MUCH, place);
            // The merge that has no room is not followed: what came of it so far
            // is watched with the rest of it.
            if let Some(Aside { kind: AsideKind::Merge { begin: Some(begin) }, .. }) = &self.aside {
                for (node, _) in &self.tape[*begin..] {
                    self.document.gather().unread(&said(node));
                }
            }
        }
    }

    /// Walks what is on the tape; each alias in it goes one deeper, at most as
    /// deep as documents nest.
    fn replay(&mut self, range: Range<usize>) {
        for at in range {
            let (node, place) = self.tape[at].clone();
            if let Node::Scalar { text, .. } = &node {
                self.spent = self.spent.saturating_add(text.len());
            }
            self.walk(node, place, at);
        }
    }
}

/// Bytes that stand for a node in a hash.
fn said(node: &Node<'_>) -> Vec<u8> {
    format!("{node:?}\n").into_bytes()
}

/// The value of a scalar.
fn scalar<'t>(text: &'t str, plain: bool, tag: Option<&str>) -> Scalar<'t> {
    let as_text = |text: &'t str| {
        // Without its quotes another reader would take it for something else.
        let odd = is_disputed(text) || text.starts_with('!') || text.starts_with('*');
        if odd { Scalar::Quoted(text.as_bytes().into()) } else { Scalar::Text(text.as_bytes().into()) }
    };
    match tag {
        None if plain => resolve(text),
        None | Some("!" | "!!str") => as_text(text),
        Some("!!null" | "!!bool" | "!!int" | "!!float") => resolve(text),
        Some("!!binary") => {
            let bare: String = text.split_whitespace().collect();
            Scalar::Other(format!("!!binary {bare}").into_bytes().into())
        }
        Some(tag) => Scalar::Other(format!("{tag} {text}").into_bytes().into()),
    }
}
