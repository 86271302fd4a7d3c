//! What one rule does, whichever language it is written in: what it asks of a
//! packet, and what becomes of a packet that fits.
//!
//! Knows no chain and no other rule. What a reader of a language did not
//! understand is a condition, which bounds nothing, or an odd verdict, of which
//! nobody knows what it does.

/// What of a packet is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    /// Where it comes from.
    Source,
    /// The hardware address that it comes from.
    Mac,
    /// The interface that it comes in by.
    In,
    /// Where it goes to.
    Destination,
    /// The interface that it leaves by.
    Out,
    /// The protocol over IP.
    Protocol,
    /// The port that it goes to.
    Port,
    /// The port that it comes from.
    SourcePort,
    /// The type of ICMP.
    Icmp,
    /// The state of its connection.
    State,
    /// What other rules left at it: a mark, that its source was seen before.
    Left(&'static str),
    /// Anything else, by name.
    Other(Box<str>),
}

/// What it is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// One of these.
    Values(Vec<Box<str>>),
    /// An element of a named set.
    Set(Box<str>),
    /// Something that is computed or an order: nobody knows how much it takes.
    Computed,
}

/// One condition of a rule. A set may hold several fields side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Match {
    /// What is compared.
    pub(super) fields: Vec<Field>,
    /// Whether it must not fit.
    pub(super) negated: bool,
    /// With what.
    pub(super) wanted: Wanted,
}

impl Match {
    /// One field with values.
    pub(super) fn of(field: Field, negated: bool, values: Vec<Box<str>>) -> Self {
        Self { fields: vec![field], negated, wanted: Wanted::Values(values) }
    }

    /// A condition that bounds nothing that is known here.
    pub(super) fn condition(name: &str) -> Self {
        Self { fields: vec![Field::Other(name.into())], negated: false, wanted: Wanted::Computed }
    }
}

/// What becomes of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Accept,
    /// Dropped or rejected.
    Drop,
    /// Back to the chain it came from, or to the policy.
    Return,
    Jump(Box<str>),
    /// Like a jump that does not come back here.
    Goto(Box<str>),
    /// What a named map says.
    Map(Box<str>),
    /// Its destination is written anew: where it goes then.
    Forward(Box<str>),
    /// Its source is written anew.
    Hide,
    /// Something else that ends the way through the chain, by name.
    Odd(Box<str>),
}

/// What becomes of the packets that fit a rule and these conditions too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Branch {
    /// Beside the rule's own.
    pub(super) matches: Vec<Match>,
    /// What becomes of them.
    pub(super) verdict: Verdict,
}

/// What a rule leaves at a packet or in a set for other rules to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leaves {
    /// A mark or the like, by name; rules look at it by [`Field::Left`].
    Mark(&'static str),
    /// An element of a set.
    Element(Box<str>),
    /// Something that other rules cannot but look at, by name: an address that
    /// is written anew, no tracking of the connection.
    Other(Box<str>),
}

/// A rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Act {
    /// What must fit, all of it.
    pub(super) matches: Vec<Match>,
    /// What becomes of what fits; none: it goes on.
    pub(super) branches: Vec<Branch>,
    /// What it leaves.
    pub(super) leaves: Vec<Leaves>,
    /// Maps and sets that it reads to write something.
    pub(super) reads: Vec<Box<str>>,
    /// Whether it logs.
    pub(super) logs: bool,
}

impl Act {
    /// A rule of which nothing is known.
    pub(super) fn odd(name: &str) -> Self {
        let mut act = Self::default();
        act.end(Verdict::Odd(name.into()));
        act
    }

    /// What becomes of all that fits.
    pub(super) fn end(&mut self, verdict: Verdict) {
        self.branches.push(Branch { matches: Vec::new(), verdict });
    }

    /// All conditions, those of branches too.
    pub(super) fn all_matches(&self) -> impl Iterator<Item = &Match> {
        self.matches.iter().chain(self.branches.iter().flat_map(|branch| &branch.matches))
    }

    /// Whether it jumps anywhere.
    pub(super) fn jumps(&self) -> bool {
        let jumps = |verdict: &Verdict| matches!(verdict, Verdict::Jump(_) | Verdict::Goto(_) | Verdict::Map(_));
        self.branches.iter().any(|branch| jumps(&branch.verdict))
    }

    /// Whether it drops anything.
    pub(super) fn drops(&self) -> bool {
        self.branches.iter().any(|branch| branch.verdict == Verdict::Drop)
    }

    /// Whether both do the same, whatever they log or say.
    pub(super) fn does_as(&self, other: &Self) -> bool {
        let plain = |act: &Self| Self { logs: false, ..act.clone() };
        plain(self) == plain(other)
    }
}

/// What a set or map holds one of: an element's key and what it maps to.
pub(super) fn verdict_of(data: &str, chain: impl Fn(&str) -> Box<str>) -> Option<Verdict> {
    let mut words = data.split(' ');
    let (first, second) = (words.next()?, words.next());
    Some(match (first, second) {
        ("accept", _) => Verdict::Accept,
        ("drop", _) => Verdict::Drop,
        ("return", _) => Verdict::Return,
        ("jump", Some(name)) => Verdict::Jump(chain(name)),
        ("goto", Some(name)) => Verdict::Goto(chain(name)),
        ("continue", _) => return None,
        (other, _) => Verdict::Odd(other.into()),
    })
}
