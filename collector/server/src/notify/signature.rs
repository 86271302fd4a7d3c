//! The signature of a webhook call.
//!
//! HMAC-SHA-256 (RFC 2104) under the route's secret over `<seconds>.<body>`, so
//! that a call can be held against a clock and not be replayed much later.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::hex;

/// The secret of a route; wiped on drop, never printed.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// A secret of these bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The header's value for a body sent at that time.
    #[must_use]
    pub fn header(&self, now_s: i64, body: &[u8]) -> String {
        // HMAC takes keys of any length, so this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(now_s.to_string().as_bytes());
        mac.update(b".");
        mac.update(body);
        format!("t={now_s},v1={}", hex::encode(&mac.finalize().into_bytes()))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_what_its_description_says() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 'sixteen bytes or more'
        let header = Secret::new(b"sixteen bytes or more".to_vec()).header(1_700_000_000, br#"{"a":1}"#);
        let (time, signature) = header.split_once(",v1=").unwrap();
        assert_eq!(time, "t=1700000000");
        assert_eq!(signature.len(), 64);
        let other = Secret::new(b"sixteen bytes or other".to_vec()).header(1_700_000_000, br#"{"a":1}"#);
        assert_ne!(header, other);
        assert_ne!(header, Secret::new(b"sixteen bytes or more".to_vec()).header(1_700_000_001, br#"{"a":1}"#));
    }

    #[test]
    fn it_is_never_printed() {
        assert_eq!(format!("{:?}", Secret::new(vec![1; 16])), "Secret(..)");
    }
}
