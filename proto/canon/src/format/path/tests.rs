use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Step {
    Name(Vec<u8>),
    Index(usize),
}

fn key(steps: &[Step]) -> Vec<u8> {
    let mut path = KeyPath::default();
    for step in steps {
        match step {
            Step::Name(name) => path.push_name(name),
            Step::Index(index) => path.push_index(*index),
        }
    }
    path.as_bytes().to_vec()
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = proptest::collection::vec(proptest::sample::select(b".[]\"\\a0 ".to_vec()), 0..4);
    let step = prop_oneof![name.prop_map(Step::Name), (0_usize..12).prop_map(Step::Index)];
    proptest::collection::vec(step, 0..4)
}

proptest! {
    #[test]
    fn two_places_never_have_one_key(places in proptest::collection::hash_set(steps(), 0..40)) {
        let keys: HashSet<Vec<u8>> = places.iter().map(|place| key(place)).collect();
        prop_assert_eq!(keys.len(), places.len());
    }
}

#[test]
fn reads_as_people_write_it() {
    let steps = [Step::Name(b"server".to_vec()), Step::Name(b"ports".to_vec()), Step::Index(0)];
    assert_eq!(key(&steps), b"server.ports[0]");
    assert_eq!(key(&[Step::Name(b"a.b".to_vec()), Step::Name(b"c".to_vec())]), b"\"a.b\".c");
}

#[test]
fn going_up_undoes_going_down() {
    let mut path = KeyPath::default();
    path.push_name(b"a");
    path.push_index(3);
    path.pop();
    path.push_name(b"b");
    assert_eq!(path.as_bytes(), b"a.b");
}
