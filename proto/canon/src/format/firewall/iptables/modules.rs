//! What is known of the matches and targets of iptables: their options, other
//! spellings of these, and how their arguments are brought into one form.
//!
//! Says nothing about what a rule does. What is not in these tables is kept as
//! it is written.

/// How the arguments of an option are brought into one form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No arguments.
    Flag,
    /// That many words, as they are.
    Words(usize),
    /// One word that is left out when it is this, the default.
    Default(&'static str),
    /// A flag that is the default.
    DefaultFlag,
    /// The length of a prefix; a whole address by default.
    Prefix,
    /// A mask of addresses; a whole address by default.
    HostMask,
    /// A number.
    Number,
    /// A number or a range of numbers.
    Range,
    /// The same, where an end left out is that of 16 bits.
    Range16,
    /// A fraction of 2^31.
    Probability,
    /// A port or a range of ports.
    Port,
    /// A list of ports and ranges: a set.
    Ports,
    /// Two lists of TCP flags.
    TcpFlags,
    /// `--syn`, which is short for flags.
    Syn,
    /// States of a connection: a set.
    States,
    /// A comma-separated set of words in capitals.
    Set,
    /// So many per time.
    Rate,
    /// A value and mask in hexadecimal digits.
    Mark,
    /// A mask in hexadecimal digits, all bits by default.
    Mask,
    /// A level of syslog.
    Level,
    /// A type of ICMP.
    Icmp,
    /// A type of ICMPv6.
    Icmp6,
    /// What a rejected packet is answered with.
    Reject,
    /// An address or network.
    Address,
    /// A hardware address.
    Mac,
    /// A comment.
    Comment,
    /// Sets a mark: value and mask, as this kind of operation.
    SetMark(MarkKind),
    /// A class of DSCP by name.
    DscpClass,
    /// A number in two hexadecimal digits.
    Dscp,
}

/// The spellings of setting a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MarkKind {
    /// Clears the mask's bits and the value's, and sets the value's.
    Set,
    /// Clears the mask's bits and toggles the value's: what all others mean.
    Xset,
    /// Keeps these bits.
    And,
    /// Sets these bits.
    Or,
    /// Toggles these bits.
    Xor,
}

/// An option: its name, other names for it, and its kind.
pub(crate) type Known = (&'static str, &'static [&'static str], Kind);

/// A match or target with its options in canonical order.
#[derive(Debug)]
pub(crate) struct Module {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its options.
    pub(crate) options: &'static [Known],
    /// Whether the order of its options means something.
    pub(crate) ordered: bool,
}

impl Module {
    /// The option of that name, as its place in the canonical order.
    pub(crate) fn option(&self, name: &str) -> Option<usize> {
        self.options.iter().position(|(known, others, _)| *known == name || others.contains(&name))
    }
}

const fn module(name: &'static str, options: &'static [Known]) -> Module {
    Module { name, options, ordered: false }
}

/// How long a hash limit remembers, in milliseconds.
pub(crate) const EXPIRE: &str = "--hashlimit-htable-expire";

const SPORT: Known = ("--sport", &["--source-port"], Kind::Port);
const DPORT: Known = ("--dport", &["--destination-port"], Kind::Port);

/// The matches.
pub(crate) static MATCHES: &[Module] = &[
    module(
        "tcp",
        &[
            SPORT,
            DPORT,
            ("--tcp-option", &[], Kind::Number),
            ("--tcp-flags", &[], Kind::TcpFlags),
            ("--syn", &[], Kind::Syn),
        ],
    ),
    module("udp", &[SPORT, DPORT]),
    module(
        "conntrack",
        &[
            ("--ctstate", &["--state"], Kind::States),
            ("--ctproto", &[], Kind::Words(1)),
            ("--ctorigsrc", &[], Kind::Address),
            ("--ctorigdst", &[], Kind::Address),
            ("--ctreplsrc", &[], Kind::Address),
            ("--ctrepldst", &[], Kind::Address),
            ("--ctorigsrcport", &[], Kind::Port),
            ("--ctorigdstport", &[], Kind::Port),
            ("--ctreplsrcport", &[], Kind::Port),
            ("--ctrepldstport", &[], Kind::Port),
            ("--ctstatus", &[], Kind::Set),
            ("--ctexpire", &[], Kind::Range),
            ("--ctdir", &[], Kind::Words(1)),
        ],
    ),
    module("comment", &[("--comment", &[], Kind::Comment)]),
    module(
        "multiport",
        &[
            ("--sports", &["--source-ports"], Kind::Ports),
            ("--dports", &["--destination-ports"], Kind::Ports),
            ("--ports", &[], Kind::Ports),
        ],
    ),
    module(
        "set",
        &[
            ("--match-set", &["--set"], Kind::Words(2)),
            ("--return-nomatch", &[], Kind::Flag),
            ("--update-counters", &[], Kind::Flag),
            ("--update-subcounters", &[], Kind::Flag),
            ("--packets-eq", &[], Kind::Number),
            ("--packets-lt", &[], Kind::Number),
            ("--packets-gt", &[], Kind::Number),
            ("--bytes-eq", &[], Kind::Number),
            ("--bytes-lt", &[], Kind::Number),
            ("--bytes-gt", &[], Kind::Number),
        ],
    ),
    module("icmp", &[("--icmp-type", &[], Kind::Icmp)]),
    module("icmp6", &[("--icmpv6-type", &["--icmp6-type"], Kind::Icmp6)]),
    module("limit", &[("--limit", &[], Kind::Rate), ("--limit-burst", &[], Kind::Default("5"))]),
    module("mark", &[("--mark", &[], Kind::Mark)]),
    module("connmark", &[("--mark", &[], Kind::Mark)]),
    module(
        "addrtype",
        &[
            ("--src-type", &[], Kind::Set),
            ("--dst-type", &[], Kind::Set),
            ("--limit-iface-in", &[], Kind::Flag),
            ("--limit-iface-out", &[], Kind::Flag),
        ],
    ),
    module(
        "hashlimit",
        &[
            ("--hashlimit-upto", &["--hashlimit"], Kind::Rate),
            ("--hashlimit-above", &[], Kind::Rate),
            ("--hashlimit-burst", &[], Kind::Default("5")),
            ("--hashlimit-mode", &[], Kind::Words(1)),
            ("--hashlimit-name", &[], Kind::Words(1)),
            ("--hashlimit-htable-size", &[], Kind::Number),
            ("--hashlimit-htable-max", &[], Kind::Number),
            ("--hashlimit-htable-gcinterval", &[], Kind::Default("1000")),
            (EXPIRE, &[], Kind::Number),
            ("--hashlimit-srcmask", &[], Kind::Prefix),
            ("--hashlimit-dstmask", &[], Kind::Prefix),
            ("--hashlimit-rate-match", &[], Kind::Flag),
            ("--hashlimit-rate-interval", &[], Kind::Words(1)),
        ],
    ),
    module(
        "recent",
        &[
            ("--set", &[], Kind::Flag),
            ("--rcheck", &[], Kind::Flag),
            ("--update", &[], Kind::Flag),
            ("--remove", &[], Kind::Flag),
            ("--seconds", &[], Kind::Number),
            ("--reap", &[], Kind::Flag),
            ("--hitcount", &[], Kind::Number),
            ("--rttl", &[], Kind::Flag),
            ("--name", &[], Kind::Default("DEFAULT")),
            ("--mask", &[], Kind::HostMask),
            ("--rsource", &[], Kind::DefaultFlag),
            ("--rdest", &[], Kind::Flag),
        ],
    ),
    module(
        "connlimit",
        &[
            ("--connlimit-upto", &[], Kind::Number),
            ("--connlimit-above", &[], Kind::Number),
            ("--connlimit-mask", &[], Kind::Prefix),
            ("--connlimit-saddr", &[], Kind::DefaultFlag),
            ("--connlimit-daddr", &[], Kind::Flag),
        ],
    ),
    module("iprange", &[("--src-range", &[], Kind::Words(1)), ("--dst-range", &[], Kind::Words(1))]),
    module("mac", &[("--mac-source", &[], Kind::Mac)]),
    module(
        "owner",
        &[
            ("--socket-exists", &[], Kind::Flag),
            ("--uid-owner", &[], Kind::Range),
            ("--gid-owner", &[], Kind::Range),
            ("--suppl-groups", &[], Kind::Flag),
        ],
    ),
    module("pkttype", &[("--pkt-type", &[], Kind::Words(1))]),
    module("length", &[("--length", &[], Kind::Range16)]),
    module(
        "ttl",
        &[("--ttl-eq", &["--ttl"], Kind::Number), ("--ttl-gt", &[], Kind::Number), ("--ttl-lt", &[], Kind::Number)],
    ),
    module(
        "hl",
        &[("--hl-eq", &["--hl"], Kind::Number), ("--hl-gt", &[], Kind::Number), ("--hl-lt", &[], Kind::Number)],
    ),
    module("dscp", &[("--dscp", &[], Kind::Dscp), ("--dscp-class", &[], Kind::DscpClass)]),
    module("tcpmss", &[("--mss", &[], Kind::Range16)]),
    module("sctp", &[SPORT, DPORT, ("--chunk-types", &[], Kind::Words(2))]),
    module("udplite", &[SPORT, DPORT]),
    module("dccp", &[SPORT, DPORT, ("--dccp-types", &[], Kind::Words(1)), ("--dccp-option", &[], Kind::Number)]),
    module("esp", &[("--espspi", &[], Kind::Range)]),
    module("ah", &[("--ahspi", &[], Kind::Range)]),
    module(
        "physdev",
        &[
            ("--physdev-is-in", &[], Kind::Flag),
            ("--physdev-in", &[], Kind::Words(1)),
            ("--physdev-is-out", &[], Kind::Flag),
            ("--physdev-out", &[], Kind::Words(1)),
            ("--physdev-is-bridged", &[], Kind::Flag),
        ],
    ),
    module(
        "statistic",
        &[
            ("--mode", &[], Kind::Words(1)),
            ("--probability", &[], Kind::Probability),
            ("--every", &[], Kind::Number),
            ("--packet", &[], Kind::Default("0")),
        ],
    ),
    module(
        "string",
        &[
            ("--string", &[], Kind::Words(1)),
            ("--hex-string", &[], Kind::Words(1)),
            ("--algo", &[], Kind::Words(1)),
            ("--from", &[], Kind::Default("0")),
            ("--to", &[], Kind::Default("65535")),
            ("--icase", &[], Kind::Flag),
        ],
    ),
    module("helper", &[("--helper", &[], Kind::Words(1))]),
    module("quota", &[("--quota", &[], Kind::Number)]),
    module("realm", &[("--realm", &[], Kind::Words(1))]),
    module(
        "rpfilter",
        &[
            ("--loose", &[], Kind::Flag),
            ("--validmark", &[], Kind::Flag),
            ("--accept-local", &[], Kind::Flag),
            ("--invert", &[], Kind::Flag),
        ],
    ),
    module(
        "socket",
        &[("--transparent", &[], Kind::Flag), ("--nowildcard", &[], Kind::Flag), ("--restore-skmark", &[], Kind::Flag)],
    ),
    Module {
        name: "policy",
        ordered: true,
        options: &[
            ("--dir", &[], Kind::Words(1)),
            ("--pol", &[], Kind::Words(1)),
            ("--strict", &[], Kind::Flag),
            ("--reqid", &[], Kind::Number),
            ("--spi", &[], Kind::Words(1)),
            ("--proto", &[], Kind::Words(1)),
            ("--mode", &[], Kind::Words(1)),
            ("--tunnel-src", &[], Kind::Address),
            ("--tunnel-dst", &[], Kind::Address),
            ("--next", &[], Kind::Flag),
        ],
    },
];

const RANDOM: Known = ("--random", &[], Kind::Flag);
const RANDOM_FULLY: Known = ("--random-fully", &[], Kind::Flag);
const PERSISTENT: Known = ("--persistent", &[], Kind::Flag);

/// The targets that have options.
pub(crate) static TARGETS: &[Module] = &[
    module(
        "LOG",
        &[
            ("--log-prefix", &[], Kind::Words(1)),
            ("--log-level", &[], Kind::Level),
            ("--log-tcp-sequence", &[], Kind::Flag),
            ("--log-tcp-options", &[], Kind::Flag),
            ("--log-ip-options", &[], Kind::Flag),
            ("--log-uid", &[], Kind::Flag),
            ("--log-macdecode", &[], Kind::Flag),
        ],
    ),
    module("REJECT", &[("--reject-with", &[], Kind::Reject)]),
    module("DNAT", &[("--to-destination", &[], Kind::Words(1)), RANDOM, PERSISTENT]),
    module("SNAT", &[("--to-source", &[], Kind::Words(1)), RANDOM, RANDOM_FULLY, PERSISTENT]),
    module("MASQUERADE", &[("--to-ports", &[], Kind::Words(1)), RANDOM, RANDOM_FULLY]),
    module("REDIRECT", &[("--to-ports", &[], Kind::Words(1)), RANDOM]),
    module(
        "MARK",
        &[
            ("--set-xmark", &[], Kind::SetMark(MarkKind::Xset)),
            ("--set-mark", &[], Kind::SetMark(MarkKind::Set)),
            ("--and-mark", &[], Kind::SetMark(MarkKind::And)),
            ("--or-mark", &[], Kind::SetMark(MarkKind::Or)),
            ("--xor-mark", &[], Kind::SetMark(MarkKind::Xor)),
        ],
    ),
    module(
        "CONNMARK",
        &[
            ("--set-xmark", &[], Kind::SetMark(MarkKind::Xset)),
            ("--set-mark", &[], Kind::SetMark(MarkKind::Set)),
            ("--and-mark", &[], Kind::SetMark(MarkKind::And)),
            ("--or-mark", &[], Kind::SetMark(MarkKind::Or)),
            ("--xor-mark", &[], Kind::SetMark(MarkKind::Xor)),
            ("--save-mark", &[], Kind::Flag),
            ("--restore-mark", &[], Kind::Flag),
            ("--nfmask", &[], Kind::Mask),
            ("--ctmask", &[], Kind::Mask),
            ("--mask", &[], Kind::Mask),
        ],
    ),
    module(
        "NFLOG",
        &[
            ("--nflog-prefix", &[], Kind::Words(1)),
            ("--nflog-group", &[], Kind::Default("0")),
            ("--nflog-range", &[], Kind::Number),
            ("--nflog-size", &[], Kind::Number),
            ("--nflog-threshold", &[], Kind::Default("1")),
        ],
    ),
    module(
        "NFQUEUE",
        &[
            ("--queue-num", &[], Kind::Default("0")),
            ("--queue-balance", &[], Kind::Words(1)),
            ("--queue-bypass", &[], Kind::Flag),
            ("--queue-cpu-fanout", &[], Kind::Flag),
        ],
    ),
    module("TCPMSS", &[("--set-mss", &[], Kind::Number), ("--clamp-mss-to-pmtu", &[], Kind::Flag)]),
    module("DSCP", &[("--set-dscp", &[], Kind::Dscp), ("--set-dscp-class", &[], Kind::DscpClass)]),
    module(
        "TTL",
        &[("--ttl-set", &[], Kind::Number), ("--ttl-inc", &[], Kind::Number), ("--ttl-dec", &[], Kind::Number)],
    ),
    module("HL", &[("--hl-set", &[], Kind::Number), ("--hl-inc", &[], Kind::Number), ("--hl-dec", &[], Kind::Number)]),
    module(
        "CT",
        &[
            ("--notrack", &[], Kind::Flag),
            ("--helper", &[], Kind::Words(1)),
            ("--ctevents", &[], Kind::Words(1)),
            ("--expevents", &[], Kind::Words(1)),
            ("--zone", &[], Kind::Words(1)),
            ("--timeout", &[], Kind::Words(1)),
        ],
    ),
    module(
        "SET",
        &[
            ("--add-set", &[], Kind::Words(2)),
            ("--del-set", &[], Kind::Words(2)),
            ("--map-set", &[], Kind::Words(2)),
            ("--exist", &[], Kind::Flag),
            ("--timeout", &[], Kind::Number),
        ],
    ),
    module(
        "TPROXY",
        &[
            ("--on-port", &[], Kind::Port),
            ("--on-ip", &[], Kind::Default("0.0.0.0")),
            ("--tproxy-mark", &[], Kind::Mark),
        ],
    ),
    module("NETMAP", &[("--to", &[], Kind::Address)]),
    module("CLASSIFY", &[("--set-class", &[], Kind::Words(1))]),
];

/// The match of that name; the old name of connection states is the same
/// match.
pub(crate) fn match_of(name: &str) -> Option<&'static Module> {
    let name = match name {
        "state" => "conntrack",
        "icmpv6" => "icmp6",
        name => name,
    };
    MATCHES.iter().find(|module| module.name == name)
}

/// The target of that name.
pub(crate) fn target_of(name: &str) -> Option<&'static Module> {
    TARGETS.iter().find(|module| module.name == name)
}

/// The match that a protocol brings without being asked.
pub(crate) fn match_of_protocol(protocol: &str) -> Option<&'static Module> {
    let name = match protocol {
        "ipv6-icmp" => "icmp6",
        "tcp" | "udp" | "udplite" | "sctp" | "dccp" | "icmp" | "esp" | "ah" => protocol,
        _ => return None,
    };
    MATCHES.iter().find(|module| module.name == name)
}
