//! Columns, not bytes and not characters.

use super::*;

#[test]
fn a_text_that_fits_is_not_cut() {
    assert_eq!(cut("abc", 3), "abc");
    assert_eq!(cut("", 0), "");
}

#[test]
fn a_cut_text_says_so_and_fits() {
    assert_eq!(cut("abcdef", 4), "abc…");
    assert_eq!(cut("abcdef", 1), "…");
    assert_eq!(cut("abcdef", 0), "");
    assert_eq!(cut("日本語", 4), "日…");
    assert_eq!(cut("日本語", 5), "日本…");
    assert!(width(&cut("日本語", 3)) <= 3);
}

#[test]
fn names_are_cut_in_the_middle() {
    assert_eq!(cut_middle("PAYMENT_PROVIDER_WEBHOOK_SECRET", 16), "PAYMENT_PR…ECRET");
    assert_eq!(width(&cut_middle("日本語日本語日本語", 9)), 9);
    assert_eq!(cut_middle("abcdefghij", 5), "abcd…");
}

#[test]
fn two_long_values_are_cut_where_they_differ() {
    let (a, b) = ("postgres://app:****@db-1.internal:5432/shop", "postgres://app:****@db-2.internal:5432/shop");
    assert_eq!(cut_around(a, b, 28), "…:****@db-1.internal:5432/s…");
    assert_ne!(cut_around(a, b, 20), cut_around(b, a, 20));
    assert_eq!(cut_around("short", b, 20), "short");
    assert_eq!(cut_around("something else that is long", b, 10), "something…");
    for columns in 0..50 {
        assert!(width(&cut_around(a, b, columns)) <= columns, "{columns}");
        assert!(width(&cut_around("日本語日本語日本語日本語日", "日本語日本語日本語日本語本", columns)) <= columns);
    }
}

#[test]
fn marks_take_no_columns() {
    assert_eq!(width("e\u{301}"), 1);
    assert_eq!(pad("e\u{301}", 3), "e\u{301}  ");
    assert_eq!(pad("too long", 3), "too long");
}

#[test]
fn sentences_break_between_words() {
    assert_eq!(wrap("one two three", 7), ["one two", "three"]);
    assert_eq!(wrap("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
    assert_eq!(wrap("", 4), [""]);
    assert!(wrap("a 日本語日本語 b", 4).iter().all(|line| width(line) <= 4));
}

#[test]
fn w10_nothing_that_moves_the_cursor_is_printed_raw() {
    assert_eq!(safe("a\u{1b}[31mb"), "a\\u{1b}[31mb");
    assert_eq!(safe("a\nb\tc\rd"), "a\\nb\\tc\\u{d}d");
    assert_eq!(safe("gnp.\u{202e}exe"), "gnp.\\u{202e}exe");
    assert_eq!(safe("C:\\temp äöü"), "C:\\temp äöü");
}
