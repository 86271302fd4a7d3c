//! Names that rules may use for numbers: services, protocols, ICMP types, log
//! levels.
//!
//! Knows the names that the rule tools bring themselves and the services that
//! rules are written with; `/etc/services` of the host is not read, so that two
//! hosts never read one file differently.

use std::borrow::Cow;

/// Services of `/etc/services` that rules name, with their ports (IANA service
/// name registry).
const SERVICES: &[(&str, u16)] = &[
    ("bgp", 179),
    ("bootpc", 68),
    ("bootps", 67),
    ("dhcpv6-client", 546),
    ("dhcpv6-server", 547),
    ("domain", 53),
    ("ftp", 21),
    ("ftp-data", 20),
    ("ftps", 990),
    ("git", 9418),
    ("http", 80),
    ("http-alt", 8080),
    ("https", 443),
    ("imap", 143),
    ("imap2", 143),
    ("imaps", 993),
    ("ipp", 631),
    ("ipsec-nat-t", 4500),
    ("isakmp", 500),
    ("kerberos", 88),
    ("ldap", 389),
    ("ldaps", 636),
    ("mdns", 5353),
    ("microsoft-ds", 445),
    ("ms-sql-s", 1433),
    ("mysql", 3306),
    ("netbios-dgm", 138),
    ("netbios-ns", 137),
    ("netbios-ssn", 139),
    ("nfs", 2049),
    ("ntp", 123),
    ("openvpn", 1194),
    ("pop3", 110),
    ("pop3s", 995),
    ("postgresql", 5432),
    ("radius", 1812),
    ("redis", 6379),
    ("rsync", 873),
    ("smtp", 25),
    ("snmp", 161),
    ("snmp-trap", 162),
    ("ssh", 22),
    ("submission", 587),
    ("submissions", 465),
    ("sunrpc", 111),
    ("syslog", 514),
    ("telnet", 23),
    ("tftp", 69),
    ("whois", 43),
];

/// Protocols (IANA protocol numbers, as `/etc/protocols` names them).
const PROTOCOLS: &[(&str, u16)] = &[
    ("icmp", 1),
    ("igmp", 2),
    ("ipencap", 4),
    ("tcp", 6),
    ("egp", 8),
    ("udp", 17),
    ("dccp", 33),
    ("ipv6", 41),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("ipv6-icmp", 58),
    ("icmpv6", 58),
    ("ospf", 89),
    ("pim", 103),
    ("vrrp", 112),
    ("l2tp", 115),
    ("sctp", 132),
    ("ipv6-mh", 135),
    ("mh", 135),
    ("udplite", 136),
];

/// Levels of syslog (RFC 5424, 6.2.1), with the tools' other spellings.
const LEVELS: &[(&str, u16)] = &[
    ("emerg", 0),
    ("panic", 0),
    ("alert", 1),
    ("crit", 2),
    ("err", 3),
    ("error", 3),
    ("warn", 4),
    ("warning", 4),
    ("notice", 5),
    ("info", 6),
    ("debug", 7),
];

/// ICMP types and codes as the tools name them (RFC 792, RFC 1812).
const ICMP: &[(&str, &str)] = &[
    ("any", "255"),
    ("echo-reply", "0"),
    ("pong", "0"),
    ("destination-unreachable", "3"),
    ("network-unreachable", "3/0"),
    ("host-unreachable", "3/1"),
    ("protocol-unreachable", "3/2"),
    ("port-unreachable", "3/3"),
    ("fragmentation-needed", "3/4"),
    ("source-route-failed", "3/5"),
    ("network-unknown", "3/6"),
    ("host-unknown", "3/7"),
    ("network-prohibited", "3/9"),
    ("host-prohibited", "3/10"),
    ("TOS-network-unreachable", "3/11"),
    ("TOS-host-unreachable", "3/12"),
    ("communication-prohibited", "3/13"),
    ("host-precedence-violation", "3/14"),
    ("precedence-cutoff", "3/15"),
    ("source-quench", "4"),
    ("redirect", "5"),
    ("network-redirect", "5/0"),
    ("host-redirect", "5/1"),
    ("TOS-network-redirect", "5/2"),
    ("TOS-host-redirect", "5/3"),
    ("echo-request", "8"),
    ("ping", "8"),
    ("router-advertisement", "9"),
    ("router-solicitation", "10"),
    ("time-exceeded", "11"),
    ("ttl-exceeded", "11"),
    ("ttl-zero-during-transit", "11/0"),
    ("ttl-zero-during-reassembly", "11/1"),
    ("parameter-problem", "12"),
    ("ip-header-bad", "12/0"),
    ("required-option-missing", "12/1"),
    ("timestamp-request", "13"),
    ("timestamp-reply", "14"),
    ("address-mask-request", "17"),
    ("address-mask-reply", "18"),
];

/// ICMPv6 types and codes as the tools name them (RFC 4443, RFC 4861).
const ICMP6: &[(&str, &str)] = &[
    ("destination-unreachable", "1"),
    ("no-route", "1/0"),
    ("communication-prohibited", "1/1"),
    ("beyond-scope", "1/2"),
    ("address-unreachable", "1/3"),
    ("port-unreachable", "1/4"),
    ("failed-policy", "1/5"),
    ("reject-route", "1/6"),
    ("packet-too-big", "2"),
    ("time-exceeded", "3"),
    ("ttl-exceeded", "3"),
    ("ttl-zero-during-transit", "3/0"),
    ("ttl-zero-during-reassembly", "3/1"),
    ("parameter-problem", "4"),
    ("bad-header", "4/0"),
    ("unknown-header-type", "4/1"),
    ("unknown-option", "4/2"),
    ("echo-request", "128"),
    ("ping", "128"),
    ("echo-reply", "129"),
    ("pong", "129"),
    ("mld-listener-query", "130"),
    ("mld-listener-report", "131"),
    ("mld-listener-done", "132"),
    ("mld-listener-reduction", "132"),
    ("router-solicitation", "133"),
    ("router-advertisement", "134"),
    ("neighbour-solicitation", "135"),
    ("neighbor-solicitation", "135"),
    ("neighbour-advertisement", "136"),
    ("neighbor-advertisement", "136"),
    ("redirect", "137"),
];

fn number(table: &[(&str, u16)], name: &str) -> Option<u16> {
    table.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|&(_, number)| number)
}

/// The port of a number or a service's name.
pub(super) fn port(text: &str) -> Option<u16> {
    if text.bytes().next()?.is_ascii_digit() {
        return integer(text).and_then(|number| u16::try_from(number).ok());
    }
    SERVICES.iter().find(|(known, _)| *known == text).map(|&(_, port)| port)
}

/// The name of a protocol given by name or number; a number that has none.
pub(super) fn protocol(text: &str) -> Cow<'static, str> {
    let number = integer(text).and_then(|number| u16::try_from(number).ok()).or_else(|| number(PROTOCOLS, text));
    match number {
        None => text.to_ascii_lowercase().into(),
        Some(0) => "all".into(),
        Some(number) => PROTOCOLS
            .iter()
            .find(|&&(_, known)| known == number)
            .map_or_else(|| number.to_string().into(), |&(name, _)| name.into()),
    }
}

/// The number of a log level.
pub(super) fn level(text: &str) -> Option<u16> {
    integer(text).and_then(|level| u16::try_from(level).ok()).or_else(|| number(LEVELS, text))
}

/// The type, or type and code, of an ICMP name or number; of a name's
/// beginning too, where only one begins so.
pub(super) fn icmp(text: &str, v6: bool) -> String {
    let table = if v6 { ICMP6 } else { ICMP };
    if let Some((_, found)) = table.iter().find(|(known, _)| known.eq_ignore_ascii_case(text)) {
        return (*found).to_owned();
    }
    let parts: Option<Vec<u64>> = text.split('/').map(integer).collect();
    parts.map_or_else(|| text.to_owned(), |parts| parts.iter().map(ToString::to_string).collect::<Vec<_>>().join("/"))
}

/// A number in decimal digits without leading zeros: as it is where it is
/// written so.
pub(super) fn decimal(text: &str, number: u64) -> Cow<'_, str> {
    let digits = text.bytes().all(|b| b.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    if digits { Cow::Borrowed(text) } else { number.to_string().into() }
}

/// A number in decimal or, after `0x`, hexadecimal digits.
pub(super) fn integer(text: &str) -> Option<u64> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u64::from_str_radix(digits, 16).ok();
    }
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests;
