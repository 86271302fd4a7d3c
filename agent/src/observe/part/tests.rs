use driftline_canon::Digest;

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

fn put(key: &str, value: u8) -> (ItemKey, Option<Item>) {
    let item = item(key, value);
    (item.key.clone(), Some(item))
}

#[test]
fn a_part_leads_from_what_was_handed_on_to_what_is_there() {
    let mut account = Account::default();
    let before = Observation::new(vec![item("A", 1), item("B", 1)]);
    let Sight::Whole { observation, .. } = account.whole(before.clone()) else { panic!("not whole") };
    assert_eq!(observation, before);
    let gone = (item("A", 0).key, None);
    let Some(Sight::Part { delta, .. }) = account.part([gone, put("B", 1), put("C", 2)]) else { panic!("no part") };
    let after = Observation::new(vec![item("B", 1), item("C", 2)]);
    assert_eq!(delta.apply(&before).unwrap(), after);
    assert_eq!(account.root(), after.root());
    assert!(account.part([put("C", 2)]).is_none());
    assert!(account.part_of(&after).is_none());
    let Some(Sight::Part { delta, .. }) = account.part_of(&before) else { panic!("no part") };
    assert_eq!(delta.apply(&after).unwrap(), before);
    assert_eq!(account.root(), before.root());
}

#[tokio::test]
async fn asking_never_waits_and_no_question_is_lost() {
    let mut account = Account::default();
    let Some(Sight::Part { whole, .. }) = account.part([put("A", 1)]) else { panic!("no part") };
    assert!(whole.ask());
    assert!(!whole.ask());
    // Dropped before it was told, as in a select that something else won.
    drop(account.whole_wanted());
    account.whole_wanted().await;
    assert!(whole.ask());
    account.whole_wanted().await;
}
