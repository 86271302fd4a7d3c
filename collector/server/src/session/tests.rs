use super::*;

/// The size of what such a function gives, which need not be called for it.
fn size_of_future<A, B, C, D, E, F>(_: fn(A, B, C, D, E) -> F) -> usize {
    size_of::<F>()
}

#[test]
fn a_stream_that_stands_by_holds_no_room_for_what_it_does_not_do() {
    // Ten thousand of them are ten thousand times this; its opening alone took as much again.
    let bytes = size_of_future(serve);
    assert!(bytes <= 4096, "{bytes} bytes");
}
