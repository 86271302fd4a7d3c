use super::*;

fn matches(pattern: &str, name: &str) -> bool {
    Wild::parse(pattern).unwrap().matches(name.as_bytes())
}

#[test]
fn wildcards_match_as_in_a_shell() {
    let cases = [
        ("*", &["", "a", "a.b"][..], &[][..]),
        ("*.env", &[".env", "a.env", "a.env.env"], &["env", "a.envx"]),
        ("a*b*c", &["abc", "aXbXc", "abcbc"], &["ab", "acb", "abcd"]),
        ("a?c", &["abc", "aäc"], &["ac", "abbc"]),
        ("[a-cx]1", &["a1", "c1", "x1"], &["d1", "-1"]),
        ("[!a-c]1", &["d1"], &["a1", "1"]),
        ("[]a]", &["]", "a"], &["b"]),
        ("[a-]", &["a", "-"], &["b"]),
        ("{a,bc}.x", &["a.x", "bc.x"], &["b.x", "a,bc.x"]),
        ("{a,{b,c}d}", &["a", "bd", "cd"], &["b", "d"]),
        ("x{,y}", &["x", "xy"], &["xx"]),
        ("\\*[\\]]", &["*]"], &["a]"]),
        ("a,b", &["a,b"], &["a"]),
    ];
    for (pattern, yes, no) in cases {
        yes.iter().for_each(|name| assert!(matches(pattern, name), "{pattern} and {name}"));
        no.iter().for_each(|name| assert!(!matches(pattern, name), "{pattern} and not {name}"));
    }
}

#[test]
fn a_byte_that_is_no_text_is_one_character() {
    let wild = |pattern: &str| Wild::parse(pattern).unwrap();
    assert!(wild("a?b").matches(b"a\xffb") && wild("*").matches(b"\xff\xfe") && wild("[!x]").matches(b"\xff"));
    assert!(!wild("a?b").matches(b"a\xff\xfeb"));
}

#[test]
fn d10_what_cannot_be_read_is_refused_with_its_reason() {
    let bad = [("[a", "`]`"), ("{a", "`}`"), ("a}", "`{`"), ("a\\", "at its end"), ("[b-a]", "no range")];
    for (pattern, reason) in bad {
        let error = Wild::parse(pattern).unwrap_err();
        assert!(error.contains(reason), "{pattern}: {error}");
    }
    assert!(Wild::parse(&"{a,b}".repeat(9)).unwrap_err().contains("256"));
    assert!(Wild::parse(&"{".repeat(1000)).unwrap_err().contains("deep"));
}

#[test]
fn many_stars_take_no_longer_than_few() {
    let pattern = format!("{}b", "a*".repeat(60));
    assert!(!matches(&pattern, &"a".repeat(255)));
}
