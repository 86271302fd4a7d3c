use super::*;

fn pairs(text: &str) -> Vec<String> {
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    read(text.as_bytes()).settings.iter().map(|one| format!("{}={}", one.key, shown(one.value.bytes()))).collect()
}

fn problems(text: &str) -> Vec<String> {
    read(text.as_bytes()).problems.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn check(text: &str, wanted: &[&str]) {
    assert_eq!(pairs(text), wanted, "{text}");
    assert_eq!(problems(text), Vec::<String>::new(), "{text}");
}

#[test]
fn blanks_and_equal_signs_part() {
    check("a 1 2\nb=1\n c = 1\nd\t=\t1 = 2\n-e=1\nf\n", &["a=1 2", "b=1", "c=1", "d=1 = 2", "e=1", "f="]);
    check("# c\n; d\n\n\r\n a 1 \r\n", &["a=1"]);
}

#[test]
fn each_value_of_a_repeated_key_is_kept() {
    check("Port 22\nPort 2222\nPort 1\n", &["Port=22", "Port[1]=2222", "Port[2]=1"]);
}

#[test]
fn a_block_is_part_of_the_keys_in_it() {
    check(
        "X a\nMatch User u\n  X b\nMatch all\nX c\n",
        &[
            "X=a",
            "\"Match User u\".Match=User u",
            "\"Match User u\".X=b",
            "\"Match all\".Match=all",
            "\"Match all\".X=c",
        ],
    );
}

#[test]
fn a_value_alone_is_a_problem() {
    assert_eq!(problems("= hunter2\na 1\n"), ["line 1, column 1: a value without a key"]);
    assert_eq!(pairs("= hunter2\na 1\n").len(), 2);
}
