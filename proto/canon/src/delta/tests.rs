use proptest::prelude::*;

use super::*;

fn item(key: &str, value: u8) -> Item {
    Item {
        key: ItemKey::from_bytes(key.as_bytes()),
        digest: Digest([value; 32]),
        secret: false,
        display: None,
        line: None,
        file: None,
    }
}

fn observation() -> impl Strategy<Value = Observation> {
    proptest::collection::vec(("[a-f]{1,2}", 0u8..4), 0..12)
        .prop_map(|pairs| Observation::new(pairs.iter().map(|(key, value)| item(key, *value)).collect()))
}

proptest! {
    #[test]
    fn applying_a_delta_gives_the_observation_it_was_made_from(a in observation(), b in observation()) {
        match diff(&a, &b) {
            Some(delta) => prop_assert_eq!(delta.apply(&a), Ok(b)),
            None => prop_assert_eq!(a, b),
        }
    }

    #[test]
    fn roots_are_equal_if_and_only_if_items_are(a in observation(), b in observation()) {
        prop_assert_eq!(a.root() == b.root(), a == b);
    }

    #[test]
    fn order_of_items_means_nothing(pairs in proptest::collection::btree_map("[a-f]{1,2}", 0u8..4, 0..12)) {
        let items: Vec<Item> = pairs.iter().map(|(key, value)| item(key, *value)).collect();
        let turned = items.iter().rev().cloned().collect();
        prop_assert_eq!(Observation::new(items).root(), Observation::new(turned).root());
    }
}

#[test]
fn a_delta_is_refused_by_any_other_observation() {
    let a = Observation::new(vec![item("a", 1)]);
    let b = Observation::new(vec![item("a", 2)]);
    let delta = diff(&a, &b).unwrap();
    assert!(matches!(delta.apply(&b), Err(ApplyError::Before { .. })));
    let mut forged = delta;
    forged.changes[0].after = Some(item("a", 3));
    assert!(matches!(forged.apply(&a), Err(ApplyError::After { .. })));
}

#[test]
fn of_equal_keys_the_last_one_stays() {
    let both = Observation::new(vec![item("a", 1), item("a", 2)]);
    assert_eq!(both.items(), [item("a", 2)]);
}
