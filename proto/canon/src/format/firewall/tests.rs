//! What holds for all rule dumps.

use super::*;

#[test]
fn bytes_that_are_no_text_are_content() {
    for read in [read_iptables, read_ufw] {
        let reading = read(b"*filter\0\n");
        assert_eq!((reading.settings.len(), reading.problems.len()), (1, 1));
    }
}
