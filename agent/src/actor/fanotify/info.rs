//! What a group of fanotify(7) sends: events with the handle of a directory and
//! a name in it, or with a file descriptor.
//!
//! Pure. It trusts no length.

/// Version of the event's form (`FANOTIFY_METADATA_VERSION`).
const VERSION: u8 = 3;

/// Bytes of an event before what is said beside it.
const EVENT_BYTES: usize = 24;

/// A directory and a name (`FAN_EVENT_INFO_TYPE_DFID_NAME`).
const DIRECTORY_AND_NAME: u8 = 2;

/// The queue overflowed (`FAN_Q_OVERFLOW`).
const OVERFLOW: u64 = 0x4000;

/// The handle of a file: filesystem, type and bytes (`name_to_handle_at(2)`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Handle {
    /// Of which filesystem (statfs(2)).
    pub filesystem: u64,
    /// Its type.
    pub kind: i32,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The process; none for one that cannot be named here.
    pub pid: Option<u32>,
    /// Where, if it is said by handle and name.
    pub at: Option<(Handle, Vec<u8>)>,
    /// Events were lost.
    pub overflow: bool,
}

/// Takes what was read apart; whatever is not well formed ends it.
#[must_use]
pub fn parse(mut bytes: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some((event, rest)) = event(bytes) {
        events.push(event);
        bytes = rest;
    }
    events
}

fn event(bytes: &[u8]) -> Option<(Event, &[u8])> {
    let length = usize::try_from(u32::from_ne_bytes(field(bytes, 0)?)).ok()?;
    let [version] = field(bytes, 4)?;
    let before = usize::from(u16::from_ne_bytes(field(bytes, 6)?));
    let mask = u64::from_ne_bytes(field(bytes, 8)?);
    let pid = i32::from_ne_bytes(field(bytes, 20)?);
    if version != VERSION || before < EVENT_BYTES || length < before || length > bytes.len() {
        return None;
    }
    let (whole, rest) = bytes.split_at(length);
    let event = Event {
        pid: u32::try_from(pid).ok().filter(|pid| *pid > 0),
        at: place(&whole[before..]),
        overflow: mask & OVERFLOW != 0,
    };
    Some((event, rest))
}

/// The first directory and name of what is said beside an event.
fn place(mut beside: &[u8]) -> Option<(Handle, Vec<u8>)> {
    loop {
        let [kind, _] = field(beside, 0)?;
        let length = usize::from(u16::from_ne_bytes(field(beside, 2)?));
        if length < 4 || length > beside.len() {
            return None;
        }
        if kind == DIRECTORY_AND_NAME {
            return named(&beside[4..length]);
        }
        beside = &beside[length..];
    }
}

fn named(info: &[u8]) -> Option<(Handle, Vec<u8>)> {
    let filesystem = u64::from_ne_bytes(field(info, 0)?);
    let length = usize::try_from(u32::from_ne_bytes(field(info, 8)?)).ok()?;
    let kind = i32::from_ne_bytes(field(info, 12)?);
    let bytes = info.get(16..16_usize.checked_add(length)?)?.to_vec();
    let name = info[16 + length..].split(|byte| *byte == 0).next()?.to_vec();
    Some((Handle { filesystem, kind, bytes }, name))
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

/// A mark as `/proc/self/fdinfo` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The inode.
    pub inode: u64,
    /// The device as the kernel numbers it inside: major times 2^20, and minor.
    pub device: u64,
    /// Type of its handle.
    pub kind: i32,
    /// Bytes of its handle.
    pub bytes: Vec<u8>,
}

/// The marks of inodes of a group (proc(5), `fdinfo`).
#[must_use]
pub fn marks(text: &str) -> Vec<Mark> {
    text.lines().filter_map(mark).collect()
}

fn mark(line: &str) -> Option<Mark> {
    let rest = line.strip_prefix("fanotify ino:")?;
    let field = |name: &str| {
        let at = rest.find(name)? + name.len();
        rest[at..].split(' ').next()
    };
    let hex = |text: &str| u64::from_str_radix(text, 16).ok();
    let bytes = field("f_handle:")?.as_bytes();
    let bytes: Option<Vec<u8>> = bytes
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    Some(Mark {
        inode: hex(rest.split(' ').next()?)?,
        device: hex(field("sdev:")?)?,
        kind: i32::from_str_radix(field("fhandle-type:")?, 16).ok()?,
        bytes: bytes?,
    })
}

#[cfg(test)]
mod tests;
