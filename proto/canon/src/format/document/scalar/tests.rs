use proptest::prelude::*;

use super::*;

fn shown(scalar: &Scalar<'_>) -> String {
    String::from_utf8(scalar.canonical().into_owned()).unwrap()
}

fn of_text(text: &str) -> String {
    shown(&Scalar::Text(text.as_bytes().into()))
}

#[test]
fn texts_are_plain_unless_they_look_like_something_else() {
    for plain in ["abc", "30s", "128MB", "10.0.0.1", "a b", "-x", "1.2.3", "no", "0x1f", "1_000", "-", " "] {
        if looks_numeric(plain.as_bytes()) {
            continue;
        }
        assert_eq!(of_text(plain), plain);
    }
    for odd in
        ["", "1", "-1", "1.5", "1e3", "true", "null", "{}", "[]", "nan", "inf", "2020-01-01", "10:30:00", "\"a\""]
    {
        assert_ne!(of_text(odd), odd, "{odd:?}");
    }
    assert_eq!(of_text("\"a\\"), "\"\\\"a\\\\\"");
}

#[test]
fn numbers_have_one_spelling() {
    assert_eq!(integer(false, "007", 10), "7");
    assert_eq!(integer(true, "000", 10), "0");
    assert_eq!(integer(true, "12", 10), "-12");
    assert_eq!(integer(false, "fF", 16), "255");
    assert_eq!(integer(false, &"f".repeat(40), 16), format!("{} in base 16", "f".repeat(40)));
    assert_eq!(shown(&Scalar::Float(100.0)), "100.0");
    assert_eq!(shown(&Scalar::Float(1e2)), "100.0");
    assert_eq!(shown(&Scalar::Float(1e300)), "1e300");
    assert_eq!(shown(&Scalar::Float(-0.0)), "-0.0");
    assert_eq!(shown(&Scalar::Float(f64::NAN)), "nan");
}

fn scalar() -> impl Strategy<Value = Scalar<'static>> {
    let word = prop_oneof![
        "[-+]?[0-9.]{0,4}(e[-+]?[0-9]{0,2})?",
        "[\"\\\\a]{0,4}",
        prop::sample::select(vec!["", "true", "null", "{}", "[]", "nan", "inf", "1 in base 16"])
            .prop_map(str::to_owned),
    ];
    prop_oneof![
        word.clone().prop_map(|text| Scalar::Text(text.into_bytes().into())),
        word.prop_map(|text| Scalar::Quoted(text.into_bytes().into())),
        any::<i8>()
            .prop_map(|n| Scalar::Integer(integer(n < 0, &n.unsigned_abs().to_string(), 10).into_owned().into())),
        (-20_i32..20).prop_map(|n| Scalar::Float(f64::from(n) / 4.0)),
        any::<bool>().prop_map(Scalar::Bool),
        Just(Scalar::Null),
        Just(Scalar::EmptyMap),
        Just(Scalar::EmptyList),
    ]
}

/// A text is the same text in quotes.
fn kind(scalar: &Scalar<'_>) -> Scalar<'static> {
    match scalar {
        Scalar::Text(text) | Scalar::Quoted(text) => Scalar::Text(text.clone().into_owned().into()),
        Scalar::Integer(text) => Scalar::Integer(text.clone().into_owned().into()),
        Scalar::Other(text) => Scalar::Other(text.clone().into_owned().into()),
        Scalar::Float(number) => Scalar::Float(*number),
        Scalar::Bool(value) => Scalar::Bool(*value),
        Scalar::Null => Scalar::Null,
        Scalar::EmptyMap => Scalar::EmptyMap,
        Scalar::EmptyList => Scalar::EmptyList,
    }
}

proptest! {
    #[test]
    fn two_values_never_have_one_text(a in scalar(), b in scalar()) {
        if a.canonical() == b.canonical() {
            prop_assert_eq!(kind(&a), kind(&b));
        }
    }
}
