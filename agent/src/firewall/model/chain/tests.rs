//! Rules as the kernel tells of them, and the order that they come to.

use super::*;

fn rule(handle: u64) -> Rule {
    Rule::of(&serde_json::json!({"family": "ip", "handle": handle, "expr": [{"accept": null}]}))
}

fn chain(handles: &[u64]) -> Chain {
    let mut chain = Chain::of(&serde_json::json!({"family": "ip", "table": "t", "name": "c"}));
    handles.iter().for_each(|handle| chain.rules.push(rule(*handle)));
    chain
}

/// What stands there after these, each a handle and where it was put, or a
/// handle that went.
fn after(before: &[u64], news: &[(u64, Option<Spot>)]) -> (Vec<u64>, bool) {
    let mut chain = chain(before);
    let mut known = true;
    for (handle, spot) in news {
        match spot {
            Some(spot) => known &= chain.put(rule(*handle), *spot),
            None => _ = chain.remove(*handle),
        }
    }
    known &= chain.settle();
    (chain.rules.iter().map(|rule| rule.handle).collect(), known)
}

#[test]
fn f1_rules_are_where_the_kernel_says() {
    use Spot::{Behind, End, Front};
    assert_eq!(after(&[1, 2], &[(3, Some(Behind(1)))]), (vec![1, 3, 2], true));
    assert_eq!(after(&[1, 2], &[(3, Some(End)), (4, Some(Front))]), (vec![4, 1, 2, 3], true));
    // Two at the front in one transaction: the first is told of as behind the second.
    assert_eq!(after(&[1], &[(2, Some(Behind(3))), (3, Some(Front))]), (vec![3, 2, 1], true));
    assert_eq!(after(&[1], &[(2, Some(Behind(3))), (3, Some(Behind(4))), (4, Some(Front))]), (vec![4, 3, 2, 1], true));
    // What goes in the same transaction keeps its place until the end.
    assert_eq!(after(&[1, 2], &[(2, None), (3, Some(Behind(1)))]), (vec![1, 3], true));
    assert_eq!(after(&[1, 2], &[(3, Some(Behind(2))), (2, None), (1, None)]), (vec![3], true));
    // Added and gone at once.
    assert_eq!(after(&[1], &[(2, Some(Behind(3))), (3, Some(Front)), (2, None), (3, None)]), (vec![1], true));
}

#[test]
fn a_rule_in_the_place_of_another_keeps_it() {
    assert_eq!(after(&[1, 2, 3], &[(2, None), (2, Some(Spot::Behind(1)))]), (vec![1, 2, 3], true));
    assert_eq!(after(&[1, 2], &[(1, None), (1, Some(Spot::Replaced))]), (vec![1, 2], true));
    // Older kernels give it another handle and say nothing of the place.
    assert!(!after(&[1, 2], &[(1, None), (3, Some(Spot::Replaced))]).1);
}

#[test]
fn a_place_that_is_not_known_is_said() {
    assert_eq!(after(&[1], &[(2, Some(Spot::Behind(9)))]), (vec![1, 2], false));
}

#[test]
fn what_was_told_before_changes_nothing() {
    assert_eq!(after(&[1, 2, 3], &[(2, Some(Spot::End)), (9, None)]), (vec![1, 2, 3], true));
}
