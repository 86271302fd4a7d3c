use super::*;

fn pairs(text: &str) -> Vec<String> {
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    read(text.as_bytes()).settings.iter().map(|one| format!("{}={}", one.key, shown(one.value.bytes()))).collect()
}

fn sorted(text: &str) -> Vec<String> {
    let mut pairs = pairs(text);
    pairs.sort();
    assert_eq!(read(text.as_bytes()).problems, []);
    pairs
}

#[test]
fn dotted_nested_and_inline_are_one() {
    let wanted = ["a.b.c=1", "a.b.d=x y"];
    for text in [
        "a.b.c = 1\na.b.d = 'x y'\n",
        "[a]\nb.c = 1\nb.d = \"x y\"\n",
        "[a.b]\nc = 1\nd = '''x y'''\n",
        "a = {b = {c = 1, d = \"x\\u0020y\"}}\n",
        "\u{feff}[ a . b ] # c\r\nd = \"\"\"\nx y\"\"\"\r\nc = 0x1\r\n",
    ] {
        assert_eq!(sorted(text), wanted, "{text}");
    }
}

#[test]
fn kinds_are_told_apart_and_numbers_have_one_spelling() {
    let text =
        "a = [1, +1, 1_000, 0xff, 0o17, 0b11, -0]\nb = [1.0, 1e2, 1_0.0, +inf, -nan]\nc = [\"1\", true, \"true\"]\n";
    assert_eq!(
        pairs(text),
        [
            "a[0]=1",
            "a[1]=1",
            "a[2]=1000",
            "a[3]=255",
            "a[4]=15",
            "a[5]=3",
            "a[6]=0",
            "b[0]=1.0",
            "b[1]=100.0",
            "b[2]=10.0",
            "b[3]=inf",
            "b[4]=nan",
            "c[0]=\"1\"",
            "c[1]=true",
            "c[2]=\"true\"",
        ]
    );
}

#[test]
fn times_have_one_spelling() {
    assert_eq!(
        pairs("a = [1979-05-27T07:32:00Z, 1979-05-27 07:32:00z, 1979-05-27, 07:32:00, 07:32:00.500, '1979-05-27']"),
        [
            "a[0]=1979-05-27T07:32:00Z",
            "a[1]=1979-05-27T07:32:00Z",
            "a[2]=1979-05-27",
            "a[3]=07:32:00",
            "a[4]=07:32:00.5",
            "a[5]=\"1979-05-27\"",
        ]
    );
}

#[test]
fn tables_in_lists_have_numbers() {
    assert_eq!(pairs("[[a]]\nx = 1\n[[a]]\n[a.b]\ny = 2\n[[c]]\n"), ["a[0].x=1", "a[1].b.y=2", "c[0]={}"]);
}

#[test]
fn an_error_leaves_what_was_read_and_content() {
    for text in [
        "a = 1\nb = hunter2\n",
        "a = 1\na = 2\n",
        "a = 1\n[a]\n",
        "a = 1\nb =\n",
        "a = 1\n= 2\n",
        "a = 1\nb = \"x\n",
        "a = 1\n[b\n",
    ] {
        let reading = read(text.as_bytes());
        assert!(
            reading
                .problems
                .iter()
                .all(|problem| problem.kind == ProblemKind::Syntax && !problem.reason.contains("hunter2")),
            "{text}: {reading:?}"
        );
        assert!(!reading.problems.is_empty(), "{text}");
        assert_eq!(reading.settings.last().map(|one| one.key.as_str()), Some("@content"), "{text}");
        assert!(reading.settings.iter().any(|one| one.key.as_str() == "a") || reading.settings.len() == 1, "{text}");
    }
}

#[test]
fn names_of_very_many_parts_are_content() {
    for text in [format!("{}a = 1\n", "a.".repeat(100_000)), format!("[{}a]\n", "a.".repeat(1000))] {
        let reading = read(text.as_bytes());
        assert_eq!(reading.problems[0].kind, ProblemKind::Limit);
        assert_eq!(reading.settings[0].key.as_str(), "@content");
    }
    let deep = read(format!("{}a = 1\n", "a.".repeat(DOTS_MAX)).as_bytes());
    assert_eq!(deep.problems.len(), 1, "{deep:?}");
}

#[test]
fn no_offset_is_z_however_it_is_written() {
    let utc = pairs("a = 1979-05-27T07:32:00Z");
    assert_eq!(utc, pairs("a = 1979-05-27T07:32:00+00:00"));
    assert_eq!(utc, pairs("a = 1979-05-27T07:32:00-00:00"));
    assert_ne!(utc, pairs("a = 1979-05-27T07:32:00+00:01"));
}

#[test]
fn a_list_of_two_million_elements_is_content() {
    let reading = read(format!("x=[{}]", "1,".repeat(2_000_000)).as_bytes());
    assert_eq!((reading.settings.len(), reading.problems.len()), (1, 1));
    assert_eq!(reading.problems[0].kind, ProblemKind::Limit);
}
