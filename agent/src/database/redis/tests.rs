//! Commands as they are sent, and what stands for an answer.

use super::*;

#[test]
fn a_command_is_an_array_of_texts() {
    assert_eq!(encoded(&[b"CONFIG", b"GET", b"*"]).as_slice(), b"*3\r\n$6\r\nCONFIG\r\n$3\r\nGET\r\n$1\r\n*\r\n");
    // A password cannot become a command of its own.
    assert_eq!(encoded(&[b"AUTH", b"a\r\nFLUSHALL"]).as_slice(), b"*2\r\n$4\r\nAUTH\r\n$11\r\na\r\nFLUSHALL\r\n");
}

#[test]
fn an_answer_stands_for_itself_alone() {
    let text = |one: &str| Zeroizing::new(one.as_bytes().to_vec());
    let print = print_of(&[text("a"), text("bc")], &[], 0);
    assert_eq!(print, print_of(&[text("a"), text("bc")], &[], 0));
    for other in [
        print_of(&[text("ab"), text("c")], &[], 0),
        print_of(&[text("a"), text("bc")], &[text("user")], 0),
        print_of(&[text("a"), text("bc")], &[], 1),
    ] {
        assert_ne!(print, other);
    }
}
