use proptest::prelude::*;

use super::*;

/// As Linux 6.18 wrote them for `sed -i`: the rename, and a write with the
/// handle of the file itself behind.
fn renamed() -> Vec<u8> {
    let mut event = vec![];
    event.extend(56_u32.to_ne_bytes());
    event.extend([3, 0]);
    event.extend(24_u16.to_ne_bytes());
    event.extend(0x80_u64.to_ne_bytes());
    event.extend((-1_i32).to_ne_bytes());
    event.extend(22570_i32.to_ne_bytes());
    event.extend([2, 0]);
    event.extend(32_u16.to_ne_bytes());
    event.extend(0xee94_0401_45bd_69d8_u64.to_ne_bytes());
    event.extend(8_u32.to_ne_bytes());
    event.extend(1_i32.to_ne_bytes());
    event.extend([0x1f, 0x29, 0xa4, 0, 0x97, 0xb0, 0xd0, 0xc9]);
    event.extend(b"f\0\0\0");
    event
}

#[test]
fn events_name_the_directory_and_the_name_in_it() {
    let mut bytes = renamed();
    bytes.extend(renamed());
    let events = parse(&bytes);
    assert_eq!(events.len(), 2);
    let (handle, name) = events[0].at.clone().unwrap();
    assert_eq!((events[0].pid, name.as_slice(), events[0].overflow), (Some(22570), &b"f"[..], false));
    assert_eq!((handle.kind, handle.bytes[0], handle.filesystem), (1, 0x1f, 0xee94_0401_45bd_69d8));
}

#[test]
fn an_overflow_and_a_process_of_elsewhere_are_told() {
    let mut overflow = renamed();
    overflow[8..16].copy_from_slice(&OVERFLOW.to_ne_bytes());
    overflow[20..24].copy_from_slice(&0_i32.to_ne_bytes());
    assert!(matches!(parse(&overflow)[..], [Event { pid: None, overflow: true, .. }]));
}

#[test]
fn marks_are_read_from_what_the_kernel_shows() {
    let text = "pos:\t0\nflags:\t02004002\nfanotify flags:e03 event-flags:8000\nfanotify ino:a4291f sdev:fe00000 mflags:0 \
                mask:480003ce ignored_mask:0 fhandle-bytes:8 fhandle-type:1 f_handle:1f29a40097b0d0c9\nfanotify ino:zz\n";
    let [mark] = &marks(text)[..] else { panic!("one mark") };
    assert_eq!((mark.inode, mark.device, mark.kind), (0xa4_291f, 0xfe0_0000, 1));
    assert_eq!(mark.bytes, [0x1f, 0x29, 0xa4, 0, 0x97, 0xb0, 0xd0, 0xc9]);
}

proptest! {
    #[test]
    fn any_bytes_are_taken(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..56_usize, byte: u8) {
        _ = parse(&bytes);
        let mut damaged = renamed();
        damaged[at] = byte;
        _ = parse(&damaged);
        bytes.splice(0..0, renamed());
        prop_assert!(!parse(&bytes).is_empty());
        _ = marks(&String::from_utf8_lossy(&bytes));
    }
}
