use super::walk::TAPE_NODE_BYTES;
use super::*;

fn pairs(text: &str) -> Vec<String> {
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    read(text.as_bytes()).settings.iter().map(|one| format!("{}={}", one.key, shown(one.value.bytes()))).collect()
}

fn reasons(text: &str) -> Vec<String> {
    read(text.as_bytes()).problems.iter().map(ToString::to_string).collect()
}

/// Reads as these, without a problem.
#[track_caller]
fn check(text: &str, wanted: &[&str]) {
    assert_eq!(pairs(text), wanted, "{text}");
    assert_eq!(reasons(text), Vec::<String>::new(), "{text}");
}

#[test]
fn styles_mean_the_same() {
    let wanted = ["a.b=x y", "a.list[0]=1", "a.list[1]=true", "a.list[2]=null"];
    check("a:\n  b: x y\n  list:\n  - 1\n  - true\n  - ~\n", &wanted);
    check("{\"a\": {'b': \"x y\", list: [0x1, True, null]}}", &wanted);
    check(
        "? a\n:\n  # comment\n  b: >-\n    x\n    y\n  list: [ +1, TRUE, ]\n",
        &["a.b=x y", "a.list[0]=1", "a.list[1]=true"],
    );
    check("---\na: |-\n  1\n...\n", &["a=\"1\""]);
}

#[test]
fn types_are_told_apart() {
    check(
        "[1, \"1\", 1.0, yes, 'yes', true, 'true', ~, '', 0777, '0777']",
        &[
            "[0]=1",
            "[1]=\"1\"",
            "[2]=1.0",
            "[3]=yes",
            "[4]=\"yes\"",
            "[5]=true",
            "[6]=\"true\"",
            "[7]=null",
            "[8]=\"\"",
            "[9]=0777",
            "[10]=\"0777\"",
        ],
    );
    check(
        "[!!str 1, !!int \"1\", !vault x, '!vault x', !!binary \"a b\"]",
        &["[0]=\"1\"", "[1]=1", "[2]=!vault x", "[3]=\"!vault x\"", "[4]=!!binary ab"],
    );
    check("a: !Sub [b]\n", &["a[!]=!Sub", "a[0]=b"]);
}

#[test]
fn aliases_are_followed() {
    check("a: &x {b: 1, c: [2]}\nd: *x\n", &["a.b=1", "a.c[0]=2", "d.b=1", "d.c[0]=2"]);
    check("a: &x 1\nb: [*x, *x]\n*x : c\n", &["a=1", "b[0]=1", "b[1]=1", "1=c"]);
    check("a: &x 1\nb: &x 2\nc: *x\n", &["a=1", "b=2", "c=2"]);
    check("a: &x [&y 1, *y]\nb: *x\n", &["a[0]=1", "a[1]=1", "b[0]=1", "b[1]=1"]);
}

#[test]
fn merge_keys_give_what_is_not_there() {
    check("a: &a {x: 1, y: 2}\nb:\n  y: 3\n  <<: *a\n  z: 4\n", &["a.x=1", "a.y=2", "b.y=3", "b.z=4", "b.x=1"]);
    check("b:\n  <<: {x: 1, y: 2}\n  y: 3\n", &["b.y=3", "b.x=1"]);
    check("a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}\n", &["a.x=1", "b.x=2", "b.y=2", "c.x=1", "c.y=2"]);
    check(
        "a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}\nd: *b\n",
        &["a.x=1", "b.y=2", "b.x=1", "c.y=2", "c.x=1", "d.y=2", "d.x=1"],
    );
    check("a: {'<<': 1}\n", &["a.<<=1"]);
    assert_eq!(reasons("a: {<<: 1}\n").len(), 1);
}

#[test]
fn every_document_is_read() {
    check("a: 1\n---\na: 2\n---\n- x\n", &["a=1", "[#2].a=2", "[#3][0]=x"]);
    check("", &[]);
    check("# nothing\n", &[]);
}

#[test]
fn a_name_that_is_no_scalar_has_a_hash() {
    let pairs = pairs("? [a, b]\n: c\nd: e\n");
    assert!(pairs.len() == 2 && pairs[0].starts_with('?') && pairs[0].ends_with("=c"), "{pairs:?}");
    assert_eq!(reasons("? [a, b]\n: c\nd: e\n").len(), 1);
}

#[test]
fn a_bomb_of_aliases_stops_at_the_budget() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        text.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    let reading = read(text.as_bytes());
    assert!(reading.problems.iter().any(|problem| problem.kind == ProblemKind::Limit));
    assert!(reading.settings.len() <= crate::limits::ITEMS_MAX + 1);
    let merges: String =
        (1..200).map(|n| format!("m{n}: &m{n} {{<<: [{}]}}\n", format!("*m{}, ", n - 1).repeat(10))).collect();
    assert!(!read(format!("m0: &m0 {{x: 1}}\n{merges}").as_bytes()).problems.is_empty());
}

#[test]
fn an_alias_inside_of_itself_is_a_problem() {
    for text in ["a: &a [*a]\n", "a: &a {b: *a}\n", "&a {<<: *a}\n", "&a [&b [*a, *b]]\n"] {
        assert!(!reasons(text).is_empty(), "{text}");
    }
}

#[test]
fn what_is_no_yaml_is_a_problem_with_its_place() {
    let reading = read(b"a: 1\nb: [hunter2\nc: 2\n");
    assert_eq!(reading.settings.len(), 2, "{reading:?}");
    assert_ne!(reading.settings, read(b"a: 1\nb: [hunter3\nc: 2\n").settings, "what was not read is watched");
    let problem = &reading.problems[0];
    assert_eq!(problem.kind, ProblemKind::Syntax);
    assert!(problem.place.is_some_and(|place| place.line >= 2), "{problem:?}");
    assert_eq!(read(b"\xff\xfea: 1").problems[0].kind, ProblemKind::Encoding);
    assert_eq!(read(b"a: \xff\n").problems[0].place, Some(Place { line: 1, column: 4 }));
}

#[test]
fn w15_comments_and_layout_are_no_change() {
    let plain = pairs("a: 1\nb:\n  - x\n  - z\n");
    for other in ["# c\na:   1 # d\n\nb: [x, 'z']\n", "\u{feff}a: 1\r\nb:\r\n- x\r\n- z\r\n", "{b: [x, z], a: 1}"] {
        let mut pairs = pairs(other);
        pairs.sort();
        assert_eq!(pairs, plain, "{other}");
    }
}

#[test]
fn names_of_different_types_are_different_names() {
    for text in ["1: a\n\"1\": b\n", "on: a\n\"on\": b\n", "~: a\n\"~\": b\n", "true: a\n'true': b\n"] {
        let reading = read(text.as_bytes());
        assert_eq!((reading.settings.len(), reading.problems.len()), (2, 0), "{text}");
    }
    assert_eq!(read(b"a: 1\n\"a\": 2\n").settings.len(), 1);
}

#[test]
fn an_anchor_of_more_nodes_than_there_is_room_for_is_not_kept() {
    const NODES: usize = 1_000;
    let read = |text: &str| read_within(text.as_bytes(), NODES * TAPE_NODE_BYTES);
    let is_full = |reading: &Reading| {
        reading.problems.iter().any(|one| one.kind == ProblemKind::Limit && one.reason.contains("aliases"))
    };
    let anchored = |count: usize| read(&format!("x: &a [{}]\ny: *a\n", "a,".repeat(count)));
    assert!(is_full(&anchored(NODES)) && !is_full(&anchored(NODES / 2)));
    let merged = format!("x:\n  <<: {{a: [{}]}}\n  b: 1\ny: 2\n", "a,".repeat(NODES));
    let (one, other) = (read(&merged), read(&merged.replacen("[a,", "[b,", 1)));
    for reading in [&one, &other] {
        assert!(is_full(reading));
        assert_eq!(reading.settings.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["x.b", "y", "@content"]);
    }
    assert_ne!(one.settings.last(), other.settings.last(), "what is not kept is watched");
}

#[test]
fn long_names_through_aliases_and_merges_are_paid_for() {
    let long = "k".repeat(100_000);
    let names = "? *a\n: 1\n".repeat(20_000);
    let reading = read(format!("x: &a {long}\ny:\n  b: 1\n{names}").as_bytes());
    assert!(!reading.problems.is_empty());
    let merges = format!("x: &a {{{long}: 1}}\n") + &"- {{<<: *a}}\n".repeat(0);
    let many: String = (0..20_000).map(|n| format!("m{n}: {{<<: *a}}\n")).collect();
    let reading = read((merges + &many).as_bytes());
    assert!(reading.problems.iter().any(|one| one.kind == ProblemKind::Limit));
}

/// Found by a property test.
#[test]
fn a_value_that_is_missing_at_the_end_stands_on_the_last_line() {
    for text in ["#a---\n{;", "{a", "a:\n  - {b"] {
        let reading = read(text.as_bytes());
        let last = u32::try_from(text.split('\n').count()).unwrap();
        assert!(reading.settings.iter().filter_map(|one| one.line).all(|line| line <= last), "{text}");
    }
}
