//! Netlink messages and attributes, taken apart: lengths and types, no meaning
//! (netlink(7), `linux/netlink.h`).
//!
//! It believes no length: whatever does not fit ends the reading, and that is
//! said. It copies nothing.

/// Bytes of a message's header: length, type, flags, sequence, port.
const HEADER: usize = 16;

/// Bytes of an attribute's header: length and type.
const ATTRIBUTE: usize = 4;

/// The two flags in the type of an attribute (`NLA_F_NESTED`,
/// `NLA_F_NET_BYTEORDER`).
const TYPE_MASK: u16 = 0x3fff;

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its type.
    pub kind: u16,
    /// Its flags.
    pub flags: u16,
    /// What stands behind the header.
    pub body: &'a [u8],
}

/// The messages of one datagram.
#[derive(Debug, Clone)]
pub struct Messages<'a>(Option<&'a [u8]>);

/// The attributes of a message, or within an attribute.
#[derive(Debug, Clone)]
pub struct Attributes<'a>(Option<&'a [u8]>);

impl<'a> Messages<'a> {
    /// Of a datagram.
    #[must_use]
    pub fn of(datagram: &'a [u8]) -> Self {
        Self(Some(datagram))
    }
}

impl<'a> Attributes<'a> {
    /// Of the bytes behind a header.
    #[must_use]
    pub fn of(bytes: &'a [u8]) -> Self {
        Self(Some(bytes))
    }

    /// The first attribute of that type.
    #[must_use]
    pub fn find(&self, kind: u16) -> Option<&'a [u8]> {
        self.clone().filter_map(Result::ok).find(|(found, _)| *found == kind).map(|(_, value)| value)
    }

    /// A text without what follows its NUL; one that is no UTF-8 is shown as far
    /// as it is.
    #[must_use]
    pub fn text(&self, kind: u16) -> Option<Box<str>> {
        let bytes = self.find(kind)?;
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        Some(String::from_utf8_lossy(&bytes[..end]).into())
    }

    /// A number of four bytes in network order.
    #[must_use]
    pub fn u32(&self, kind: u16) -> Option<u32> {
        self.find(kind)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// A number of eight bytes in network order.
    #[must_use]
    pub fn u64(&self, kind: u16) -> Option<u64> {
        self.find(kind)?.try_into().ok().map(u64::from_be_bytes)
    }

    /// The attributes within an attribute; none of them if it is not there.
    #[must_use]
    pub fn within(&self, kind: u16) -> Self {
        Self(self.find(kind))
    }
}

/// The bytes do not fit their lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.take().filter(|rest| !rest.is_empty())?;
        let Some((length, message)) = message(rest) else { return Some(Err(Malformed)) };
        self.0 = rest.get(aligned(length)..);
        Some(Ok(message))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<(u16, &'a [u8]), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.take().filter(|rest| !rest.is_empty())?;
        let Some((length, kind, value)) = attribute(rest) else { return Some(Err(Malformed)) };
        self.0 = rest.get(aligned(length)..);
        Some(Ok((kind & TYPE_MASK, value)))
    }
}

fn message(bytes: &[u8]) -> Option<(usize, Message<'_>)> {
    let length = usize::try_from(u32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?)).ok()?;
    let (kind, flags) = (u16_at(bytes, 4)?, u16_at(bytes, 6)?);
    let body = bytes.get(HEADER..length)?;
    Some((length, Message { kind, flags, body }))
}

fn attribute(bytes: &[u8]) -> Option<(usize, u16, &[u8])> {
    let length = usize::from(u16_at(bytes, 0)?);
    Some((length, u16_at(bytes, 2)?, bytes.get(ATTRIBUTE..length)?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_ne_bytes)
}

/// Messages and attributes begin at multiples of four bytes.
fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}

#[cfg(test)]
mod tests;
