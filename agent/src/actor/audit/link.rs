//! The netlink sockets of the audit subsystem (`linux/audit.h`): one that hears
//! its records beside auditd, one that asks and tells it.
//!
//! Only what the kernel itself sends is believed. It sends records of its own
//! to nobody.

use std::io;
use std::time::Duration;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::sockopt::{self, Timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

/// The group of readers beside auditd (`AUDIT_NLGRP_READLOG`), as a bit.
const READ_LOG: u32 = 1;

/// Bytes of one message: the kernel's longest record has some 8,970.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;

/// Bytes that the kernel keeps for us: a burst of some hundred system calls.
/// The host's limit (`net.core.rmem_max`) may allow less.
const BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// How long the kernel may take to answer.
const ANSWER: Duration = Duration::from_secs(2);

/// Messages of one answer: rules of a host, and then some.
const ANSWERS_MAX: usize = 8192;

const HEADER_BYTES: usize = 16;
const REQUEST_AND_ACK: u16 = 1 | 4;
const ERROR: u16 = 2;
const DONE: u16 = 3;
const GET: u16 = 1000;
const SET: u16 = 1001;
const ADD_RULE: u16 = 1011;
const DELETE_RULE: u16 = 1012;
const LIST_RULES: u16 = 1013;

/// The mask bit of `enabled` (`AUDIT_STATUS_ENABLED`).
const SET_ENABLED: u32 = 1;

/// Words of `struct audit_status` that are sent.
const STATUS_WORDS: usize = 8;

/// How the audit subsystem stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditStatus {
    /// 0: off, 1: on, 2: on and locked until the next boot.
    pub enabled: u32,
    /// The daemon's process; 0: none.
    pub daemon: u32,
}

/// Hears records.
#[derive(Debug)]
pub struct Listener(OwnedFd);

/// A message of the kernel.
#[derive(Debug)]
pub struct Message<'a> {
    /// Its type.
    pub kind: u16,
    /// What is in it.
    pub payload: &'a [u8],
}

impl Listener {
    /// Joins the readers beside auditd.
    ///
    /// # Errors
    /// `EPERM` without `CAP_AUDIT_READ`; `EPROTONOSUPPORT` where the kernel has
    /// no audit; `ECONNREFUSED` in a container.
    pub fn open() -> io::Result<Self> {
        let socket = socket(SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?;
        // More than the host allows is cut down, not refused.
        _ = sockopt::set_socket_recv_buffer_size(&socket, BUFFER_BYTES);
        rustix::net::bind(&socket, &SocketAddrNetlink::new(0, READ_LOG))?;
        Ok(Self(socket))
    }

    /// What is to be waited for.
    #[must_use]
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// The next record; none when nothing waits.
    ///
    /// # Errors
    /// `ENOBUFS` when records were lost.
    pub fn next<'a>(&self, buffer: &'a mut Buffer) -> io::Result<Option<Message<'a>>> {
        match receive(&self.0, buffer) {
            // The length in the header leaves the header out, against the rule
            // of netlink: the datagram's own counts.
            Ok(length) => Ok(message(&buffer.0[..length]).map(|(message, _)| message)),
            Err(Errno::AGAIN) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Room for one message.
#[derive(Debug)]
pub struct Buffer(Box<[u8]>);

impl Default for Buffer {
    fn default() -> Self {
        Self(vec![0; MESSAGE_BYTES_MAX].into())
    }
}

/// Asks and tells.
#[derive(Debug)]
pub struct Control {
    socket: OwnedFd,
    serial: u32,
    buffer: Buffer,
}

impl Control {
    /// Opens a socket.
    ///
    /// # Errors
    /// Where the kernel has no audit.
    pub fn open() -> io::Result<Self> {
        let socket = socket(SocketFlags::CLOEXEC)?;
        sockopt::set_socket_timeout(&socket, Timeout::Recv, Some(ANSWER))?;
        rustix::net::bind(&socket, &SocketAddrNetlink::new(0, 0))?;
        Ok(Self { socket, serial: 0, buffer: Buffer::default() })
    }

    /// How the audit subsystem stands.
    ///
    /// # Errors
    /// `EPERM` without `CAP_AUDIT_CONTROL`.
    pub fn status(&mut self) -> io::Result<AuditStatus> {
        let answers = self.ask(GET, &[])?;
        let word = |bytes: &[u8], at: usize| Some(u32::from_ne_bytes(bytes.get(4 * at..4 * at + 4)?.try_into().ok()?));
        answers
            .first()
            .and_then(|bytes| Some(AuditStatus { enabled: word(bytes, 1)?, daemon: word(bytes, 3)? }))
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }

    /// Switches audit on or off.
    ///
    /// # Errors
    /// `EPERM` where it is locked or may not be changed.
    pub fn enable(&mut self, on: bool) -> io::Result<()> {
        let mut words = [0_u32; STATUS_WORDS];
        words[0] = SET_ENABLED;
        words[1] = u32::from(on);
        let bytes: Vec<u8> = words.into_iter().flat_map(u32::to_ne_bytes).collect();
        self.ask(SET, &bytes).map(|_| ())
    }

    /// Adds a rule.
    ///
    /// # Errors
    /// `EEXIST` where it is there already.
    pub fn add(&mut self, rule: &[u8]) -> io::Result<()> {
        self.ask(ADD_RULE, rule).map(|_| ())
    }

    /// Takes a rule out.
    ///
    /// # Errors
    /// `ENOENT` where it is not there.
    pub fn delete(&mut self, rule: &[u8]) -> io::Result<()> {
        self.ask(DELETE_RULE, rule).map(|_| ())
    }

    /// All rules, as they are deleted.
    ///
    /// # Errors
    /// `EPERM` without `CAP_AUDIT_CONTROL`.
    pub fn rules(&mut self) -> io::Result<Vec<Vec<u8>>> {
        self.ask(LIST_RULES, &[])
    }

    /// Sends a request and collects what comes until it is acknowledged, and
    /// for a list until its end.
    fn ask(&mut self, kind: u16, payload: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        self.serial += 1;
        let length = u32::try_from(HEADER_BYTES + payload.len()).map_err(|_| Errno::MSGSIZE)?;
        let mut request = Vec::with_capacity(HEADER_BYTES + payload.len());
        request.extend_from_slice(&length.to_ne_bytes());
        request.extend_from_slice(&kind.to_ne_bytes());
        request.extend_from_slice(&REQUEST_AND_ACK.to_ne_bytes());
        request.extend_from_slice(&self.serial.to_ne_bytes());
        request.extend_from_slice(&0_u32.to_ne_bytes());
        request.extend_from_slice(payload);
        rustix::net::sendto(&self.socket, &request, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
        let mut answers = Vec::new();
        let (mut acknowledged, mut ended) = (false, kind != LIST_RULES && kind != GET);
        for _ in 0..ANSWERS_MAX {
            let length = receive(&self.socket, &mut self.buffer)?;
            let Some((message, serial)) = message(&self.buffer.0[..length]) else {
                continue;
            };
            if serial != self.serial {
                continue;
            }
            match message.kind {
                ERROR => {
                    let code = message.payload.get(..4).and_then(|code| code.try_into().ok()).map(i32::from_ne_bytes);
                    match code {
                        Some(0) => acknowledged = true,
                        Some(code) => return Err(io::Error::from_raw_os_error(code.saturating_neg())),
                        None => return Err(io::ErrorKind::InvalidData.into()),
                    }
                }
                DONE => ended = true,
                _ => {
                    ended |= kind == GET;
                    answers.push(message.payload.to_vec());
                }
            }
            if acknowledged && ended {
                return Ok(answers);
            }
        }
        Err(io::ErrorKind::InvalidData.into())
    }
}

fn socket(flags: SocketFlags) -> rustix::io::Result<OwnedFd> {
    rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, Some(netlink::AUDIT))
}

/// Receives one datagram of the kernel; those of anybody else are passed over.
fn receive(socket: &OwnedFd, buffer: &mut Buffer) -> rustix::io::Result<usize> {
    loop {
        let (_, length, from) = match rustix::net::recvfrom(socket, &mut *buffer.0, RecvFlags::empty()) {
            Err(Errno::INTR) => continue,
            received => received?,
        };
        let from = from.and_then(|from| SocketAddrNetlink::try_from(from).ok());
        if from.is_some_and(|from| from.pid() == 0) {
            return Ok(length.min(buffer.0.len()));
        }
    }
}

/// A message without its header, and its number.
fn message(bytes: &[u8]) -> Option<(Message<'_>, u32)> {
    let kind = bytes.get(4..6)?.try_into().ok().map(u16::from_ne_bytes)?;
    let serial = bytes.get(8..12)?.try_into().ok().map(u32::from_ne_bytes)?;
    Some((Message { kind, payload: bytes.get(HEADER_BYTES..)? }, serial))
}
