//! Items about the file itself: state, mode, owner, group, access control list
//! and link target.
//!
//! They are facts and not values of the file, so they are always shown.

use std::os::fd::AsFd;

use driftline_canon::digest::KeyedDigest;
use driftline_canon::key::escape;
use driftline_canon::{DisplayPolicy, Item, ItemKey, Observation, Setting, Value};
use rustix::fs::Stat;

use super::acl;
use super::owners::Names;

/// The attribute that holds an access control list (acl(5)).
const ACL_ATTRIBUTE: &str = "system.posix_acl_access";

/// Whether a file is there, as the value of `@state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is there and was read.
    Present,
    /// It is not there.
    Absent,
    /// It is there and may not be read.
    Unreadable,
    /// Something is there that is not a file, or out of bounds.
    Refused,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Absent => "absent",
            Self::Unreadable => "unreadable",
            Self::Refused => "refused",
        }
    }
}

/// Makes metadata items under one fleet key.
#[derive(Debug)]
pub struct Metadata {
    keyed: KeyedDigest,
    users: Names,
    groups: Names,
    /// The last item of each key, with its text: one file is like the other.
    last: Vec<(String, Item)>,
}

impl Metadata {
    /// With the account files of this host.
    #[must_use]
    pub fn new(keyed: KeyedDigest) -> Self {
        Self { keyed, users: Names::of("/etc/passwd"), groups: Names::of("/etc/group"), last: Vec::new() }
    }

    /// Reads the account files again if they changed.
    pub fn refresh(&mut self) {
        self.users.refresh();
        self.groups.refresh();
    }

    /// The item that says whether the file is there.
    #[must_use]
    pub fn state(&mut self, state: State) -> Item {
        self.item(ItemKey::STATE, state.as_str())
    }

    /// Mode, owner and group.
    pub fn of_stat(&mut self, stat: &Stat, items: &mut Vec<Item>) {
        items.push(self.item(ItemKey::MODE, &format!("{:04o}", stat.st_mode & 0o7777)));
        let (owner, group) = (self.users.name(stat.st_uid), self.groups.name(stat.st_gid));
        items.push(self.item(ItemKey::OWNER, &owner));
        items.push(self.item(ItemKey::GROUP, &group));
    }

    /// The access control list of an open file, if it has one.
    pub fn of_acl(&mut self, file: impl AsFd, items: &mut Vec<Item>) {
        let mut buffer = [0_u8; acl::ACL_BYTES_MAX];
        // Most files have no list, some filesystems know none: both are errors.
        let length = rustix::fs::fgetxattr(file, ACL_ATTRIBUTE, &mut buffer[..]).unwrap_or(0);
        if let Some(text) = buffer.get(..length).and_then(acl::text) {
            items.push(self.item(ItemKey::ACL, &text));
        }
    }

    /// Where the path points, if it is a link.
    pub fn of_target(&mut self, target: Option<&[u8]>, items: &mut Vec<Item>) {
        if let Some(target) = target {
            items.push(self.item(ItemKey::TARGET, &escape(target)));
        }
    }

    fn item(&mut self, key: &'static str, text: &str) -> Item {
        let at = self.last.iter().position(|(_, item)| item.key.as_str() == key);
        if let Some((_, item)) = at.and_then(|at| self.last.get(at)).filter(|(last, _)| last == text) {
            return item.clone();
        }
        let made = (text.to_owned(), self.make(key, text));
        let item = made.1.clone();
        match at {
            Some(at) => self.last[at] = made,
            None => self.last.push(made),
        }
        item
    }

    fn make(&self, key: &'static str, text: &str) -> Item {
        let key = ItemKey::metadata(key);
        let digest = self.keyed.digest(&key, &Value::text(text.as_bytes()));
        let setting =
            Setting { key, value: Value::text(text.as_bytes()), line: None, template: None, file: None, secret: false };
        let display = driftline_canon::display::masked(&setting, None, DisplayPolicy::Clear);
        Item { key: setting.key, digest, secret: false, display, line: None, file: None }
    }
}

/// Takes the items of one observation and puts metadata in their place.
#[must_use]
pub fn with(items: Vec<Item>, metadata: Vec<Item>) -> Observation {
    Observation::new(items.into_iter().chain(metadata).collect())
}
