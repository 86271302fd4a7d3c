//! Nested documents (JSON, YAML, TOML): from the walk over one to settings,
//! each scalar under the path of its place.
//!
//! Knows no syntax and holds no tree. Where a document nests deeper or names
//! longer than the limits, what is below is watched as content.

mod named;
mod scalar;

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::gather::{Gather, text};
use super::kept::Mark;
use super::path::KeyPath;
use crate::limits::{KEY_BYTES_MAX, NESTING_DEPTH_MAX};
use crate::{Place, ProblemKind};
use named::Named;
pub(super) use scalar::{Scalar, integer};

/// Bytes of one name that a key shows; of a longer one its beginning and its
/// hash.
const NAME_BYTES_MAX: usize = 256;

/// The key of a document that is one scalar.
const WHOLE: &[u8] = b".";

/// A map or list that is being walked.
struct Frame {
    /// How many scalars had been set when it began, and how long its path is.
    begin: usize,
    path: usize,
    /// The members that are maps or lists themselves, and what of `set` stands
    /// in each.
    containers: HashMap<Box<[u8]>, (usize, usize)>,
    /// In a list, the index of the next element; in a map, none.
    next: Option<usize>,
    /// Whether it has nothing in it yet.
    empty: bool,
    place: Place,
    named: Named,
}

/// A document in the walk. Members come as [`Document::name`] and then their
/// value; elements of a list as their value alone.
pub(super) struct Document<'a> {
    gather: &'a mut Gather,
    path: KeyPath,
    frames: Vec<Frame>,
    /// Every scalar as it was set, to be taken back with the map that it is in.
    set: Vec<Mark>,
    /// How deep the walk is below a place that is not followed.
    skipping: usize,
    /// Whether the next value is not followed.
    skip_next: bool,
}

impl<'a> Document<'a> {
    pub(super) fn new(gather: &'a mut Gather) -> Self {
        Self { gather, path: KeyPath::default(), frames: Vec::new(), set: Vec::new(), skipping: 0, skip_next: false }
    }

    /// Where problems go.
    pub(super) fn gather(&mut self) -> &mut Gather {
        self.gather
    }

    /// The walk ends, wherever it is.
    pub(super) fn into_gather(self) -> &'a mut Gather {
        self.gather
    }

    /// Whether what comes now is too deep to become settings.
    pub(super) fn is_skipping(&self) -> bool {
        self.skipping > 0
    }

    /// Begins another document of the same file, from 2.
    pub(super) fn next_document(&mut self, number: usize) {
        self.path = KeyPath::default();
        self.path.push_label(&format!("#{number}"));
    }

    /// The name of the member whose value comes next. A name that was there
    /// takes its earlier value back.
    pub(super) fn name(&mut self, name: &[u8], place: Place) {
        if self.skipping > 0 {
            self.gather.unread(name);
            return;
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.empty = false;
            frame.named.member(name);
        }
        self.push_name(name);
        if self.path.as_bytes().len() > KEY_BYTES_MAX {
            let reason =
                format!("the path of names has more than {KEY_BYTES_MAX} bytes; what is there is watched as content");
            self.gather.problem(ProblemKind::Limit, place, &reason, None);
            self.gather.unread(self.path.as_bytes());
            self.skip_next = true;
            return;
        }
        self.take_back(place);
    }

    /// Whether the map that is walked has a member of that name.
    pub(super) fn has(&mut self, name: &[u8]) -> bool {
        if self.skipping > 0 {
            return false;
        }
        self.push_name(name);
        let found = self.gather.value(self.path.as_bytes()).is_some() || self.container().is_some();
        self.path.pop();
        found
    }

    /// A map begins.
    pub(super) fn begin_map(&mut self, place: Place) {
        self.begin(None, place);
    }

    /// A list begins.
    pub(super) fn begin_list(&mut self, place: Place) {
        self.begin(Some(0), place);
    }

    /// The map or list ends that began last.
    pub(super) fn end(&mut self) {
        if self.skipping > 0 {
            self.skipping -= 1;
            self.gather.unread(b"}");
            if self.skipping == 0 && !self.frames.is_empty() {
                self.path.pop();
            }
            return;
        }
        let Some(frame) = self.frames.pop() else { return };
        self.mark_named(&frame.named);
        if let Some(parent) = self.frames.last_mut() {
            parent.named.walked((frame.begin, self.set.len()), None);
        }
        if frame.empty {
            let value = if frame.next.is_some() { Scalar::EmptyList } else { Scalar::EmptyMap };
            self.set(&value, frame.place);
        } else if let Some(parent) = self.frames.last_mut().filter(|parent| parent.next.is_none()) {
            let name = &self.path.as_bytes()[parent.path..];
            parent.containers.insert(name.into(), (frame.begin, self.set.len()));
        }
        if !self.frames.is_empty() {
            self.path.pop();
        }
    }

    /// A value that is neither map nor list.
    pub(super) fn scalar(&mut self, scalar: &Scalar<'_>, place: Place) {
        if self.skipping > 0 {
            self.gather.unread(&scalar.canonical());
            return;
        }
        self.enter_element();
        if std::mem::take(&mut self.skip_next) {
            self.gather.unread(&scalar.canonical());
        } else {
            self.set_named(scalar, place);
        }
        if !self.frames.is_empty() {
            self.path.pop();
        }
    }

    /// Sets a member or element, with what its neighbours say of it.
    fn set_named(&mut self, scalar: &Scalar<'_>, place: Place) {
        let before = self.set.len();
        self.set(scalar, place);
        let Some(frame) = self.frames.last_mut() else { return };
        let range = (before, self.set.len());
        if frame.next.is_none() {
            let text = if let Scalar::Text(text) | Scalar::Quoted(text) = scalar { Some(&**text) } else { None };
            frame.named.walked(range, text);
        } else if frame.named.element(Some(scalar)) {
            for mark in &self.set[before..] {
                self.gather.mark_secret(*mark, |_| true);
            }
        }
    }

    /// Marks the values of a map that its names call secrets.
    fn mark_named(&mut self, named: &Named) {
        for (from, to) in named.values() {
            for mark in &self.set[from..to] {
                self.gather.mark_secret(*mark, |value| named.says_secret(value));
            }
        }
    }

    /// What is said about the map or list that began last and is neither
    /// member nor element: a tag.
    pub(super) fn label(&mut self, label: &str, scalar: &Scalar<'_>, place: Place) {
        if self.skipping > 0 {
            self.gather.unread(&scalar.canonical());
            return;
        }
        self.path.push_label(label);
        self.set(scalar, place);
        self.path.pop();
    }

    fn begin(&mut self, next: Option<usize>, place: Place) {
        let too_deep = self.frames.len() >= NESTING_DEPTH_MAX;
        if self.skipping == 0 && !too_deep && !self.skip_next {
            self.enter_element();
            if let Some(list) = self.frames.last_mut() {
                list.named.element(None);
            }
            self.replace_scalar(place);
            let (begin, path) = (self.set.len(), self.path.as_bytes().len());
            self.frames.push(Frame {
                begin,
                path,
                containers: HashMap::new(),
                next,
                empty: true,
                place,
                named: Named::default(),
            });
            return;
        }
        if self.skipping == 0 {
            self.enter_element();
            if too_deep && !std::mem::take(&mut self.skip_next) {
                let reason =
                    format!("it nests deeper than {NESTING_DEPTH_MAX} levels; what is below is watched as content");
                self.gather.problem(ProblemKind::Limit, place, &reason, None);
            }
            self.skip_next = false;
            self.gather.unread(self.path.as_bytes());
        }
        self.skipping += 1;
        self.gather.unread(if next.is_some() { b"[" } else { b"{" });
    }

    /// Goes down to the next element, where the walk is in a list.
    fn enter_element(&mut self) {
        let Some(frame) = self.frames.last_mut() else { return };
        frame.empty = false;
        if let Some(next) = &mut frame.next {
            self.path.push_index(*next);
            *next += 1;
        }
    }

    fn push_name(&mut self, name: &[u8]) {
        if name.len() <= NAME_BYTES_MAX {
            self.path.push_name(name);
            return;
        }
        let hash = Sha256::digest(name);
        let mut short = name[..NAME_BYTES_MAX].to_vec();
        short.extend_from_slice("…".as_bytes());
        short.extend(hash[..8].iter().flat_map(|byte| format!("{byte:02x}").into_bytes()));
        self.path.push_name(&short);
    }

    fn set(&mut self, scalar: &Scalar<'_>, place: Place) {
        let key = if self.path.as_bytes().is_empty() { WHOLE } else { self.path.as_bytes() };
        let mark = self.gather.set_marked(key, text(scalar.canonical().into_owned()), place);
        self.set.extend(mark);
    }

    /// What of the map that is walked stands under the path.
    fn container(&self) -> Option<(usize, usize)> {
        let frame = self.frames.last()?;
        frame.containers.get(&self.path.as_bytes()[frame.path..]).copied()
    }

    /// A map or list that had this name no longer counts.
    fn take_back(&mut self, place: Place) {
        let Some((from, to)) = self.container() else { return };
        self.say_twice(place);
        for mark in &self.set[from..to] {
            self.gather.remove_marked(*mark);
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.containers.remove(&self.path.as_bytes()[frame.path..]);
        }
    }

    /// A scalar that had the name of this map or list no longer counts.
    fn replace_scalar(&mut self, place: Place) {
        if self.gather.value(self.path.as_bytes()).is_some() {
            self.say_twice(place);
            self.gather.remove(self.path.as_bytes());
        }
    }

    fn say_twice(&mut self, place: Place) {
        let reason = "the name is there twice; the last one counts, with all that is in it";
        self.gather.problem(ProblemKind::DuplicateKey, place, reason, None);
    }
}

#[cfg(test)]
mod tests;
