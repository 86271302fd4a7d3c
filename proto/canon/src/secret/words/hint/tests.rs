use proptest::prelude::*;

use super::*;
use crate::secret::words::{is_secret, split};

#[test]
fn no_listed_word_is_ruled_out_in_any_case_or_place() {
    for word in [SECRET, SECRET_LAST, MORE, SECRET_END].into_iter().flat_map(str::split_ascii_whitespace) {
        let upper = word.to_ascii_uppercase();
        for key in
            [word.to_owned(), format!("app_{upper}"), format!("{word}1"), format!("a.{word}-b"), format!("x{word}x")]
        {
            assert!(may_name_a_secret(&key) || !is_secret(&split(&key)), "{key} is ruled out");
        }
        assert!(may_name_a_secret(word), "{word} is ruled out");
    }
}

#[test]
fn ordinary_keys_are_ruled_out() {
    for key in ["SHOP_1_ORDERS_URL", "net.ipv4.conf.all.arp_ignore", "databaseRelease", "max_locks", "", "_", "@7"] {
        assert!(!may_name_a_secret(key), "{key} is not ruled out");
    }
}

proptest! {
    #[test]
    fn a_key_that_names_a_secret_is_never_ruled_out(
        key in "((pass|word|Pass|PASSWORD|db|Api|KEY|key|tok|en|Token|sec|ret|SECRETS|pwd|pw|1|42|jwt|COOKIE|seed|less|x|ſ|K)|[_.-]|[a-zA-Z]){0,8}"
    ) {
        let words = split(&key);
        let seed = words.last().is_some_and(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()) == "seed");
        prop_assert!(may_name_a_secret(&key) || !(is_secret(&words) || seed));
    }
}
