//! What is known beside the rules is what the rules say, whatever came and went.

use driftline_canon::format::nftables::order_setting;
use proptest::prelude::*;

use super::*;

fn rule(handle: u64, can_be_read: bool) -> Rule {
    let statement = if can_be_read { "accept" } else { "xt" };
    let said = serde_json::json!({"family": "ip", "handle": handle, "expr": [{statement: null}, {"counter": null}]});
    let rule = Rule::of(&said);
    assert_eq!(rule.problem.is_none(), can_be_read);
    rule
}

fn handles(rules: &[Rule]) -> Vec<u64> {
    rules.iter().map(|rule| rule.handle).collect()
}

fn order_of(rules: &Rules) -> Option<driftline_canon::Setting> {
    let (order, behind) = rules.order();
    order.setting("ip t/c", behind)
}

fn check(rules: &Rules) {
    for (at, rule) in rules.iter().enumerate() {
        for hint in [0, at, at + 1, rules.len() + 3] {
            assert_eq!(rules.find(rule.handle, hint), Some(at));
        }
    }
    assert_eq!(rules.find(1_000_000, 0), None);
    let read = rules.iter().filter(|rule| rule.problem.is_none()).map(|rule| &rule.hash);
    assert_eq!(order_of(rules), order_setting("ip t/c", read));
    assert_eq!(rules.has_unread(), rules.iter().any(|rule| rule.problem.is_some()));
    assert_eq!(rules.has_dead(), rules.iter().any(|rule| rule.dead));
}

proptest! {
    #[test]
    fn what_is_as_it_was_is(steps in prop::collection::vec((0..5_u8, any::<prop::sample::Index>()), 0..40)) {
        let mut rules = Rules::default();
        let mut next = 0;
        for _ in 0..6 {
            next += 1;
            rules.push(rule(next, true));
        }
        rules.settle();
        rules.since();
        let mut before = handles(&rules);
        for (what, at) in steps {
            let place = at.index(rules.len() + 1);
            next += 1;
            match what {
                0 => rules.push(rule(next, true)),
                1 => rules.insert(place, rule(next, true)),
                2 => rules.replace(place, rule(next, true)),
                3 => _ = rules.kill(place),
                _ => {
                    rules.settle();
                    let (now, since) = (handles(&rules), rules.since());
                    prop_assert_eq!(since.before, before.len());
                    prop_assert!(since.front + since.back <= now.len().min(before.len()));
                    prop_assert_eq!(&now[..since.front], &before[..since.front]);
                    prop_assert_eq!(&now[now.len() - since.back..], &before[before.len() - since.back..]);
                    before = now;
                }
            }
            check(&rules);
        }
    }
}

#[test]
fn one_rule_at_the_end_leaves_all_others_as_they_were() {
    let mut rules = Rules::default();
    (1..=1_500).for_each(|handle| rules.push(rule(handle, true)));
    rules.settle();
    assert_eq!(rules.since(), Since { front: 0, back: 0, before: 0 }, "nothing was known of a new chain");
    rules.push(rule(1_501, true));
    rules.settle();
    assert_eq!(rules.since(), Since { front: 1_500, back: 0, before: 1_500 });
    assert_eq!(rules.order().1.count(), 1_501 - 2 * 512, "what is in front is not hashed again");
    rules.anew();
    assert_eq!(rules.since(), Since::default(), "a list of another name");
    check(&rules);
}

#[test]
fn where_a_rule_cannot_be_read_nothing_is_taken_to_be_as_it_was() {
    let mut rules = Rules::default();
    (1..=600).for_each(|handle| rules.push(rule(handle, true)));
    rules.settle();
    rules.since();
    rules.insert(550, rule(700, false));
    rules.settle();
    check(&rules);
    assert_eq!(rules.since(), Since::default());
    rules.push(rule(701, true));
    rules.settle();
    assert_eq!(rules.since(), Since::default());
    assert!(rules.kill(550).is_some() && rules.kill(5_000).is_none());
    rules.settle();
    check(&rules);
    assert_eq!(rules.since(), Since::default(), "it did not count, so that places were others");
    rules.push(rule(702, true));
    rules.settle();
    assert_eq!(rules.since(), Since { front: 601, back: 0, before: 601 });
}
