//! Tokens.

use super::*;

fn shown(text: &str) -> Vec<String> {
    Lexer::new(text)
        .map(|token| match token {
            Token::Word(word) => word.into_owned(),
            Token::Quoted(text) => format!("'{text}'"),
            Token::Open => "{".to_owned(),
            Token::Close => "}".to_owned(),
            Token::Comma => ",".to_owned(),
            Token::End => "END".to_owned(),
        })
        .collect()
}

#[test]
fn words_operators_and_braces() {
    assert_eq!(shown("tcp dport!={22,80}"), ["tcp", "dport", "!=", "{", "22", ",", "80", "}"]);
    assert_eq!(shown("22: accept"), ["22", ":", "accept"]);
    assert_eq!(shown("fe80:: ::1 10.0.0.0/8"), ["fe80::", "::1", "10.0.0.0/8"]);
    assert_eq!(shown("a \"b c\" # d\ne;"), ["a", "'b c'", "END", "e", "END"]);
    assert_eq!(shown("a \\\n b\n"), ["a", "b", "END"]);
    assert_eq!(shown("(fin|syn)"), ["(", "fin", "|", "syn", ")"]);
}

#[test]
fn lines_are_counted() {
    let mut lexer = Lexer::new("a\n\\\nb \"open\nc");
    let lines: Vec<u32> = std::iter::from_fn(|| lexer.next().map(|_| lexer.line())).collect();
    assert_eq!(lines, [1, 2, 3, 3, 4, 4]);
}
