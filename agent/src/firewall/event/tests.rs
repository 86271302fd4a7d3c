//! Messages as the kernel sends them, made by hand.

use proptest::prelude::*;

use super::*;

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = [u16::try_from(4 + value.len()).unwrap().to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend_from_slice(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn event(kind: u16, flags: u16, attributes: &[Vec<u8>]) -> Event {
    let body = [vec![1, 0, 0, 0], attributes.concat()].concat();
    read(&Message { kind: SUBSYSTEM << 8 | kind, flags, body: &body })
}

fn of(what: What, handle: u64, gone: bool) -> Event {
    Event::Object { table: TableId { family: 1, name: "t".into() }, what, handle, gone }
}

#[test]
fn a_generation_names_who_made_it() {
    let attributes = [attribute(1, &9_u32.to_be_bytes()), attribute(2, &77_u32.to_be_bytes()), attribute(3, b"nft\0")];
    assert_eq!(event(15, 0, &attributes), Event::Generation { id: 9, pid: 77, name: "nft".into() });
    assert_eq!(event(15, 0, &attributes[1..]), Event::Malformed);
}

#[test]
fn a_rule_says_where_it_was_put() {
    let name = [attribute(1, b"t\0"), attribute(2, b"c\0"), attribute(3, &5_u64.to_be_bytes())];
    let rule = |flags, more: &[Vec<u8>]| event(6, flags, &[&name[..], more].concat());
    let put = |spot| of(What::Rule { chain: "c".into(), spot, sets: Vec::new() }, 5, false);
    assert_eq!(rule(APPEND | CREATE, &[]), put(Spot::End));
    assert_eq!(rule(CREATE, &[]), put(Spot::Front));
    assert_eq!(rule(APPEND, &[]), put(Spot::Replaced));
    assert_eq!(rule(0, &[attribute(6, &4_u64.to_be_bytes())]), put(Spot::Behind(4)));
    let gone = event(8, 0, &name);
    assert!(matches!(gone, Event::Object { handle: 5, gone: true, .. }));
}

#[test]
fn a_rule_names_the_sets_that_it_looks_into() {
    let expression = |name: &[u8], data: Vec<u8>| attribute(1, &[attribute(1, name), attribute(2, &data)].concat());
    let expressions = [
        expression(b"lookup\0", attribute(1, b"s\0")),
        expression(b"cmp\0", attribute(1, b"x\0")),
        expression(b"objref\0", attribute(4, b"m\0")),
    ];
    let attributes = [attribute(1, b"t\0"), attribute(2, b"c\0"), attribute(4, &expressions.concat())];
    let Event::Object { what: What::Rule { sets, .. }, .. } = event(6, CREATE, &attributes) else { panic!("no rule") };
    assert_eq!(sets, ["s".into(), "m".into()]);
}

#[test]
fn f7_elements_that_go_by_themselves_are_told_apart() {
    let elements = |list: &[Vec<u8>]| {
        let list: Vec<u8> = list.iter().flat_map(|one| attribute(1, one)).collect();
        let attributes = [attribute(1, b"t\0"), attribute(2, b"s\0"), attribute(3, &list)];
        matches!(event(12, 0, &attributes), Event::Object { what: What::Elements { lasting: true, .. }, .. })
    };
    let (stays, goes) = (attribute(1, b"key"), [attribute(1, b"key"), attribute(4, &[0; 8])].concat());
    assert!(elements(&[goes.clone(), stays.clone()]) && elements(&[stays]) && !elements(&[goes]));
}

#[test]
fn what_has_no_name_to_list_is_told() {
    let named = |at: u16, name: &[u8]| [attribute(1, b"t\0"), attribute(at, name)];
    let chain = [&named(3, b"c\0")[..], &[attribute(10, &4_u32.to_be_bytes())]].concat();
    assert_eq!(event(3, 0, &chain), of(What::Chain { name: "c".into(), binding: true, on_devices: false }, 0, false));
    let device = attribute(4, &attribute(3, b"lo\0"));
    let chain = [&named(3, b"c\0")[..], &[device]].concat();
    assert_eq!(event(5, 0, &chain), of(What::Chain { name: "c".into(), binding: false, on_devices: true }, 0, true));
    let set = [&named(2, b"s\0")[..], &[attribute(3, &5_u32.to_be_bytes())]].concat();
    assert_eq!(event(9, 0, &set), of(What::Set { name: "s".into(), anonymous: true, interval: true }, 0, false));
    assert_eq!(event(14, 0, &named(2, b"s\0")), of(What::Elements { set: "s".into(), lasting: false }, 0, true));
    assert_eq!(
        event(0, 0, &[attribute(1, b"t\0"), attribute(2, &1_u32.to_be_bytes())]),
        of(What::Table { flags: 1 }, 0, false)
    );
    assert_eq!(event(18, 0, &named(2, b"q\0")), of(What::Stateful { name: "q".into() }, 0, false));
    assert_eq!(event(24, 0, &named(2, b"f\0")), of(What::Flowtable { name: "f".into() }, 0, true));
}

#[test]
fn what_is_not_of_a_ruleset_is_other_and_what_is_half_is_malformed() {
    assert_eq!(read(&Message { kind: 3, flags: 0, body: b"" }), Event::Other);
    assert_eq!(event(17, 0, &[]), Event::Other);
    assert_eq!(event(6, 0, &[attribute(1, b"t\0")]), Event::Malformed);
    assert_eq!(read(&Message { kind: SUBSYSTEM << 8, flags: 0, body: &[1, 0] }), Event::Malformed);
    for family in [1, 2, 3, 5, 7, 10] {
        assert_eq!(family_of(family_name(family)), family);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read(kind in 0_u16..40, flags in any::<u16>(), body in prop::collection::vec(any::<u8>(), 0..200)) {
        _ = read(&Message { kind: SUBSYSTEM << 8 | kind, flags, body: &body });
    }
}
