//! POSIX access control lists, from the bytes of the extended attribute
//! `system.posix_acl_access` (acl(5); `linux/posix_acl_xattr.h`: version 2,
//! then entries of tag, permissions and id, little-endian).
//!
//! It shows entries beyond owner, group and others: those are in the mode.

use std::fmt::Write;

const VERSION: u32 = 2;
const ENTRY_BYTES: usize = 8;

/// Bytes of an attribute that are looked at: some 500 entries.
pub const ACL_BYTES_MAX: usize = 4096;

/// The list as text: `user:1000:rw-,mask::r--`. None where the attribute is
/// damaged or says nothing that the mode does not.
#[must_use]
pub fn text(attribute: &[u8]) -> Option<String> {
    let (version, entries) = attribute.split_first_chunk()?;
    if u32::from_le_bytes(*version) != VERSION || entries.len() % ENTRY_BYTES != 0 {
        return None;
    }
    let mut out = String::new();
    for entry in entries.chunks_exact(ENTRY_BYTES) {
        let (tag, rest) = entry.split_first_chunk()?;
        let (bits, id) = rest.split_first_chunk()?;
        let id = u32::from_le_bytes(id.try_into().ok()?);
        let who = match u16::from_le_bytes(*tag) {
            0x02 => format!("user:{id}"),
            0x08 => format!("group:{id}"),
            0x10 => "mask:".to_owned(),
            _ => continue,
        };
        let bits = u16::from_le_bytes(*bits);
        let may = |bit: u16, letter: char| if bits & bit == 0 { '-' } else { letter };
        let separator = if out.is_empty() { "" } else { "," };
        // Writing to a string cannot fail.
        _ = write!(out, "{separator}{who}:{}{}{}", may(4, 'r'), may(2, 'w'), may(1, 'x'));
    }
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(entries: &[(u16, u16, u32)]) -> Vec<u8> {
        let mut bytes = VERSION.to_le_bytes().to_vec();
        for (tag, bits, id) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(bits.to_le_bytes());
            bytes.extend(id.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn named_users_groups_and_the_mask_are_shown() {
        let bytes = attribute(&[(1, 6, 0), (2, 6, 1000), (4, 4, 0), (8, 5, 33), (0x10, 4, 0), (0x20, 0, 0)]);
        assert_eq!(text(&bytes).unwrap(), "user:1000:rw-,group:33:r-x,mask::r--");
    }

    #[test]
    fn what_the_mode_says_already_is_no_list() {
        assert_eq!(text(&attribute(&[(1, 6, 0), (4, 4, 0), (0x20, 4, 0)])), None);
    }

    #[test]
    fn damaged_bytes_are_no_list() {
        let bytes = attribute(&[(2, 6, 1000)]);
        for end in 0..bytes.len() {
            assert_eq!(text(&bytes[..end]), None, "cut at {end}");
        }
        assert_eq!(text(&[9; 12]), None);
    }
}
