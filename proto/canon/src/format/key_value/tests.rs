use super::*;
use crate::format::testing;

fn pairs(text: &str) -> Vec<String> {
    testing::shown(&read(text.as_bytes()))
}

fn problems(text: &str) -> Vec<String> {
    testing::problems(&read(text.as_bytes()))
}

#[track_caller]
fn check(text: &str, wanted: &[&str]) {
    testing::is_read_as(text, &read(text.as_bytes()), wanted);
}

#[test]
fn blanks_and_equal_signs_part() {
    check("a 1 2\nb=1\n c = 1\nd\t=\t1 = 2\n-e=1\nf\n", &["a=1 2", "b=1", "c=1", "d=1 = 2", "e=1", "f="]);
    check("# c\n; d\n\n\r\n a 1 \r\n", &["a=1"]);
}

#[test]
fn each_value_of_a_repeated_key_is_kept() {
    check("Port 22\nPort 2222\nPort 1\n", &["Port=22", "Port[1]=2222", "Port[2]=1"]);
}

#[test]
fn a_block_is_part_of_the_keys_in_it() {
    let order = Sha256::new().chain_update(Sha256::digest("Match User u")).chain_update(Sha256::digest("Match all"));
    let order = format!("@order:blocks=2 blocks, order {}", digits(&order.finalize()));
    check(
        "X a\nMatch User u\n  X b\nMatch all\nX c\n",
        &[
            "X=a",
            "\"Match User u\".Match=User u",
            "\"Match User u\".X=b",
            "\"Match all\".Match=all",
            "\"Match all\".X=c",
            &order,
        ],
    );
}

#[test]
fn a_value_alone_is_a_problem() {
    assert_eq!(problems("= hunter2\na 1\n"), ["line 1, column 1: a value without a key"]);
    assert_eq!(pairs("= hunter2\na 1\n").len(), 2);
}

#[test]
fn blocks_that_swap_places_are_a_difference() {
    let (one, other) = ("Match User u\nX a\n", "Match all\nX b\n");
    let order = |text: &str| pairs(text).into_iter().find(|pair| pair.starts_with("@order:blocks=")).unwrap();
    assert_ne!(order(&[one, other].concat()), order(&[other, one].concat()));
    assert!(pairs("X a\n").iter().all(|pair| !pair.starts_with('@')));
}

#[test]
fn a_host_with_an_equal_sign_begins_no_block() {
    check("host=db1\nport=5432\n", &["host=db1", "port=5432"]);
    check("host = db1\nport = 5432\n", &["host=db1", "port=5432"]);
}

#[test]
fn a_name_with_brackets_is_not_the_second_of_another() {
    check("a 1\na 2\n", &["a=1", "a[1]=2"]);
    check("a 1\na[1] 2\n", &["a=1", "\"a[1]\"=2"]);
}

#[test]
fn a_word_alone_that_may_be_a_value_is_no_key() {
    for text in ["a 1\nhunter2\n", "a 1\npassword\nswordfish\n", "a 1\nPassword=\nswordfish\n"] {
        assert!(pairs(text).iter().all(|pair| !pair.contains("hunter2") && !pair.contains("swordfish")), "{text}");
        assert_eq!(problems(text).len(), 1, "{text}");
    }
    check("rtcsync\nlock_all\nno-resolv\n", &["rtcsync=", "lock_all=", "no-resolv="]);
}
