//! Failed tries per address: a few are mistakes, many are guessing.
//!
//! The table is bounded; when it is full, addresses that are not in it share
//! one budget, so that many addresses gain nothing.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

/// Failed tries of one address within the window.
pub const TRIES_MAX: u32 = 10;

/// The window. Ten tries a minute against 256 bits of secret are nothing, and
/// somebody with a wrong token is not locked out for long.
pub const WINDOW_MS: i64 = 60_000;

/// Addresses that are remembered.
const ADDRESSES_MAX: usize = 4_096;

/// Events per window over all addresses: a flood of refusals must not become a
/// flood of history.
const EVENTS_MAX: u32 = 30;

#[derive(Debug, Clone, Copy, Default)]
struct Window {
    since_ms: i64,
    count: u32,
}

impl Window {
    fn add(&mut self, now_ms: i64) -> u32 {
        // A clock that was stepped back begins a new window, too.
        if !(0..WINDOW_MS).contains(&now_ms.saturating_sub(self.since_ms)) {
            *self = Self { since_ms: now_ms, count: 0 };
        }
        self.count = self.count.saturating_add(1);
        self.count
    }

    fn is_over(&self, now_ms: i64) -> bool {
        !(0..WINDOW_MS).contains(&now_ms.saturating_sub(self.since_ms))
    }
}

/// One subscriber has a whole /64 of IPv6 (RFC 6177): its addresses count as
/// one.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

/// Counts failed tries.
#[derive(Debug, Default)]
pub struct Limiter {
    addresses: HashMap<IpAddr, Window>,
    others: Window,
    events: Window,
}

impl Limiter {
    /// Whether this address may try now.
    #[must_use]
    pub fn may_try(&self, address: IpAddr, now_ms: i64) -> bool {
        let address = network(address);
        let window = match self.addresses.get(&address) {
            Some(window) => window,
            None if self.addresses.len() >= ADDRESSES_MAX => &self.others,
            None => return true,
        };
        window.is_over(now_ms) || window.count < TRIES_MAX
    }

    /// Notes a failed try; says whether it is worth an event.
    pub fn failed(&mut self, address: IpAddr, now_ms: i64) -> bool {
        let address = network(address);
        if self.addresses.len() >= ADDRESSES_MAX {
            self.addresses.retain(|_, window| !window.is_over(now_ms));
        }
        let full = self.addresses.len() >= ADDRESSES_MAX && !self.addresses.contains_key(&address);
        let window = if full { &mut self.others } else { self.addresses.entry(address).or_default() };
        window.add(now_ms);
        self.events.add(now_ms) <= EVENTS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    #[test]
    fn i5_an_address_that_guesses_is_held_off_and_then_let_in_again() {
        let mut limiter = Limiter::default();
        for _ in 0..TRIES_MAX {
            assert!(limiter.may_try(address(1), 0));
            limiter.failed(address(1), 0);
        }
        assert!(!limiter.may_try(address(1), 1));
        assert!(limiter.may_try(address(2), 1));
        assert!(limiter.may_try(address(1), WINDOW_MS));
    }

    #[test]
    fn i5_many_addresses_share_one_budget_when_the_table_is_full() {
        let mut limiter = Limiter::default();
        let many = u32::try_from(ADDRESSES_MAX).unwrap();
        for number in 0..many + TRIES_MAX {
            limiter.failed(address(number), 0);
        }
        assert_eq!(limiter.addresses.len(), ADDRESSES_MAX);
        assert!(!limiter.may_try(address(many + 1000), 1));
        assert!(limiter.may_try(address(many + 1000), WINDOW_MS));
    }

    #[test]
    fn i5_a_flood_of_refusals_is_no_flood_of_events() {
        let mut limiter = Limiter::default();
        let told = (0..1000).filter(|&number| limiter.failed(address(number), 0)).count();
        assert_eq!(told, usize::try_from(EVENTS_MAX).unwrap());
    }
}
