//! A key against what CI/CD declared or a person approved of each host.
//!
//! A host of which nobody can tell what it should have is neither a difference
//! nor agreement. The order of rules is held only where the rules are those that
//! were declared: else it follows from them, and they are the finding.

use std::collections::BTreeSet;

use driftline_canon::ItemKey;
use driftline_compare::drift::observe::{Held, Pair};
use driftline_compare::drift::{Look, Rule};

use super::Looker;
use super::rows::Row;
use crate::drift::given::{Earlier, Wanted, Word};

/// A file that is there, where no agent says more of it.
static PRESUMED: Held = Held { digest: [0; 32], secret: false, display: None, since_ms: 0 };

/// Whether a look at these keys needs all of the source: what a mode means
/// depends on whether the file holds secrets, and an order on its rules.
pub(super) fn needs_all(rows: &[Row], keys: &BTreeSet<ItemKey>) -> bool {
    let of_row = |row: &'_ Row| row.said.declared.wanted().is_some_and(|wanted| wanted.items.orders_any_of(keys));
    keys.iter().any(ItemKey::is_metadata) || rows.iter().any(of_row)
}

impl Looker<'_> {
    /// Against what CI/CD declared or a person approved. A file that is gone is
    /// one finding, not one for each of its keys.
    pub(super) fn declared(&mut self, rule: Rule, key: &ItemKey) {
        if rule == Rule::Desired && key.is_metadata() && key.as_str() != ItemKey::STATE {
            // What is about a file is declared by nobody.
            return;
        }
        let (mut pairs, mut dues, mut without, mut is_any) = (Vec::new(), Vec::new(), BTreeSet::new(), false);
        for (index, row) in self.rows.iter().enumerate() {
            let word = row.said.by(rule, key);
            let wanted = word.wanted().filter(|wanted| self.speaks_of(wanted, rule, key));
            is_any |= wanted.is_some() || word.unclear().is_some();
            let Some(wanted) = wanted.filter(|wanted| !row.blind && self.can_tell(index, wanted, key)) else {
                if row.blind || !matches!(word, Word::Nothing) {
                    without.insert(row.host.host.clone());
                }
                continue;
            };
            if row.has_a_say(key) {
                let mut one = self.pair(index, wanted, key);
                dues.extend(self.late(&mut one, wanted, key));
                pairs.push(one);
            }
        }
        let look = match is_any {
            true => {
                let weigh = |key: &ItemKey, built_in| self.weighed(key, built_in);
                self.looking(&weigh).at(key, &pairs)
            }
            false => Look::Agrees { actual: None, by: "nothing that should be there".to_owned() },
        };
        dues.into_iter().for_each(|due_ms| self.again(due_ms));
        self.saw_without(rule, key, look, &without);
    }

    /// Whether it says anything of the key: of an order only where it has one.
    fn speaks_of(&self, wanted: &Wanted, rule: Rule, key: &ItemKey) -> bool {
        rule != Rule::Desired || key.ordered_list().is_none() || wanted.items.by_key.contains_key(key)
    }

    /// Whether a row can be held against it: against an order only if it has the
    /// rules that are to be in order.
    fn can_tell(&self, index: usize, wanted: &Wanted, key: &ItemKey) -> bool {
        let Some(list) = key.ordered_list() else { return true };
        let has = |key: &&ItemKey| self.column.held(index, key).is_some();
        let declared = || wanted.items.by_key.keys().filter(|key| key.is_rule_of(list));
        declared().all(|key| has(&key))
            && declared().count() == self.column.keys().filter(|key| key.is_rule_of(list)).filter(has).count()
    }

    fn pair<'a>(&'a self, index: usize, wanted: &'a Wanted, key: &ItemKey) -> Pair<'a> {
        let (row, actual) = (&self.rows[index], self.column.held(index, key));
        let expected = match wanted.items.by_key.get(key) {
            _ if key.as_str() == ItemKey::STATE => {
                if row.absent {
                    Some(&PRESUMED)
                } else {
                    actual
                }
            }
            None if key.is_metadata() => actual,
            expected => expected,
        };
        let by = wanted.by.as_str();
        Pair { host: &row.host.host, actual, expected, by, stale: false, said_ms: wanted.said_ms, not_before_ms: 0 }
    }

    /// Forgives a host that still has what was declared before, for a while;
    /// gives until when. One that went back to it later has no such excuse.
    fn late(&self, one: &mut Pair<'_>, wanted: &Wanted, key: &ItemKey) -> Option<i64> {
        let digest = |held: Option<&Held>| held.map(|held| held.digest);
        if digest(one.expected) == digest(one.actual) {
            return None;
        }
        let declared = |earlier: &&Earlier| digest(earlier.items.by_key.get(key)) == digest(one.actual);
        let earlier = wanted.earlier.iter().filter(declared).max_by_key(|earlier| earlier.end_ms)?;
        if self.now_ms < earlier.due_ms() {
            // The newer one is on its way.
            one.expected = one.actual;
            return Some(earlier.due_ms());
        }
        let still = one.actual.is_none_or(|held| held.since_ms < earlier.due_ms());
        (one.stale, one.not_before_ms) = (still, if still { earlier.end_ms } else { 0 });
        None
    }
}
