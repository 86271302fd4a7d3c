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

#[test]
fn what_is_quoted_is_one_word_of_a_shell() {
    for plain in ["/tmp/a-1/cli.toml", "host:7443", "a=b"] {
        assert_eq!(quoted(plain), plain);
    }
    for odd in ["", "a b", "it's", "$HOME", "`id`", "a\nb", "\"q\"", "*", "~", "日本", "a;b", "\\"] {
        let script = format!("printf %s {}", quoted(odd));
        let shell = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(shell.stdout).unwrap(), odd, "{script}");
    }
}

#[test]
fn what_is_folded_is_whole() {
    assert_eq!(folded("  \"a\": \"b c\"", 80), ["  \"a\": \"b c\""]);
    assert_eq!(folded("  one two three", 9), ["  one two", "  three"]);
    assert_eq!(folded("    /a/long/path", 12), ["    /a/long/", "    path"]);
    assert_eq!(folded("", 10), [""]);
    let deep = folded(&format!("{}x", " ".repeat(100)), 10);
    assert!(deep.iter().all(|line| width(line) <= 10) && deep.concat().ends_with('x'), "{deep:?}");
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    /// Text with what makes widths hard: wide, combining, control and long words.
    fn any_text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-z]{1,12}",
            Just(" ".to_owned()),
            Just("日本語".to_owned()),
            Just("e\u{301}".to_owned()),
            Just("\u{1b}[2J\n\t".to_owned()),
            Just("🦀".to_owned()),
            Just("/a/long/path/of/many/parts".to_owned()),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_cut_text_fits_and_a_text_that_fits_is_not_cut(text in any_text(), columns in 2..60_usize) {
            let text = safe(&text);
            for made in [cut(&text, columns), cut_middle(&text, columns), cut_around(&text, "another", columns)] {
                prop_assert!(width(&made) <= columns, "{made:?} of {text:?}");
                prop_assert!(width(&text) > columns || made == text);
            }
        }

        #[test]
        fn wrapping_leaves_nothing_out(text in any_text(), columns in 2..60_usize) {
            let text = safe(&text);
            let lines = wrap(&text, columns);
            prop_assert!(lines.iter().all(|line| width(line) <= columns), "{lines:?}");
            let solid = |text: &str| text.replace(' ', "");
            prop_assert_eq!(solid(&lines.concat()), solid(&text));
        }

        #[test]
        fn folding_leaves_nothing_out(indent in 0..20_usize, text in any_text(), columns in 4..60_usize) {
            let text = format!("{}{}", " ".repeat(indent), safe(&text));
            let lines = folded(&text, columns);
            prop_assert!(lines.iter().all(|line| width(line) <= columns), "{lines:?}");
            prop_assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        }

        #[test]
        fn w10_what_is_safe_stays_safe(text in any::<String>()) {
            let once = safe(&text);
            prop_assert!(!once.chars().any(|c| c.is_control() || is_deceptive(c)), "{once:?}");
            prop_assert_eq!(safe(&once), once.clone(), "twice is once");
        }

        #[test]
        fn two_values_that_differ_do_not_look_alike(common in "[a-z]{0,60}", tail in "[a-z]{1,10}", columns in 12..40_usize) {
            let (one, other) = (format!("{common}1{tail}"), format!("{common}2{tail}"));
            prop_assert_ne!(cut_around(&one, &other, columns), cut_around(&other, &one, columns));
        }
    }
}
