//! The `nft -j monitor` beside the netlink socket: it says of each new object
//! what it is, as a listing would.
//!
//! It is not believed on its own: a line counts for the event of the kernel that
//! it belongs to, or not at all. What goes is not listened for, but elements.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::time::Duration;

use serde_json::Value as Json;

use super::model::apply::is_within_rule;
use super::namespace::Namespace;
use super::netlink::GROUP;
use super::tools::{Running, ToolError, Tools};

/// Bytes of one line: a rule with a set of a hundred thousand elements in it.
const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Bytes of `/proc/…/net/netlink` that are read: ten thousand sockets.
const SOCKETS_BYTES_MAX: u64 = 1024 * 1024;

/// Descriptors of the program that are looked at. It has a handful.
const DESCRIPTORS_MAX: usize = 256;

/// How long the program may take until it listens. With 20,000 rules it reads
/// them for a second first.
pub const LISTENING_MAX: Duration = Duration::from_secs(15);

/// Between two looks whether it listens by now.
const LOOK: Duration = Duration::from_millis(2);

/// `NETLINK_NETFILTER`, as `/proc` writes it.
const NETFILTER: &str = "12";

/// What the program said.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Whether elements went; everything else came.
    pub gone: bool,
    /// The kind of the object: `rule`, `set` …
    pub kind: Box<str>,
    /// The object.
    pub object: Json,
}

/// It said something that cannot be used, or that it has lost something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`nft monitor` says what cannot be used: {0}")]
pub struct Unusable(pub &'static str);

/// The program, and what it said so far.
#[derive(Debug)]
pub struct Monitor {
    running: Running,
    /// The inodes of its sockets, once it listens: they stay for its life.
    sockets: Vec<u64>,
    text: Vec<u8>,
    lines: VecDeque<Line>,
}

impl Monitor {
    /// Starts it in a namespace. It must be called within the runtime.
    ///
    /// # Errors
    /// [`ToolError`].
    pub fn start(tools: &Tools, place: &Namespace) -> Result<Self, ToolError> {
        let running = tools.find("nft")?.start(&["-j", "monitor"], place)?;
        Ok(Self { running, sockets: Vec::new(), text: Vec::new(), lines: VecDeque::new() })
    }

    /// Waits until it hears what the kernel tells; false if it does not come to
    /// that in time, or has ended.
    pub async fn listens(&mut self) -> bool {
        let listening = async {
            while let Some(id) = self.running.id() {
                if let Some(sockets) = hears(id) {
                    self.sockets = sockets;
                    return true;
                }
                tokio::time::sleep(LOOK).await;
            }
            false
        };
        tokio::time::timeout(LISTENING_MAX, listening).await.unwrap_or(false)
    }

    /// Whether it has taken all that the kernel had told it, since it listens.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let table = self.running.id().and_then(|id| sockets(id).ok());
        table.and_then(|table| waiting(&table, &self.sockets)) == Some(0)
    }

    /// Forgets what it said so far.
    pub fn forget(&mut self) {
        self.lines.clear();
    }

    /// What it said and nobody took.
    pub fn lines(&mut self) -> &mut VecDeque<Line> {
        &mut self.lines
    }

    /// Waits until it says more; false at its end. It may be dropped and waited
    /// for again: nothing is lost.
    ///
    /// # Errors
    /// [`Unusable`].
    pub async fn more(&mut self) -> Result<bool, Unusable> {
        let searched = self.text.len();
        match self.running.read(&mut self.text).await {
            Ok(0) | Err(_) => return Ok(false),
            Ok(_) => {}
        }
        let Some(last) = self.text[searched..].iter().rposition(|&byte| byte == b'\n') else {
            return if self.text.len() > LINE_BYTES_MAX { Err(Unusable("a line without an end")) } else { Ok(true) };
        };
        let rest = self.text.split_off(searched + last + 1);
        let text = std::mem::replace(&mut self.text, rest);
        for line in text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            self.lines.extend(read(line)?);
        }
        Ok(true)
    }

    /// Waits for its end and says how it was.
    pub async fn end(self) -> ToolError {
        self.running.end().await
    }
}

/// Reads a line; none if it is of no use.
fn read(line: &[u8]) -> Result<Option<Line>, Unusable> {
    if line.starts_with(b"#") {
        // `# ERROR: …` is said when the kernel had more to tell than it could
        // take. Other remarks are about its buffers.
        return if line.starts_with(b"# ERROR") { Err(Unusable("it has lost events")) } else { Ok(None) };
    }
    // The flags of a table break its line; the kernel tells them as well.
    if line.starts_with(br#"{"add": {"table":"#) {
        return Ok(None);
    }
    let line: Json = serde_json::from_str(&String::from_utf8_lossy(line)).map_err(|_| Unusable("a line is no JSON"))?;
    let Json::Object(line) = line else { return Err(Unusable("a line is no object")) };
    let Some((said, Json::Object(inner))) = line.into_iter().next() else {
        return Err(Unusable("a line says nothing"));
    };
    let Some((kind, object)) = inner.into_iter().next() else { return Err(Unusable("a line says nothing")) };
    let gone = match said.as_str() {
        "add" | "insert" | "create" | "replace" => false,
        "delete" | "destroy" => true,
        _ => return Ok(None),
    };
    let wanted = kind == "element" || !(gone || kind == "table");
    Ok(wanted.then(|| Line { gone, kind: kind.into(), object }))
}

impl Line {
    /// A member of the object that is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.object.get(name).and_then(Json::as_str).unwrap_or_default()
    }

    /// Whether it is about something within a rule, which is said with the rule.
    #[must_use]
    pub fn is_within_rule(&self) -> bool {
        match &*self.kind {
            "rule" => is_within_rule(self.text("chain")),
            _ => is_within_rule(self.text("name")),
        }
    }
}

/// The sockets of a process that listens to commits; none if it does not.
fn hears(id: u32) -> Option<Vec<u64>> {
    let open = descriptors(id)?;
    waiting(&sockets(id).ok()?, &open)?;
    Some(open)
}

/// How many bytes wait at the socket among these that listens to commits. Its
/// port says nothing: anybody may have taken the one of a process that is still
/// to come, and then the kernel gives it another.
fn waiting(sockets: &str, inodes: &[u64]) -> Option<u64> {
    let of = |line: &str| {
        let columns: Vec<&str> = line.split_ascii_whitespace().collect();
        let [_, protocol, _, groups, bytes, .., inode] = columns[..] else { return None };
        let groups = u32::from_str_radix(groups, 16).unwrap_or(0);
        let is_it = protocol == NETFILTER && groups & GROUP != 0 && inodes.contains(&inode.parse().ok()?);
        if is_it { bytes.parse().ok() } else { None }
    };
    sockets.lines().find_map(of)
}

/// The inodes of the sockets that a process has open.
fn descriptors(id: u32) -> Option<Vec<u64>> {
    let inode = |entry: std::fs::DirEntry| {
        let target = std::fs::read_link(entry.path()).ok()?;
        target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    };
    let all = std::fs::read_dir(format!("/proc/{id}/fd")).ok()?;
    Some(all.take(DESCRIPTORS_MAX).filter_map(Result::ok).filter_map(inode).collect())
}

fn sockets(id: u32) -> io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(format!("/proc/{id}/net/netlink"))?.take(SOCKETS_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests;
