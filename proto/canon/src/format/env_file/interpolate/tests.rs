//! Every operator against a name that has a value, an empty one, a template,
//! and none.

use std::collections::BTreeMap;

use super::*;

fn literal(text: &str) -> Part {
    Part::Literal(Zeroizing::new(text.as_bytes().to_vec()))
}

fn reference_to(name: &str, operator: Operator, word: Vec<Part>) -> Part {
    Part::Reference { name: name.as_bytes().to_vec(), operator, word }
}

fn plain(name: &str) -> Part {
    reference_to(name, Operator::Plain, vec![])
}

/// `SET=v`, `EMPTY=`, `OPEN=a${X}`; `UNSET` is not there.
fn names() -> BTreeMap<&'static [u8], Value> {
    let open = Value::Template(Zeroizing::new(b"a${X}".to_vec()));
    [(&b"SET"[..], Value::text("v")), (b"EMPTY", Value::text("")), (b"OPEN", open)].into()
}

fn resolved_within(parts: &[Part], budget: usize) -> Result<Resolved, TooLong> {
    let names = names();
    resolve(parts, &|name| names.get(name), budget)
}

fn shown(parts: &[Part]) -> String {
    let Ok(resolved) = resolved_within(parts, 1 << 20) else { return "too long".to_owned() };
    let text = String::from_utf8_lossy(resolved.value.bytes()).into_owned();
    let failure = match resolved.failure {
        None => String::new(),
        Some(Failure::Required(name)) => format!(", {} is required", String::from_utf8_lossy(&name)),
        Some(Failure::Assigns(name)) => format!(", {} is assigned", String::from_utf8_lossy(&name)),
    };
    match resolved.value {
        Value::Template(_) => format!("template {text}{failure}"),
        _ => format!("text {text}{failure}"),
    }
}

#[test]
fn every_operator_for_every_state_of_a_name() {
    use Operator::{Alternative, Assign, Default, DefaultIfUnset, Plain, Required};
    let table = [
        (Plain, "text v", "text ", "template ${UNSET}"),
        (Default { colon: true }, "text v", "text w", "template ${UNSET:-w}"),
        (Default { colon: false }, "text v", "text ", "template ${UNSET-w}"),
        (DefaultIfUnset, "text v", "text ", "template ${UNSET:-w}"),
        (Alternative { colon: true }, "text w", "text ", "template ${UNSET:+w}"),
        (Alternative { colon: false }, "text w", "text w", "template ${UNSET+w}"),
        (Required { colon: true }, "text v", "template ${EMPTY:?w}, EMPTY is required", "template ${UNSET:?w}"),
        (Required { colon: false }, "text v", "text ", "template ${UNSET?w}"),
        (Assign { colon: true }, "text v", "template ${EMPTY:=w}, EMPTY is assigned", "template ${UNSET:=w}"),
        (Assign { colon: false }, "text v", "text ", "template ${UNSET=w}"),
    ];
    for (operator, set, empty, unset) in table {
        let of = |name| {
            let word = if operator == Plain { vec![] } else { vec![literal("w")] };
            shown(&[reference_to(name, operator, word)])
        };
        assert_eq!((&*of("SET"), &*of("EMPTY"), &*of("UNSET")), (set, empty, unset), "{operator:?}");
    }
}

#[test]
fn a_name_that_is_a_template_itself_passes_on_what_is_open() {
    assert_eq!(shown(&[literal("x/"), plain("OPEN")]), "template x/a${X}");
    let default = reference_to("OPEN", Operator::Default { colon: true }, vec![literal("w")]);
    assert_eq!(shown(&[default]), "template ${OPEN:-w}", "whether it is empty, nobody here knows");
}

#[test]
fn words_are_resolved_only_where_they_count() {
    let word = || vec![plain("SET"), literal("/"), plain("UNSET")];
    let default = |name| shown(&[reference_to(name, Operator::Default { colon: true }, word())]);
    assert_eq!(default("SET"), "text v");
    assert_eq!(default("EMPTY"), "template v/${UNSET}");
    assert_eq!(default("UNSET"), "template ${UNSET:-v/${UNSET}}");
    let nested = reference_to(
        "UNSET",
        Operator::Default { colon: false },
        vec![reference_to("EMPTY", Operator::Default { colon: true }, vec![literal("deep")])],
    );
    assert_eq!(shown(&[nested]), "template ${UNSET-deep}");
}

#[test]
fn a_literal_dollar_is_doubled_only_beside_something_open() {
    assert_eq!(shown(&[literal("$5 ${A}")]), "text $5 ${A}");
    assert_eq!(shown(&[literal("$5 "), plain("UNSET"), literal(" $6")]), "template $$5 ${UNSET} $$6");
    assert_eq!(shown(&[literal("$5 "), plain("SET"), literal(" $6")]), "text $5 v $6");
}

#[test]
fn what_only_the_consumer_knows_stays_as_written() {
    let command = || Part::Unknowable(Zeroizing::new(b"$(date)".to_vec()));
    assert_eq!(shown(&[literal("at "), command()]), "template at $(date)");
    assert!(is_template(&[literal("a"), command()]) && is_template(&[plain("A")]));
    assert!(!is_template(&[literal("a"), literal("b")]) && !is_template(&[]));
}

#[test]
fn nothing_at_all_is_an_empty_text() {
    assert_eq!(shown(&[]), "text ");
    assert_eq!(as_written(&[]).as_slice(), b"");
}

#[test]
fn every_operator_is_read_from_its_text_and_written_so_again() {
    for text in ["-w", ":-w", "+w", ":+w", "?w", ":?w", "=w", ":=w"] {
        let (operator, length) = Operator::at(text.as_bytes()).unwrap();
        let parts = [reference_to("A", operator, vec![literal(&text[length..])])];
        assert_eq!(as_written(&parts).as_slice(), format!("${{A{text}}}").as_bytes());
    }
    for text in ["", ":", "::-", "w", "}", " -w", ":w"] {
        assert_eq!(Operator::at(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn a_template_is_shown_in_one_spelling() {
    let word = vec![literal("a$b"), plain("B")];
    let parts = [literal("x "), reference_to("A", Operator::DefaultIfUnset, word), literal(" y")];
    assert_eq!(as_written(&parts).as_slice(), b"x ${A:-a$b${B}} y");
}

#[test]
fn the_budget_is_for_what_references_bring_in() {
    let brings_two = [literal("long and free of charge"), plain("SET"), plain("SET")];
    assert!(resolved_within(&brings_two, 2).is_ok());
    assert_eq!(resolved_within(&brings_two, 1).err(), Some(TooLong));
    let in_a_word = [reference_to("UNSET", Operator::Default { colon: true }, vec![plain("SET"), plain("SET")])];
    assert!(resolved_within(&in_a_word, 2).is_ok());
    assert_eq!(resolved_within(&in_a_word, 1).err(), Some(TooLong));
    assert_eq!(resolved_within(&[plain("OPEN")], 4).err(), Some(TooLong), "a template costs its length");
    let spent_before = [plain("SET"), in_a_word.into_iter().next().unwrap()];
    assert_eq!(resolved_within(&spent_before, 2).err(), Some(TooLong), "one budget for all parts");
}

#[test]
fn no_value_is_longer_than_the_limit_whatever_the_budget() {
    let long = Value::text("x".repeat(RESOLVED_BYTES_MAX));
    let of = |parts: &[Part]| resolve(parts, &|_| Some(&long), usize::MAX).map(|found| found.value.bytes().len());
    assert_eq!(of(&[plain("A")]), Ok(RESOLVED_BYTES_MAX));
    assert_eq!(of(&[plain("A"), plain("A")]), Err(TooLong));
}
