use super::*;
use crate::format::NoFiles;

fn keys(text: &str) -> Vec<String> {
    let mut keys: Vec<String> =
        read(text.as_bytes(), None, &mut NoFiles).settings.iter().map(|one| one.key.as_str().to_owned()).collect();
    keys.sort();
    keys
}

#[test]
fn order_and_repetition_mean_nothing() {
    assert_eq!(keys("a x y\nb x y\n"), keys("b x y\na x y\na  x \"y\"\n"));
    assert_eq!(keys("a x y\n"), ["ident: a x y"]);
}

#[test]
fn quotes_take_the_meaning_of_keywords_away() {
    assert_ne!(keys("a x all\n"), keys("a x \"all\"\n"));
    assert_eq!(keys("a all y\n"), keys("a \"all\" y\n"));
}

#[test]
fn a_fourth_field_is_not_looked_at() {
    assert_eq!(keys("a x y z\n"), ["ident: a x y"]);
}

#[test]
fn too_few_fields_are_a_problem() {
    let reading = read(b"a x\n", None, &mut NoFiles);
    assert_eq!((reading.problems.len(), reading.settings.len()), (1, 1));
}
