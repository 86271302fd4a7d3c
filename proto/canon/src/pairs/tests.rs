use proptest::prelude::*;

use super::*;
use crate::delta;

fn item(key: u16, value: u8) -> Item {
    // Long ones, so that a few hundred fill several blocks.
    let key = format!("{key:04} {}", "x".repeat(usize::from(key % 7) * 40));
    Item {
        key: ItemKey::from_bytes(key.as_bytes()),
        digest: Digest([value; 32]),
        secret: false,
        display: None,
        line: None,
        file: None,
    }
}

fn observation(items: &BTreeMap<u16, u8>) -> Observation {
    Observation::new(items.iter().map(|(key, value)| item(*key, *value)).collect())
}

/// Keys from one on, to be put with a value or taken away.
type Step = (u16, u16, Option<u8>);

fn steps() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = (0..400_u16, prop_oneof![3 => 1..4_u16, 1 => 1..400_u16], prop::option::of(0..3_u8));
    prop::collection::vec(prop::collection::vec(step, 0..4), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_it_tells_is_the_difference_of_the_observations(steps in steps()) {
        let mut items = BTreeMap::new();
        let mut pairs = Pairs::of(&observation(&items));
        for changes in steps {
            let before = observation(&items);
            let mut told = Vec::new();
            for (from, count, value) in changes {
                for key in from..from + count {
                    told.push((item(key, 0).key, value.map(|value| item(key, value))));
                    match value {
                        Some(value) => _ = items.insert(key, value),
                        None => _ = items.remove(&key),
                    }
                }
            }
            let after = observation(&items);
            prop_assert_eq!(pairs.clone().turn_into(&after), delta::diff(&before, &after));
            prop_assert_eq!(pairs.change(told), delta::diff(&before, &after));
            prop_assert_eq!(pairs.turn_into(&after), None);
            prop_assert_eq!(pairs.root(), after.root());
            prop_assert_eq!(Pairs::of(&after).root(), after.root());
            for key in 0..400 {
                let key = item(key, 0).key;
                prop_assert_eq!(pairs.get(&key), after.get(&key).map(|item| item.digest));
            }
            prop_assert!(pairs.blocks.iter().all(|block| !block.0.is_empty() && block.0.len() <= BLOCK_BYTES_MAX));
        }
    }
}

#[test]
fn of_equal_keys_the_last_counts() {
    let mut pairs = Pairs::of(&Observation::default());
    let key = item(1, 0).key;
    let told = pairs.change([(key.clone(), Some(item(1, 1))), (key.clone(), None), (key.clone(), Some(item(1, 2)))]);
    assert_eq!(told.unwrap().changes, [ItemChange { key: key.clone(), before: None, after: Some(item(1, 2)) }]);
    assert_eq!(pairs.change([(key, Some(item(1, 2)))]), None);
}
