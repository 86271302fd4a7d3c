//! Small rulesets, made by chance, and their text in both languages.

use std::fmt::Write as _;

/// Numbers by chance, the same for the same seed (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % end.max(1)
    }

    pub(crate) fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub(crate) fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Nft,
    Iptables,
}

/// Sources that rules name; no rule names the stranger's.
pub(crate) const SOURCES: [&str; 8] =
    ["203.0.113.7", "10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/1", "0.0.0.0/0", "127.0.0.0/8", "10.0.0.1", "192.168.0.0/16"];
pub(crate) const INTERFACES: [&str; 2] = ["lo", "eth0"];
pub(crate) const PORTS: [u16; 4] = [22, 80, 443, 5000];

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    Source(bool, &'static str),
    SourceIn(bool, usize),
    Interface(bool, &'static str),
    Protocol(&'static str),
    Port(bool, &'static str, Vec<u16>),
    PortIn(&'static str, usize),
    State(bool, Vec<&'static str>),
    Mark(u32),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    Nothing,
    Log,
    Mark(u32),
    Accept,
    Drop,
    Return,
    /// To a chain of people, by its number.
    Jump(usize),
    Goto(usize),
    /// By port: what is in the map.
    Inline(Vec<(u16, Verdict)>),
    Map,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    pub(crate) conditions: Vec<Condition>,
    pub(crate) verdict: Verdict,
    pub(crate) comment: Option<u32>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chain {
    pub(crate) name: String,
    /// The hook, the table of iptables, and whether it accepts at its end.
    pub(crate) base: Option<(&'static str, &'static str, bool)>,
    pub(crate) rules: Vec<Rule>,
}

/// A ruleset: first the chains of hooks, then those of people. A chain only
/// jumps to chains behind it; the last one is never jumped to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rules {
    pub(crate) language: Language,
    pub(crate) chains: Vec<Chain>,
    pub(crate) bases: usize,
    /// Sets of sources and of ports.
    pub(crate) sources: Vec<Vec<&'static str>>,
    pub(crate) ports: Vec<Vec<u16>>,
    pub(crate) map: Vec<(u16, Verdict)>,
    pub(crate) dormant: bool,
    /// What its changes are about.
    pub(crate) about: About,
}

/// What most changes of a ruleset are about: chance alone seldom meets marks or
/// moves that make a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    Anything,
    /// What comes before a rule that marks packets.
    Marks,
    /// The order of rules.
    Order,
    /// The map, looked into from several chains.
    Maps,
    /// A chain that several hooks lead to.
    Shared,
}

impl Rules {
    pub(crate) fn made(language: Language, random: &mut Random) -> Self {
        let hooks: &[(&str, &str, &str)] = match language {
            Language::Nft => {
                &[("pre", "prerouting", ""), ("input", "input", ""), ("late", "input", ""), ("output", "output", "")]
            }
            Language::Iptables => {
                &[("PREROUTING", "prerouting", "mangle"), ("INPUT", "input", "filter"), ("OUTPUT", "output", "filter")]
            }
        };
        let mut chains: Vec<Chain> = Vec::new();
        for (name, hook, table) in hooks {
            let accepts = *hook == "prerouting" || *name == "late" || random.one_in(2);
            chains.push(Chain { name: (*name).to_owned(), base: Some((hook, table, accepts)), rules: Vec::new() });
        }
        let bases = chains.len();
        for number in 0..4 {
            chains.push(Chain { name: format!("c{number}"), base: None, rules: Vec::new() });
        }
        let about = random.of(&[About::Anything, About::Marks, About::Order, About::Maps, About::Shared]);
        let mut rules = Self {
            language,
            chains,
            bases,
            sources: Vec::new(),
            ports: Vec::new(),
            map: Vec::new(),
            dormant: false,
            about,
        };
        rules.sources = (0..2).map(|_| vec![random.of(&SOURCES)]).collect();
        rules.ports = vec![vec![random.of(&PORTS)]];
        for port in PORTS {
            if random.one_in(2) {
                let verdict = rules.mapped(random);
                rules.map.push((port, verdict));
            }
        }
        for chain in 0..rules.chains.len() {
            let few = if chain == 0 { 4 } else { 5 };
            for _ in 0..random.below(few) {
                let rule = rules.rule(chain, random);
                rules.chains[chain].rules.push(rule);
            }
        }
        let plain = |verdict| Rule { conditions: Vec::new(), verdict, comment: None };
        match rules.about {
            About::Marks => rules.mark(random),
            About::Maps if language == Language::Nft => {
                let at = random.of(&[1, 2, bases, bases]);
                rules.chains[at].rules.push(plain(Verdict::Map));
                rules.chains[1].rules.push(plain(Verdict::Jump(bases)));
            }
            About::Shared => (1..bases).for_each(|base| rules.chains[base].rules.push(plain(Verdict::Jump(bases)))),
            _ => {}
        }
        rules
    }

    /// A verdict for the map: it jumps to the last chain that is jumped to, so
    /// that every other one may look into it.
    pub(crate) fn mapped(&self, random: &mut Random) -> Verdict {
        match self.plain_verdict(self.bases - 1, random) {
            Verdict::Jump(_) => Verdict::Jump(self.chains.len() - 2),
            Verdict::Goto(_) => Verdict::Goto(self.chains.len() - 2),
            verdict => verdict,
        }
    }

    /// Marks what comes in, and lets the first rule of the input look at it.
    fn mark(&mut self, random: &mut Random) {
        let plain = |verdict, conditions| Rule { conditions, verdict, comment: None };
        let some = if random.one_in(2) { vec![] } else { vec![Condition::Source(false, random.of(&SOURCES))] };
        self.chains[0].rules.push(plain(Verdict::Mark(1), some));
        let verdict = random.of(&[Verdict::Accept, Verdict::Drop]);
        self.chains[1].rules.insert(0, plain(verdict, vec![Condition::Mark(1)]));
    }

    /// A chain that a chain may jump to: in iptables one of the same table, all
    /// chains of people are in `filter`.
    fn target(&self, from: usize, random: &mut Random) -> Option<usize> {
        let first = self.bases.max(from + 1);
        let last = self.chains.len() - 1;
        let other_table = self.language == Language::Iptables && from == 0;
        (first < last && !other_table).then(|| first + random.below(last - first))
    }

    fn plain_verdict(&self, from: usize, random: &mut Random) -> Verdict {
        match (random.below(5), self.target(from, random)) {
            (0, Some(chain)) => Verdict::Jump(chain),
            (1, Some(chain)) => Verdict::Goto(chain),
            (0 | 2, _) => Verdict::Drop,
            (3, _) => Verdict::Return,
            _ => Verdict::Accept,
        }
    }

    pub(crate) fn rule(&self, chain: usize, random: &mut Random) -> Rule {
        let nft = self.language == Language::Nft;
        let mut conditions = Vec::new();
        match random.below(5) {
            0 => conditions.push(Condition::Source(random.one_in(4), random.of(&SOURCES))),
            1 if nft => conditions.push(Condition::SourceIn(random.one_in(4), random.below(2))),
            2 if chain + 1 != self.bases => {
                conditions.push(Condition::Interface(random.one_in(4), random.of(&INTERFACES)))
            }
            _ => {}
        }
        let protocol = random.of(&["tcp", "udp"]);
        match random.below(6) {
            0 => conditions.push(Condition::Protocol(random.of(&["tcp", "udp", "icmp"]))),
            1 if nft => conditions.push(Condition::PortIn(protocol, 0)),
            2 | 3 => conditions.push(Condition::Port(false, protocol, vec![random.of(&PORTS)])),
            4 => conditions.push(Condition::Port(random.one_in(2), protocol, vec![random.of(&PORTS)])),
            _ => {}
        }
        match random.below(12) {
            4 | 5 if chain > 0 => conditions.push(Condition::Mark(1)),
            0 => conditions.push(Condition::State(false, vec!["established", "related"])),
            1 => conditions.push(Condition::State(false, vec![random.of(&["new", "invalid"])])),
            2 => conditions.push(Condition::State(true, vec!["established"])),
            3 => conditions.push(Condition::Mark(u32::try_from(random.below(2)).unwrap())),
            _ => {}
        }
        let has_port = conditions
            .iter()
            .any(|it| matches!(it, Condition::Port(..) | Condition::PortIn(..) | Condition::Protocol(_)));
        let verdict = match random.below(12) {
            0 => Verdict::Nothing,
            1 => Verdict::Log,
            2 | 5 | 6 if chain == 0 || !nft && random.one_in(2) => Verdict::Mark(1),
            3 if nft && !has_port => {
                let ports = PORTS.iter().filter(|_| random.one_in(2)).copied().collect::<Vec<_>>();
                Verdict::Inline(ports.into_iter().map(|port| (port, self.plain_verdict(chain, random))).collect())
            }
            4 if nft && !has_port && chain + 2 < self.chains.len() => Verdict::Map,
            _ => self.plain_verdict(chain, random),
        };
        let verdict = match verdict {
            Verdict::Inline(branches) if branches.is_empty() => Verdict::Accept,
            // `mark` is a target of the table `mangle` alone.
            Verdict::Mark(_) if !nft && chain != 0 => Verdict::Log,
            verdict => verdict,
        };
        let comment = random.one_in(6).then(|| u32::try_from(random.below(3)).unwrap());
        Rule { conditions, verdict, comment }
    }

    /// The text of the ruleset.
    pub(crate) fn text(&self) -> String {
        match self.language {
            Language::Nft => self.nft(),
            Language::Iptables => self.iptables(),
        }
    }

    fn nft(&self) -> String {
        let mut text = format!("table inet t {{\n{}", if self.dormant { " flags dormant\n" } else { "" });
        for (number, set) in self.sources.iter().enumerate() {
            let elements =
                if set.is_empty() { String::new() } else { format!(" elements = {{ {} }};", set.join(", ")) };
            let _ = writeln!(text, " set s{number} {{ type ipv4_addr; flags interval;{elements} }}");
        }
        for (number, set) in self.ports.iter().enumerate() {
            let list: Vec<String> = set.iter().map(ToString::to_string).collect();
            let elements =
                if list.is_empty() { String::new() } else { format!(" elements = {{ {} }};", list.join(", ")) };
            let _ = writeln!(text, " set p{number} {{ type inet_service;{elements} }}");
        }
        let map: Vec<String> =
            self.map.iter().map(|(port, verdict)| format!("{port} : {}", self.verdict(verdict))).collect();
        let elements = if map.is_empty() { String::new() } else { format!(" elements = {{ {} }};", map.join(", ")) };
        let _ = writeln!(text, " map m {{ type inet_service : verdict;{elements} }}");
        for chain in self.chains.iter().rev() {
            let _ = writeln!(text, " chain {} {{", chain.name);
            if let Some((hook, _, accepts)) = chain.base {
                let priority = match (hook, chain.name.as_str()) {
                    ("prerouting", _) => -150,
                    (_, "late") => 10,
                    _ => 0,
                };
                let policy = if accepts { "accept" } else { "drop" };
                let _ = writeln!(text, "  type filter hook {hook} priority {priority}; policy {policy};");
            }
            for rule in &chain.rules {
                let mut words: Vec<String> = rule.conditions.iter().map(nft_condition).collect();
                words.push(self.verdict(&rule.verdict));
                if let Some(comment) = rule.comment {
                    words.push(format!("comment \"n{comment}\""));
                }
                let _ = writeln!(text, "  {}", words.join(" "));
            }
            text.push_str(" }\n");
        }
        text + "}\n"
    }

    fn verdict(&self, verdict: &Verdict) -> String {
        match verdict {
            Verdict::Nothing => "counter".to_owned(),
            Verdict::Log => "log prefix \"x\"".to_owned(),
            Verdict::Mark(mark) => format!("meta mark set {mark}"),
            Verdict::Accept => "accept".to_owned(),
            Verdict::Drop => "drop".to_owned(),
            Verdict::Return => "return".to_owned(),
            Verdict::Jump(chain) => format!("jump {}", self.chains[*chain].name),
            Verdict::Goto(chain) => format!("goto {}", self.chains[*chain].name),
            Verdict::Inline(branches) => {
                let branches: Vec<String> =
                    branches.iter().map(|(port, verdict)| format!("{port} : {}", self.verdict(verdict))).collect();
                format!("tcp dport vmap {{ {} }}", branches.join(", "))
            }
            Verdict::Map => "tcp dport vmap @m".to_owned(),
        }
    }

    fn iptables(&self) -> String {
        let mut text = String::new();
        for table in ["mangle", "filter"] {
            let _ = writeln!(text, "*{table}");
            let here = |chain: &&Chain| chain.base.map_or("filter", |base| base.1) == table;
            for chain in self.chains.iter().filter(here) {
                let policy = chain.base.map_or("-", |base| if base.2 { "ACCEPT" } else { "DROP" });
                let _ = writeln!(text, ":{} {policy} [0:0]", chain.name);
            }
            for chain in self.chains.iter().filter(here) {
                for rule in &chain.rules {
                    let conditions: Vec<String> = rule.conditions.iter().map(iptables_condition).collect();
                    let comment = rule.comment.map(|it| format!(" -m comment --comment n{it}")).unwrap_or_default();
                    let target = match &rule.verdict {
                        Verdict::Log => " -j LOG".to_owned(),
                        Verdict::Mark(mark) => format!(" -j MARK --set-mark {mark}"),
                        Verdict::Accept => " -j ACCEPT".to_owned(),
                        Verdict::Drop => " -j DROP".to_owned(),
                        Verdict::Return => " -j RETURN".to_owned(),
                        Verdict::Jump(to) => format!(" -j {}", self.chains[*to].name),
                        Verdict::Goto(to) => format!(" -g {}", self.chains[*to].name),
                        _ => String::new(),
                    };
                    let _ = writeln!(text, "-A {} {}{comment}{target}", chain.name, conditions.join(" "));
                }
            }
            text.push_str("COMMIT\n");
        }
        text
    }
}

fn not(negated: bool, mark: &str) -> &str {
    if negated { mark } else { "" }
}

fn joined(ports: &[u16]) -> String {
    ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn nft_condition(condition: &Condition) -> String {
    match condition {
        Condition::Source(negated, source) => format!("ip saddr {}{source}", not(*negated, "!= ")),
        Condition::SourceIn(negated, set) => format!("ip saddr {}@s{set}", not(*negated, "!= ")),
        Condition::Interface(negated, name) => format!("iifname {}\"{name}\"", not(*negated, "!= ")),
        Condition::Protocol(name) => format!("meta l4proto {name}"),
        Condition::Port(negated, protocol, ports) => {
            format!("{protocol} dport {}{{ {} }}", not(*negated, "!= "), joined(ports))
        }
        Condition::PortIn(protocol, set) => format!("{protocol} dport @p{set}"),
        Condition::State(negated, states) => format!("ct state {}{}", not(*negated, "!= "), states.join(",")),
        Condition::Mark(mark) => format!("meta mark {mark}"),
    }
}

fn iptables_condition(condition: &Condition) -> String {
    match condition {
        Condition::Source(negated, source) => format!("{}-s {source}", not(*negated, "! ")),
        Condition::Interface(negated, name) => format!("{}-i {name}", not(*negated, "! ")),
        Condition::Protocol(name) => format!("-p {name}"),
        Condition::Port(negated, protocol, ports) => {
            format!("-p {protocol} -m {protocol} {}--dport {}", not(*negated, "! "), ports[0])
        }
        Condition::State(negated, states) => {
            format!("-m conntrack {}--ctstate {}", not(*negated, "! "), states.join(",").to_uppercase())
        }
        Condition::Mark(mark) => format!("-m mark --mark {mark}"),
        Condition::SourceIn(..) | Condition::PortIn(..) => unreachable!("iptables is made without sets"),
    }
}
