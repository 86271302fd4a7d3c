use proptest::prelude::*;
use zeroize::Zeroizing;

use super::*;
use crate::Problem;
use crate::format::NoFiles;
use crate::format::includes::Included;

/// Files by their path as it is asked for; keeps what was asked.
struct Named {
    files: Vec<(&'static str, &'static str)>,
    asked: Vec<String>,
}

impl Files for Named {
    fn open(&mut self, include: &Include<'_>) -> Result<Vec<Included>, Problem> {
        let path = String::from_utf8_lossy(include.path).into_owned();
        let found = self.files.iter().find(|(name, _)| *name == path);
        self.asked.push(format!("{:?} {path}", include.what));
        match found {
            Some((name, text)) => {
                Ok(vec![Included { name: (*name).into(), bytes: Zeroizing::new(text.as_bytes().to_vec()) }])
            }
            None if include.what == IncludeKind::AutoConf => Ok(Vec::new()),
            None => Err(Problem::whole(ProblemKind::Missing, "it is not there")),
        }
    }
}

fn plain(text: &str) -> Reading {
    read(text.as_bytes(), None, &mut NoFiles)
}

fn pairs(reading: &Reading) -> Vec<(String, String)> {
    let one = |setting: &crate::Setting| {
        (setting.key.as_str().to_owned(), String::from_utf8_lossy(setting.value.bytes()).into_owned())
    };
    reading.settings.iter().map(one).collect()
}

#[test]
fn auto_conf_is_asked_for_last_in_the_data_directory() {
    let mut files = Named { files: vec![("/srv/pg/postgresql.auto.conf", "work_mem = '2MB'\n")], asked: Vec::new() };
    let reading =
        read(b"data_directory = '/srv/pg'\nwork_mem = 1MB\ninclude 'x'\n", Some(&"/etc/a".into()), &mut files);
    assert_eq!(files.asked, ["File x", "AutoConf /srv/pg/postgresql.auto.conf"]);
    let setting = &reading.settings[1];
    assert_eq!((setting.key.as_str(), setting.value.bytes()), ("work_mem", &b"2MB"[..]));
    assert_eq!(setting.file.as_deref(), Some("/srv/pg/postgresql.auto.conf"));
}

#[test]
fn auto_conf_lies_beside_the_file_when_nothing_else_is_said() {
    let mut files = Named { files: Vec::new(), asked: Vec::new() };
    assert_eq!(read(b"port = 1\n", Some(&"/pg/postgresql.conf".into()), &mut files).problems, []);
    assert_eq!(files.asked, ["AutoConf postgresql.auto.conf"]);
}

#[test]
fn auto_conf_asks_for_no_other_auto_conf() {
    let mut files = Named { files: Vec::new(), asked: Vec::new() };
    let _ = read(b"port = 1\n", Some(&"/pg/postgresql.auto.conf".into()), &mut files);
    assert_eq!(files.asked, [""; 0]);
}

#[test]
fn what_comes_after_an_include_overrules_it() {
    let text = |name: &'static str, text| Named { files: vec![(name, text)], asked: Vec::new() };
    let mut files = text("a.conf", "port = 1\nfsync = off\n");
    let reading = read(b"fsync = on\ninclude a.c-onf\ninclude 'a.conf'\nport = 2\n", None, &mut files);
    assert_eq!(pairs(&reading)[0], ("fsync".to_owned(), "off".to_owned()));
    assert_eq!(pairs(&reading)[1], ("port".to_owned(), "2".to_owned()));
    assert_eq!(reading.problems.len(), 1, "{:?}", reading.problems);
}

#[test]
fn without_files_an_include_is_unresolved_and_auto_conf_is_nothing() {
    let reading = plain("include 'a.conf'\n");
    assert_eq!(reading.problems.len(), 1);
    assert_eq!(reading.problems[0].kind, ProblemKind::Unresolved);
    assert_eq!(pairs(&reading)[0].0, crate::ItemKey::CONTENT);
}

#[test]
fn an_included_file_that_is_no_text_is_a_problem_and_watched() {
    let mut files = Named { files: vec![("a", "x\0y")], asked: Vec::new() };
    let reading = read(b"include a\nport = 1\n", None, &mut files);
    assert_eq!(reading.problems[0].kind, ProblemKind::Encoding);
    assert_eq!(pairs(&reading)[0].0, "port");
    assert_eq!(pairs(&reading)[1].0, crate::ItemKey::CONTENT);
}

#[test]
fn no_problem_and_no_excerpt_shows_a_value() {
    for line in [
        "work_mem = hunter2",
        "work_mem = 'hunter2",
        "port = hunter2 x",
        "port hunter2 = 5",
        "hunter2",
        "hunter2 = = 1",
        "fsync == hunter2",
        "ssl_min_protocol_version = hunter2",
        "search_path = 'hunter2,,'",
        "'hunter2'",
    ] {
        for problem in plain(line).problems {
            assert!(!problem.render("f").contains("hunter2"), "{line}: {}", problem.render("f"));
        }
    }
}

#[test]
fn a_byte_order_mark_is_told_and_the_line_still_read() {
    let reading = plain("\u{feff}port = 1\n");
    assert_eq!(reading.problems[0].kind, ProblemKind::Encoding);
    assert_eq!(pairs(&reading)[0], ("port".to_owned(), "1".to_owned()));
}

proptest! {
    /// However a value is quoted and whatever stands around it, it is one.
    #[test]
    fn writing_a_line_otherwise_changes_nothing(
        name in prop::sample::select(vec!["work_mem", "WORK_mem", "cluster_name", "my.own"]),
        value in "[a-zA-Z][a-zA-Z0-9_]{0,8}|[1-9][0-9]{0,5}(kB|MB)?",
        equals in prop::sample::select(vec![" ", "=", " = ", "\t=\t"]),
        after in prop::sample::select(vec!["", " ", " # x", "#'", "\r"]),
    ) {
        let one = plain(&format!("{name} = '{value}'\n"));
        let other = plain(&format!("\n{name}{equals}{value}{after}\n"));
        prop_assert_eq!(pairs(&one), pairs(&other));
    }

    /// Texts that differ stay different, whatever quotes do to them.
    #[test]
    fn texts_are_kept_apart(a in "[ -~]{0,12}", b in "[ -~]{0,12}") {
        let line = |text: &str| format!("cluster_name = '{}'\n", text.replace('\\', "\\\\").replace('\'', "''"));
        let (one, other) = (plain(&line(&a)), plain(&line(&b)));
        prop_assert_eq!(one.settings[0].value.bytes(), a.as_bytes());
        prop_assert_eq!(pairs(&one) == pairs(&other), a == b);
    }

    /// What is not read is watched: a changed word changes something.
    #[test]
    fn no_word_is_lost(head in "[ -~]{0,20}", a in "[a-z]{4}", b in "[a-z]{4}") {
        prop_assume!(a != b && !head.contains('#') && !head.contains('\''));
        let values = |word: &str| pairs(&plain(&format!("{head} {word}\nport = 1\n")));
        let raw = |word: &str| plain(&format!("{head} {word}\nport = 1\n")).settings;
        prop_assert!(values(&a) != values(&b) || raw(&a) != raw(&b), "{}", head);
    }
}
