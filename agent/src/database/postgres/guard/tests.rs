//! Frames in pieces of any size, and frames that are too long.

use proptest::prelude::*;

use super::*;

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind], length.to_be_bytes().as_slice(), body].concat()
}

proptest! {
    #[test]
    fn whole_frames_pass_however_they_are_cut(
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8),
        piece in 1_usize..30,
    ) {
        let bytes: Vec<u8> = bodies.iter().flat_map(|body| message(b'D', body)).collect();
        let mut frames = Frames::default();
        for part in bytes.chunks(piece) {
            prop_assert!(frames.take(part).is_ok());
        }
        prop_assert_eq!((frames.have, frames.body), (0, 0));
    }

    #[test]
    fn any_bytes_end_in_an_error_or_within_bounds(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut frames = Frames::default();
        if frames.take(&bytes).is_ok() {
            prop_assert!(frames.body <= ANSWER_BYTES_MAX);
        }
    }
}

#[test]
fn a_frame_that_promises_gigabytes_is_refused() {
    let mut frames = Frames::default();
    let error = frames.take(b"D\x7f\xff\xff\xff").unwrap_err();
    assert!(error.get_ref().unwrap().is::<OverBudget>());
    assert!(Frames::default().take(b"D\0\0\0\x03").is_err());
}
