use proptest::prelude::*;

use super::*;

/// Fields between `|`, words between `,`, a quoted one in brackets.
fn shown(line: &str) -> String {
    let word = |word: &Word<'_>| {
        let text = String::from_utf8_lossy(&word.text).into_owned();
        if word.quoted { format!("[{text}]") } else { text }
    };
    let field = |field: &Field<'_>| field.iter().map(word).collect::<Vec<_>>().join(",");
    fields(line.as_bytes()).iter().map(field).collect::<Vec<_>>().join("|")
}

#[test]
fn blanks_separate_fields_and_commas_words() {
    assert_eq!(shown("a b\tc\r"), "a|b|c");
    assert_eq!(shown("a,b, c d"), "a,b,c|d");
    assert_eq!(shown("a ,b"), "a|b");
    assert_eq!(shown(",,a,,b,"), "a,b");
    assert_eq!(shown("a, # b"), "a");
    assert_eq!(shown("  "), "");
}

#[test]
fn comments_end_a_line_even_inside_of_a_word() {
    assert_eq!(shown("a b#c d"), "a|b");
    assert_eq!(shown("a \"b#c\" d"), "a|[b#c]|d");
    assert_eq!(shown("# a"), "");
}

#[test]
fn quotes_keep_together_and_take_meaning_away() {
    assert_eq!(shown("\"a b\" \"all\""), "[a b]|[all]");
    assert_eq!(shown("\"a\"\"b\""), "[a\"b]");
    assert_eq!(shown("a\"l\"l x=\"y z\""), "all|x=y z");
    assert_eq!(shown("\"\" b"), "[]|b");
    assert_eq!(shown("\"\"a"), "[a]");
    assert_eq!(shown("a \"not closed, b"), "a|[not closed, b]");
}

#[test]
fn words_are_written_in_quotes_where_they_mean_something() {
    let written = |text: &str, quoted| {
        let mut out = Vec::new();
        Word { text: text.as_bytes().into(), quoted }.write(&mut out, &["all"]);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(written("plain", true), "plain");
    assert_eq!(written("all", true), "\"all\"");
    assert_eq!(written("all", false), "all");
    assert_eq!(written("+a", true), "\"+a\"");
    assert_eq!(written("+a b", false), "+\"a b\"");
    assert_eq!(written("/^a,b", false), "\"/^a,b\"");
    assert_eq!(written("", false), "\"\"");
}

proptest! {
    /// What is written is read back as the same word, keyword or not.
    #[test]
    fn words_are_read_back(text in "[a+@/\", #=l]{0,6}", quoted: bool) {
        let word = Word { text: text.into_bytes().into(), quoted };
        prop_assume!(quoted || !matches!(word.text.first(), None | Some(b'"')));
        let mut out = Vec::new();
        word.write(&mut out, &["all"]);
        let read = fields(&out).iter().flat_map(|field| field.to_vec()).collect::<Vec<_>>();
        prop_assert_eq!(read.len(), 1);
        prop_assert_eq!(&read[0].text, &word.text);
        let taken = *word.text == *b"all" || matches!(word.text.first(), Some(b'+' | b'@'));
        prop_assert!(!taken || read[0].quoted == word.quoted, "{:?}", String::from_utf8_lossy(&out));
    }
}
