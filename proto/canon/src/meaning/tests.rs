use super::{Effect, MEANING_TEXT_BYTES_MAX, MeaningText, Reach};

#[test]
fn every_word_is_read_back() {
    for one in Effect::ALL {
        assert_eq!(Effect::from_name(one.as_str()), Some(one));
    }
    for one in Reach::ALL {
        assert_eq!(Reach::from_name(one.as_str()), Some(one));
    }
    assert_eq!(Reach::from_name("everywhere"), None);
}

#[test]
fn a_text_is_one_bounded_line() {
    assert_eq!(MeaningText::new("opens\ntcp/22\u{1b}").as_str(), "opens\u{fffd}tcp/22\u{fffd}");
    let long = MeaningText::new(&"x".repeat(10_000));
    assert!(long.as_str().len() <= MEANING_TEXT_BYTES_MAX && long.as_str().ends_with('…'));
}
