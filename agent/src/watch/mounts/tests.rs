//! Lines of the mount table, as proc(5) has them.

use super::*;

fn at(line: &str) -> Option<(u64, String)> {
    mount(line.as_bytes()).map(|(id, path)| (id, path.to_string_lossy().into_owned()))
}

#[test]
fn a_line_has_a_number_and_a_place() {
    let line = "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue";
    assert_eq!(at(line), Some((36, "/mnt2".to_owned())));
    let bound = "512 25 254:0 /srv/other.env /srv/app.env rw,relatime - ext4 /dev/vda rw";
    assert_eq!(at(bound), Some((512, "/srv/app.env".to_owned())));
}

#[test]
fn blanks_and_backslashes_in_a_place_are_read_back() {
    let line = r"36 35 98:0 / /mnt/a\040b\011c\012d\134040e rw - ext3 /dev/root rw";
    assert_eq!(at(line), Some((36, "/mnt/a b\tc\nd\\040e".to_owned())));
    assert_eq!(unescaped(br"\"), b"\\");
    assert_eq!(unescaped(br"\04"), br"\04");
    assert_eq!(unescaped(br"\999"), br"\999");
    assert_eq!(unescaped(br"\777"), br"\777", "no byte");
}

#[test]
fn what_is_no_line_is_passed_over() {
    for line in ["", "x 35 98:0 / /mnt rw", "36", "36 35 98:0 /"] {
        assert_eq!(at(line), None, "{line:?}");
    }
}

#[test]
fn this_process_has_a_root_and_nothing_moves_by_itself() {
    assert!(read().unwrap().iter().any(|(_, at)| at == Path::new("/")));
}
