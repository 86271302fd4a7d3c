use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

#[test]
fn a_key_has_the_last_place_it_was_given() {
    let keys = [ItemKey::from_bytes(b"a"), ItemKey::from_bytes(b"b"), ItemKey::from_bytes(b"a")];
    let key_at = |place: usize| keys.get(place);
    let mut index = Index::default();
    assert_eq!(index.insert("a", 0, key_at), None);
    assert_eq!(index.insert("b", 1, key_at), None);
    assert_eq!(index.insert("a", 2, key_at), Some(0));
    assert_eq!((index.get("a", key_at), index.get("b", key_at), index.get("c", key_at)), (Some(2), Some(1), None));
    assert_eq!(index.remove("a", key_at), Some(2));
    assert_eq!((index.get("a", key_at), index.len(), index.is_empty()), (None, 1, false));
}

proptest! {
    #[test]
    fn it_is_a_map_of_its_keys(names in prop::collection::vec("[a-c]{0,3}", 0..200)) {
        let keys: Vec<ItemKey> = names.iter().map(|name| ItemKey::from_bytes(name.as_bytes())).collect();
        let key_at = |place: usize| keys.get(place);
        let mut index = Index::default();
        let mut model = HashMap::new();
        for (place, key) in keys.iter().enumerate() {
            if place % 3 == 2 {
                prop_assert_eq!(index.remove(key.as_str(), key_at), model.remove(key.as_str()));
            } else {
                prop_assert_eq!(index.insert(key.as_str(), place, key_at), model.insert(key.as_str(), place));
            }
            prop_assert_eq!(index.len(), model.len());
        }
        for key in &keys {
            prop_assert_eq!(index.get(key.as_str(), key_at), model.get(key.as_str()).copied());
        }
    }
}
