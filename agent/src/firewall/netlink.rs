//! The two netlink sockets of a namespace: one that hears of every commit to
//! its ruleset, and one that asks for its generation and its tables.
//!
//! They change nothing. Only the kernel is believed: a message of any process is
//! dropped and counted.

use std::io;
use std::time::Duration;

use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::netlink::{NETFILTER, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recvfrom, sendto, socket_with, sockopt,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Handle;

use super::event::{self, Event, TableId, What};
use super::namespace::{Namespace, NamespaceError};
use super::tlv::Messages;

/// The group of commits (`NFNLGRP_NFTABLES`, 7) as a bit.
pub(super) const GROUP: u32 = 1 << 6;

/// Bytes of a receive buffer, at least: what waits there is told at once when a
/// few thousand rules are loaded. It takes memory only while something waits.
pub const BUFFER_BYTES_MIN: usize = 8 * 1024 * 1024;

/// And at most: a ruleset of a hundred thousand rules that is replaced. What
/// does not fit is no loss, only a listing.
pub const BUFFER_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Bytes of a buffer for each rule and element: the kernel's news of one, with
/// what it costs to keep a message.
pub const BUFFER_BYTES_EACH: usize = 2 * 1024;

/// Bytes of one datagram. The kernel makes none of more than 64 KiB.
const DATAGRAM_BYTES_MAX: usize = 128 * 1024;

/// Datagrams that are taken at once before others have their turn.
const DATAGRAMS_AT_ONCE: usize = 256;

/// How long the kernel may take to answer. It answers within microseconds.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// Why a socket cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NetlinkError {
    /// The namespace cannot be entered.
    #[error(transparent)]
    Namespace(#[from] NamespaceError),
    /// The kernel says no.
    #[error("could not {what} over netlink: {source}{hint}")]
    Failed {
        /// What was attempted.
        what: &'static str,
        /// What may help.
        hint: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// More was told than there was room for: some of it is lost.
    #[error("the kernel told of more changes than there was room for")]
    Overrun,
}

fn failed(what: &'static str, error: impl Into<io::Error>) -> NetlinkError {
    let source: io::Error = error.into();
    let denied = source.kind() == io::ErrorKind::PermissionDenied;
    NetlinkError::Failed { what, hint: if denied { " (it takes CAP_NET_ADMIN)" } else { "" }, source }
}

/// Hears of commits.
#[derive(Debug)]
pub struct Ear {
    fd: AsyncFd<OwnedFd>,
    buffer: Vec<u8>,
    room: usize,
    strangers: u64,
}

impl Ear {
    /// Begins to listen in a namespace. It must be called within the runtime.
    ///
    /// # Errors
    /// [`NetlinkError`].
    pub fn open(place: &Namespace, room: usize) -> Result<Self, NetlinkError> {
        let runtime = Handle::current();
        place.within(|| {
            let _runtime = runtime.enter();
            let fd = socket(SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?;
            bind(&fd, &SocketAddrNetlink::new(0, GROUP)).map_err(|error| failed("listen to nftables", error))?;
            #[allow(deprecated, reason = "its successor is unsafe; this owns the descriptor, which stays open")]
            let fd = AsyncFd::with_interest(fd, Interest::READABLE).map_err(|e| failed("listen to nftables", e))?;
            let mut ear = Self { fd, buffer: vec![0; DATAGRAM_BYTES_MAX], room: 0, strangers: 0 };
            ear.make_room(room);
            Ok(ear)
        })?
    }

    /// Makes the receive buffer so large, if it is not yet. Without
    /// CAP_NET_ADMIN it is as large as the host lets anybody have one.
    pub fn make_room(&mut self, bytes: usize) {
        if bytes <= self.room {
            return;
        }
        let forced = sockopt::set_socket_recv_buffer_size_force(self.fd.get_ref(), bytes);
        if forced.is_err() {
            _ = sockopt::set_socket_recv_buffer_size(self.fd.get_ref(), bytes);
        }
        self.room = bytes;
    }

    /// Messages of processes that were dropped.
    #[must_use]
    pub fn strangers(&self) -> u64 {
        self.strangers
    }

    /// Waits for events and gives those that are there. It may be dropped and
    /// waited for again: nothing is lost.
    ///
    /// # Errors
    /// [`NetlinkError::Overrun`] when some were lost.
    pub async fn hear(&mut self) -> Result<Vec<Event>, NetlinkError> {
        loop {
            let Self { fd, buffer, strangers, .. } = self;
            let mut ready = fd.readable().await.map_err(|error| failed("hear of nftables", error))?;
            let mut events = Vec::new();
            for _ in 0..DATAGRAMS_AT_ONCE {
                match ready.try_io(|fd| take(fd.get_ref(), buffer, strangers, &mut events).map_err(Into::into)) {
                    Err(_would_block) => break,
                    Ok(Ok(())) => {}
                    Ok(Err(error)) if error.raw_os_error() == Some(Errno::NOBUFS.raw_os_error()) => {
                        return Err(NetlinkError::Overrun);
                    }
                    Ok(Err(error)) => return Err(failed("hear of nftables", error)),
                }
            }
            if !events.is_empty() {
                return Ok(events);
            }
        }
    }
}

/// Takes one datagram.
fn take(fd: &OwnedFd, buffer: &mut [u8], strangers: &mut u64, events: &mut Vec<Event>) -> Result<(), Errno> {
    let (_, length, from) = recvfrom(fd, &mut *buffer, RecvFlags::TRUNC)?;
    let from = from.and_then(|from| SocketAddrNetlink::try_from(from).ok());
    if from.is_none_or(|from| from.pid() != 0) {
        *strangers = strangers.saturating_add(1);
        return Ok(());
    }
    // A datagram that was cut is one that was lost.
    let datagram = buffer.get(..length).ok_or(Errno::NOBUFS)?;
    for message in Messages::of(datagram) {
        events.push(message.map_or(Event::Malformed, |message| event::read(&message)));
    }
    Ok(())
}

fn socket(flags: SocketFlags) -> Result<OwnedFd, NetlinkError> {
    socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, Some(NETFILTER))
        .map_err(|error| failed("open a socket", error))
}

/// Whether a generation is another one's successor, near or far.
#[must_use]
pub fn is_newer(one: u32, than: u32) -> bool {
    one != than && one.wrapping_sub(than) < 1 << 31
}

/// Asks the kernel.
#[derive(Debug)]
pub struct Asker {
    fd: OwnedFd,
}

impl Asker {
    /// Opens a socket in a namespace.
    ///
    /// # Errors
    /// [`NetlinkError`].
    pub fn open(place: &Namespace) -> Result<Self, NetlinkError> {
        place.within(|| {
            let fd = socket(SocketFlags::CLOEXEC)?;
            sockopt::set_socket_timeout(&fd, sockopt::Timeout::Recv, Some(ANSWER_MAX))
                .map_err(|error| failed("open a socket", error))?;
            Ok(Self { fd })
        })?
    }

    /// The generation of the ruleset. It takes microseconds.
    ///
    /// # Errors
    /// [`NetlinkError`].
    pub fn generation(&self) -> Result<u32, NetlinkError> {
        let mut found = None;
        self.ask(16, 0, |event| {
            if let Event::Generation { id, .. } = event {
                found = Some(id);
            }
            found.is_none()
        })?;
        found.ok_or_else(|| failed("read the generation of nftables", io::ErrorKind::InvalidData))
    }

    /// The flags of all tables that have any: listings as JSON tell them wrong.
    ///
    /// # Errors
    /// [`NetlinkError`].
    pub fn table_flags(&self) -> Result<Vec<(TableId, u32)>, NetlinkError> {
        let mut tables = Vec::new();
        self.ask(1, 0x300, |event| {
            if let Event::Object { table, what: What::Table { flags }, .. } = event {
                tables.push((table, flags));
            }
            true
        })?;
        Ok(tables)
    }

    /// Sends a question of that type and takes the answers until there are no
    /// more or no more are wanted.
    fn ask(&self, kind: u8, flags: u16, mut wanted: impl FnMut(Event) -> bool) -> Result<(), NetlinkError> {
        let what = "ask for the state of nftables";
        let question = question(kind, flags);
        sendto(&self.fd, &question, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))
            .map_err(|error| failed(what, error))?;
        let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
        loop {
            let (_, length, from) =
                recvfrom(&self.fd, &mut *buffer, RecvFlags::TRUNC).map_err(|error| failed(what, error))?;
            let from = from.and_then(|from| SocketAddrNetlink::try_from(from).ok());
            if from.is_none_or(|from| from.pid() != 0) {
                continue;
            }
            for message in Messages::of(buffer.get(..length).unwrap_or_default()) {
                let message = message.map_err(|_| failed(what, io::ErrorKind::InvalidData))?;
                match message.kind {
                    2 => return refused(what, message.body),
                    3 => return Ok(()),
                    _ if !wanted(event::read(&message)) => return Ok(()),
                    _ => {}
                }
            }
        }
    }
}

/// `NLMSG_ERROR` begins with the negative error, or with 0.
fn refused(what: &'static str, body: &[u8]) -> Result<(), NetlinkError> {
    let code = body.get(..4).and_then(|code| code.try_into().ok()).map_or(0, i32::from_ne_bytes);
    if code == 0 { Ok(()) } else { Err(failed(what, io::Error::from_raw_os_error(-code))) }
}

/// A message of nftables without attributes, of any family.
fn question(kind: u8, flags: u16) -> Vec<u8> {
    const REQUEST: u16 = 1;
    let mut message = 20_u32.to_ne_bytes().to_vec();
    message.extend_from_slice(&u16::from_be_bytes([10, kind]).to_ne_bytes());
    message.extend_from_slice(&(REQUEST | flags).to_ne_bytes());
    message.extend_from_slice(&[0; 8]);
    message.extend_from_slice(&[0; 4]);
    message
}

#[cfg(test)]
mod tests;
