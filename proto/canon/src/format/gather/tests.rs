use super::*;

fn at(line: u32) -> Place {
    Place { line, column: 1 }
}

fn keys(reading: &Reading) -> Vec<&str> {
    reading.settings.iter().map(|setting| setting.key.as_str()).collect()
}

#[test]
fn the_last_of_a_key_counts_and_the_first_is_told() {
    let mut gather = Gather::new();
    gather.set(b"port", text("1"), at(1));
    gather.set(b"host", text("a"), at(2));
    gather.set(b"port", text("2"), at(3));
    let reading = gather.finish(b"");
    assert_eq!(keys(&reading), ["host", "port"]);
    assert_eq!(reading.settings[1].value, text("2"));
    assert_eq!(reading.problems[0].kind, ProblemKind::DuplicateKey);
    assert!(reading.problems[0].reason.contains("line 1") && reading.problems[0].reason.contains("line 3"));
}

#[test]
fn another_file_overrules_without_a_problem() {
    let mut gather = Gather::new();
    gather.set(b"port", text("1"), at(1));
    let before = gather.enter(Some("/etc/conf.d/a.conf".into()));
    assert_eq!(before, None);
    gather.set(b"port", text("2"), at(1));
    let reading = gather.finish(b"");
    assert_eq!(reading.problems, []);
    assert_eq!(reading.settings[0].file.as_deref(), Some("/etc/conf.d/a.conf"));
}

#[test]
fn a_problem_of_an_included_file_names_it() {
    let mut gather = Gather::new();
    gather.enter(Some("/etc/conf.d/a.conf".into()));
    gather.problem(ProblemKind::Syntax, at(7), "no value", None);
    assert_eq!(gather.finish(b"").problems[0].to_string(), "/etc/conf.d/a.conf:7:1: no value");
}

#[test]
fn what_looks_like_a_secret_is_no_key() {
    let mut gather = Gather::new();
    gather.set(b"AKIAIOSFODNN7EXAMPLQ", text("x"), at(1));
    let reading = gather.finish(b"whole");
    assert_eq!(keys(&reading), [ItemKey::CONTENT]);
    assert_eq!(reading.problems.len(), 1);
}

#[test]
fn a_million_keys_stop_at_the_limit_and_are_still_watched() {
    let read = |last: &str| {
        let mut gather = Gather::new();
        for n in 0..=ITEMS_MAX {
            gather.set(format!("k{n}").as_bytes(), text(last), at(1));
        }
        gather.finish(b"")
    };
    let (one, other) = (read("1"), read("2"));
    assert_eq!(one.settings.len(), ITEMS_MAX + 1);
    assert_eq!(one.problems.len(), 1);
    assert_ne!(one.settings[ITEMS_MAX].value, other.settings[ITEMS_MAX].value);
}

#[test]
fn problems_are_bounded_and_counted() {
    let mut gather = Gather::new();
    for line in 0..1000 {
        gather.problem(ProblemKind::Syntax, at(line), "bad", None);
    }
    let reading = gather.finish(b"");
    assert_eq!(reading.problems.len(), PROBLEMS_MAX);
    assert_eq!(reading.problems[PROBLEMS_MAX - 1].reason, "901 more problems are not shown");
}

#[test]
fn a_key_taken_back_is_gone_and_can_come_again() {
    let mut gather = Gather::new();
    gather.set(b"a", text("1"), at(1));
    gather.remove(b"a");
    assert_eq!(gather.value(b"a"), None);
    gather.set(b"a", text("2"), at(2));
    let reading = gather.finish(b"");
    assert_eq!((keys(&reading), reading.problems.len()), (vec!["a"], 0));
}

#[test]
fn only_the_value_that_counts_says_whether_it_is_a_secret() {
    let mut gather = Gather::new();
    gather.set_secret(b"a", text("1"), at(1));
    gather.set(b"b", text("1"), at(2));
    gather.set(b"a", text("2"), at(3));
    gather.set_secret(b"b", text("2"), at(4));
    let secret: Vec<bool> = gather.finish(b"").settings.iter().map(|setting| setting.secret).collect();
    assert_eq!(secret, [false, true]);
}

#[test]
fn repeating_a_key_a_million_times_holds_two_settings() {
    let mut gather = Gather::new();
    for line in 1..=1_000_000 {
        gather.set_quietly(b"port", text("1"), at(line));
        if line == 500_000 {
            gather.set(b"host", text("a"), at(line));
        }
    }
    assert!(gather.kept.slots() <= 3, "{} slots", gather.kept.slots());
    assert_eq!(keys(&gather.finish(b"")), ["host", "port"], "in the order of the lines that count");
}

#[test]
fn a_mark_takes_back_its_own_setting_alone() {
    let mut gather = Gather::new();
    let first = gather.set_marked(b"port", text("1"), at(1)).unwrap();
    let second = gather.set_marked(b"port", text("2"), at(2)).unwrap();
    gather.remove_marked(first);
    assert_eq!(gather.value(b"port"), Some(&text("2")));
    gather.remove_marked(second);
    gather.set(b"host", text("a"), at(3));
    gather.remove_marked(second);
    assert_eq!(keys(&gather.finish(b"")), ["host"]);
}

#[test]
fn without_settings_what_an_included_file_left_unread_counts() {
    let content = |included: &[u8]| {
        let mut gather = Gather::new();
        let before = gather.enter(Some("/etc/conf.d/a.conf".into()));
        gather.unread(included);
        gather.enter(before);
        gather.finish(b"include a.conf").settings[0].value.clone()
    };
    assert_eq!(content(b"one"), content(b"one"));
    assert_ne!(content(b"one"), content(b"two"));
}
