//! Enrolment tokens: any text is refused or read, and what was read is written
//! back as the same token.
#![no_main]

use driftline_canon::EnrolmentToken;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(token) = EnrolmentToken::decode(text) {
        let again = EnrolmentToken::decode(&token.encode()).unwrap();
        assert_eq!((again.id, again.secret, again.expires_s), (token.id, token.secret, token.expires_s));
    }
});
