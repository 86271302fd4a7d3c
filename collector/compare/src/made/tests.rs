use super::*;

const NOBODY: Vec<u32> = Vec::new();

fn made(epoch: u32) -> Made {
    Made { fleet_key_epoch: epoch, canonical_form: 1 }
}

fn all(epochs: &[(u32, u32)]) -> Vec<(u32, Made)> {
    epochs.iter().map(|(host, epoch)| (*host, made(*epoch))).collect()
}

/// Sides of different hosts.
fn strangers(left: &[(u32, u32)], right: &[(u32, u32)]) -> [Vec<u32>; 2] {
    let (left, right) = (all(left), all(right));
    let of = |of| Makings { of, across: &[] };
    foreign(of(&left), of(&right)).map(|hosts| hosts.into_iter().collect())
}

#[test]
fn what_was_made_alike_is_held_against_each_other() {
    assert_eq!(strangers(&[], &[]), [NOBODY, NOBODY]);
    assert_eq!(strangers(&[(0, 7), (1, 7)], &[(0, 7)]), [NOBODY, NOBODY]);
}

#[test]
fn of_several_makings_what_most_hosts_have_counts_and_then_the_later() {
    assert_eq!(strangers(&[(0, 1), (1, 1)], &[(0, 2)]), [vec![], vec![0]]);
    assert_eq!(strangers(&[(0, 1)], &[(0, 2)]), [vec![0], vec![]]);
    assert_eq!(strangers(&[(0, 1), (1, 2)], &[(0, 2), (1, 2)]), [vec![0], vec![]]);
    let forms = [(0, Made { canonical_form: 2, ..made(1) })];
    let (one, other) = (all(&[(0, 1)]), Makings { of: &forms, across: &[] });
    assert_eq!(foreign(Makings { of: &one, across: &[] }, other).map(|hosts| hosts.len()), [1, 0]);
}

#[test]
fn a_host_of_both_sides_is_held_against_itself() {
    let across = [Some(1), Some(0), None];
    let back = [Some(1), Some(0)];
    let ask = |left: &[(u32, u32)], right: &[(u32, u32)]| {
        let (left, right) = (all(left), all(right));
        let sides = (Makings { of: &left, across: &across }, Makings { of: &right, across: &back });
        foreign(sides.0, sides.1).map(|hosts| hosts.into_iter().collect::<Vec<_>>())
    };
    assert_eq!(ask(&[(0, 1), (1, 2)], &[(1, 1), (0, 2)]), [NOBODY, NOBODY], "each has its own");
    assert_eq!(ask(&[(0, 1), (1, 2)], &[(1, 2), (0, 2)]), [vec![0], vec![1]]);
    // Who is on one side only is held against most.
    assert_eq!(ask(&[(0, 1), (1, 1), (2, 2)], &[(1, 1), (0, 1)]), [vec![2], vec![]]);
}
