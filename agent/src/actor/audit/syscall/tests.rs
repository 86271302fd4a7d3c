use super::super::record::parse;
use super::*;

fn changes_of(fields: &str) -> bool {
    changes(parse(format!("audit(1.002:3): {fields}").as_bytes()).unwrap().1)
}

#[test]
fn an_open_for_reading_changes_nothing() {
    assert!(!changes_of("arch=c000003e syscall=257 a0=ffffff9c a1=55 a2=0"));
    assert!(!changes_of("arch=c000003e syscall=257 a0=ffffff9c a1=55 a2=80000"), "O_CLOEXEC");
    assert!(changes_of("arch=c000003e syscall=257 a0=ffffff9c a1=55 a2=241"));
    assert!(changes_of("arch=c000003e syscall=2 a0=55 a1=1"));
    assert!(changes_of("arch=c00000b7 syscall=56 a0=55 a1=1 a2=2"));
    assert!(!changes_of("arch=c00000b7 syscall=56 a0=55 a1=1 a2=0"));
}

#[test]
fn renames_and_modes_change_and_executing_does_not() {
    for call in [82, 264, 316, 87, 90, 268, 188, 76] {
        assert!(changes_of(&format!("arch=c000003e syscall={call}")), "{call}");
    }
    for call in [59, 4, 21, 89, 0] {
        assert!(!changes_of(&format!("arch=c000003e syscall={call}")), "{call}");
    }
    assert!(changes_of("arch=c00000b7 syscall=276"));
    assert!(!changes_of("arch=40000003 syscall=5 a1=2"), "of another architecture nothing is known");
    assert!(!changes_of("syscall=82"));
}
