//! Questions as they are sent, and answers that refuse.

use super::*;

#[test]
fn a_question_is_a_message_of_nftables() {
    let bytes = question(16, 0x300);
    let message = Messages::of(&bytes).next().unwrap().unwrap();
    assert_eq!((message.kind, message.flags, message.body), (0x0a10, 0x301, &[0; 4][..]));
}

#[test]
fn a_refusal_says_what_it_takes() {
    let denied = refused("ask", &(-1_i32).to_ne_bytes()).unwrap_err();
    assert!(denied.to_string().contains("CAP_NET_ADMIN"), "{denied}");
    assert!(refused("ask", &0_i32.to_ne_bytes()).is_ok());
    assert!(!refused("ask", &(-2_i32).to_ne_bytes()).unwrap_err().to_string().contains("CAP_NET_ADMIN"));
}
