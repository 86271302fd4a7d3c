//! One record of the kernel's audit subsystem: bytes in, fields out. The form is
//! that of `audit_log_format` in the kernel: `audit(SECONDS.MS:SERIAL): k=v …`,
//! untrusted strings in double quotes or, where they hold odd bytes, in
//! hexadecimal.
//!
//! Pure. It believes nothing: a field that is not as it should be is not there.

use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// A login, session or user that is not set.
const UNSET: u32 = u32::MAX;

/// Arguments of one record that are read.
const ARGUMENTS_MAX: usize = 64;

/// The kinds of records that say who did something (`linux/audit.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A system call, its process and user.
    Syscall,
    /// A file that it touched.
    Path,
    /// The directory that it was called in.
    Cwd,
    /// Arguments of a program that was executed.
    Execve,
    /// The end of what was said of one system call.
    End,
    /// Rules of the packet filter were changed.
    Netfilter,
    /// The command line of the process.
    Proctitle,
    /// The audit subsystem itself was changed.
    Config,
}

impl Kind {
    /// The kind of a message's type; none for what says nothing here.
    #[must_use]
    pub fn of(number: u16) -> Option<Self> {
        Some(match number {
            1300 => Self::Syscall,
            1302 => Self::Path,
            1305 => Self::Config,
            1307 => Self::Cwd,
            1309 => Self::Execve,
            1320 => Self::End,
            1325 => Self::Netfilter,
            1327 => Self::Proctitle,
            _ => return None,
        })
    }
}

/// Which event a record belongs to, and when it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// The event's number.
    pub serial: u64,
}

/// The fields of a record.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a>(&'a [u8]);

/// Takes a record apart into its stamp and its fields.
#[must_use]
pub fn parse(record: &[u8]) -> Option<(Stamp, Fields<'_>)> {
    let record = record.split(|byte| *byte == 0).next()?;
    let rest = record.strip_prefix(b"audit(")?;
    let end = rest.iter().position(|byte| *byte == b')')?;
    let stamp = std::str::from_utf8(&rest[..end]).ok()?;
    let (time, serial) = stamp.split_once(':')?;
    let (seconds, ms) = time.split_once('.')?;
    let seconds: i64 = seconds.parse().ok()?;
    let ms: i64 = ms.parse().ok().filter(|ms| (0..1000).contains(ms))?;
    let at_ms = seconds.checked_mul(1000)?.checked_add(ms)?;
    let fields = rest[end + 1..].strip_prefix(b":").unwrap_or_default();
    Some((Stamp { at_ms, serial: serial.parse().ok()? }, Fields(fields)))
}

impl<'a> Fields<'a> {
    /// A field as it stands there, without its quotes.
    #[must_use]
    pub fn raw(self, name: &str) -> Option<&'a [u8]> {
        self.value(name.as_bytes()).map(|(value, _)| value)
    }

    /// The fields from the last one of this name on, which stands behind text
    /// that anybody may choose and that is not escaped.
    #[must_use]
    pub fn from_last(self, name: &str) -> Self {
        let wanted = format!(" {name}=");
        let at = self.0.windows(wanted.len()).rposition(|part| part == wanted.as_bytes());
        Self(at.map_or(&[], |at| &self.0[at..]))
    }

    fn value(self, name: &[u8]) -> Option<(&'a [u8], bool)> {
        let mut rest = self.0;
        loop {
            rest = rest.trim_ascii_start();
            let equals = rest.iter().position(|byte| matches!(byte, b'=' | b' '))?;
            let (key, behind) = rest.split_at(equals);
            if behind.first() == Some(&b' ') {
                // A word without a value.
                rest = behind;
                continue;
            }
            let (value, quoted, next) = value_at(&behind[1..]);
            if key == name {
                return Some((value, quoted));
            }
            rest = next;
        }
    }

    /// A number.
    #[must_use]
    pub fn number<T: std::str::FromStr>(self, name: &str) -> Option<T> {
        std::str::from_utf8(self.raw(name)?).ok()?.parse().ok()
    }

    /// A user, login or session; none if it is not set.
    #[must_use]
    pub fn id(self, name: &str) -> Option<u32> {
        self.number(name).filter(|id| *id != UNSET)
    }

    /// A hexadecimal number.
    #[must_use]
    pub fn hex(self, name: &str) -> Option<u64> {
        u64::from_str_radix(std::str::from_utf8(self.raw(name)?).ok()?, 16).ok()
    }

    /// A string that a process could choose: quoted, or in hexadecimal.
    #[must_use]
    pub fn untrusted(self, name: &str) -> Option<Cow<'a, [u8]>> {
        self.untrusted_at(name.as_bytes())
    }

    fn untrusted_at(self, name: &[u8]) -> Option<Cow<'a, [u8]>> {
        match self.value(name)? {
            (value, true) => Some(Cow::Borrowed(value)),
            (b"(null)" | b"(none)" | b"?", false) => None,
            (value, false) => unhex(value).map(Cow::Owned),
        }
    }

    /// The same as text.
    #[must_use]
    pub fn text(self, name: &str) -> Option<String> {
        self.untrusted(name).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The same as a path.
    #[must_use]
    pub fn path(self, name: &str) -> Option<PathBuf> {
        self.untrusted(name).map(|bytes| PathBuf::from(OsString::from_vec(bytes.into_owned())))
    }

    /// A device, `MAJOR:MINOR` in hexadecimal, and an inode.
    #[must_use]
    pub fn inode(self) -> Option<(u64, u64)> {
        let device = std::str::from_utf8(self.raw("dev")?).ok()?;
        let (major, minor) = device.split_once(':')?;
        let half = |text| u32::from_str_radix(text, 16).ok();
        Some((rustix::fs::makedev(half(major)?, half(minor)?), self.number("inode")?))
    }

    /// The arguments of an executed program, as far as they are in one record.
    #[must_use]
    pub fn arguments(self) -> Vec<Cow<'a, [u8]>> {
        let count: usize = self.number("argc").unwrap_or(0);
        let count = count.min(ARGUMENTS_MAX);
        (0..count).map_while(|index| self.untrusted_at(format!("a{index}").as_bytes())).collect()
    }
}

/// A value, whether it was quoted, and what follows.
fn value_at(bytes: &[u8]) -> (&[u8], bool, &[u8]) {
    if let Some(quoted) = bytes.strip_prefix(b"\"")
        && let Some(end) = quoted.iter().position(|byte| *byte == b'"')
    {
        return (&quoted[..end], true, &quoted[end + 1..]);
    }
    let end = bytes.iter().position(|byte| *byte == b' ').unwrap_or(bytes.len());
    (&bytes[..end], false, &bytes[end..])
}

fn unhex(hex: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if hex.is_empty() || !hex.len().is_multiple_of(2) {
        return None;
    }
    hex.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests;
