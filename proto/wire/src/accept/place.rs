//! The place of one connection among all, and among those of its address.
//!
//! It comes back when the connection ends, however it ends.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedSemaphorePermit;

/// Connections by address. Holds no address that has none.
#[derive(Debug, Clone, Default)]
pub(super) struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);

impl Addresses {
    /// A place for one more of an address; none when it has its share.
    pub(super) fn enter(&self, address: IpAddr, max: usize, permit: OwnedSemaphorePermit) -> Option<Place> {
        let address = share_of(address);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= max {
            return None;
        }
        *count += 1;
        Some(Place { address, among: self.clone(), _permit: permit })
    }
}

/// Who shares: an IPv4 address, or the network of an IPv6 host, which has as
/// many addresses as it likes (RFC 6177: a site gets a /64 at least).
fn share_of(address: IpAddr) -> IpAddr {
    const HOST_BITS: u32 = 64;
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> HOST_BITS << HOST_BITS).into(),
        address => address,
    }
}

/// Held by a connection for as long as it stands.
#[derive(Debug)]
pub(super) struct Place {
    address: IpAddr,
    among: Addresses,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.among.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_shares_what_one_address_of_ipv4_has() {
        let share = |text: &str| share_of(text.parse().unwrap());
        assert_eq!(share("2001:db8:1:2::1"), share("2001:db8:1:2:ffff::9"));
        assert_ne!(share("2001:db8:1:2::1"), share("2001:db8:1:3::1"));
        assert_ne!(share("192.0.2.1"), share("192.0.2.2"));
        assert_eq!(share("::ffff:192.0.2.1"), share("192.0.2.1"));
    }
}
