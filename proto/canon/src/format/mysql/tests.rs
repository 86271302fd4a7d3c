use super::*;
use crate::format::testing::shown;
use crate::format::{Included, NoFiles};
use crate::{ItemKey, Problem};

fn read_alone(text: &str) -> Reading {
    read(text.as_bytes(), None, &mut NoFiles)
}

fn kinds(reading: &Reading) -> Vec<ProblemKind> {
    reading.problems.iter().map(|problem| problem.kind).collect()
}

#[test]
fn quotes_escapes_and_comments() {
    for (line, expected) in [
        ("a = x # c", "x"),
        ("a=\"x # y\" # z", "x # y"),
        ("a='it\\'s'", "it's"),
        ("a=x\\ny\\sz\\q\\\\", "x\ny z\\q\\"),
        ("a=\"x", "\"x"),
        ("a=\"", "\""),
        ("a=''", ""),
        ("a='b'c'", "b'c"),
        ("a=\"b\" \"c\"", "b\" \"c"),
        ("a=x;y", "x;y"),
        ("a=x\\", "x\\"),
        ("a=don't # c", "don't # c"),
        ("a\t=\t x y \t", "x y"),
    ] {
        let reading = read_alone(&format!("[g]\n{line}\n"));
        assert_eq!(shown(&reading), [format!("g.a={expected}")], "{line}");
        assert_eq!(reading.problems, [], "{line}");
    }
}

#[test]
fn a_no_break_space_at_the_end_is_white_space_to_the_server() {
    let reading = read(b"[g]\na=x\xc3\xa0\n", None, &mut NoFiles);
    assert_eq!(reading.settings[0].value.bytes(), b"x\xc3");
    assert_eq!(kinds(&reading), [ProblemKind::Encoding]);
}

#[test]
fn a_group_keeps_its_leading_space_and_what_follows_the_bracket_is_ignored() {
    let reading = read_alone("[ g ] x\na=b\n[mariadb-10.11]\na=b\n");
    assert_eq!(shown(&reading), ["\" g\".a=b", "\"mariadb-10.11\".a=b"]);
}

#[test]
fn lines_that_the_server_refuses_are_problems_and_watched() {
    for line in ["[g", "[[g]]", "= x", "two words = x", "!unknown x", "!include", &"x".repeat(5000)] {
        let reading = read_alone(&format!("[g]\na=1\n{line}\n"));
        assert_eq!(reading.problems.len(), 1, "{line}");
        assert_eq!(reading.settings[1].key.as_str(), ItemKey::CONTENT, "{line}");
    }
    assert_eq!(kinds(&read_alone("a=1\n[g]\nb=1\n")), [ProblemKind::Syntax]);
}

#[test]
fn the_last_counts_but_for_the_first_user_of_a_server() {
    let reading = read_alone("[mysqld]\nport=1\nuser=a\nuser=b\nport=2\n[client]\nuser=a\nuser=b\n");
    assert_eq!(shown(&reading), ["mysqld.user=a", "mysqld.port=2", "client.user=b"]);
    assert_eq!(kinds(&reading), [ProblemKind::DuplicateKey; 3]);
}

#[test]
fn options_that_gather_are_one_set_or_list() {
    let reading = read_alone(
        "[mysqld]\nreplicate-do-db=b\nreplicate_do_db=a\nreplicate-do-db=b\nplugin-load-add=z\nplugin-load-add=a b\n",
    );
    assert_eq!(shown(&reading), ["mysqld.plugin_load_add=z, \"a b\"", "mysqld.replicate_do_db=a, b"]);
    assert_eq!(reading.problems, []);
    assert_eq!(reading.settings[1].line, Some(4));
}

#[test]
fn plugin_load_forgets_what_was_added_before() {
    let reading = read_alone("[mysqld]\nplugin-load-add=a\nplugin-load=b\nplugin-load-add=c\n");
    assert_eq!(shown(&reading), ["mysqld.plugin_load=b", "mysqld.plugin_load_add=c"]);
}

#[test]
fn the_order_of_a_servers_groups_counts_only_where_they_meet() {
    let order = |text: &str| {
        let reading = read_alone(text);
        let key = ItemKey::order_of(b"server groups");
        reading.settings.into_iter().find(|setting| setting.key == key).map(|setting| setting.value)
    };
    let one = order("[mysqld]\nport=1\n[mariadb]\nport=2\n");
    let other = order("[mariadb]\nport=2\n[mysqld]\nport=1\n");
    assert!(one.is_some() && other.is_some() && one != other);
    assert_eq!(order("[mysqld]\nport=1\n[mariadb]\nsocket=2\n"), None);
    assert_eq!(order("[mysqld]\nport=1\n[client]\nport=2\n[mysqld]\nport=3\n"), None);
}

#[test]
fn sst_auth_is_a_secret_because_the_format_says_so() {
    let reading = read_alone("[mysqld]\nwsrep_sst_auth=user:plainword\nfile_key_management_filekey=FILE:/etc/k\n");
    let secret: Vec<bool> = reading.settings.iter().map(|setting| setting.secret).collect();
    assert_eq!(secret, [true, false]);
}

/// Three files, one of which includes another.
struct Three;

impl Files for Three {
    fn open(&mut self, include: &Include<'_>) -> Result<Vec<Included>, Problem> {
        let file = |name: &str, text: &str| Included { name: name.into(), bytes: text.as_bytes().to_vec().into() };
        match (include.path, include.what) {
            (b"d", IncludeKind::DirectoryWithHidden(&[".cnf"])) => {
                Ok(vec![file("d/.a.cnf", "[mysqld]\nport=2\n!include e\n"), file("d/b.cnf", "port=9\n")])
            }
            (b"e", IncludeKind::File) => Ok(vec![file("e", "[g]\na=\0\n")]),
            _ => Err(Problem::whole(ProblemKind::Missing, "it is not there")),
        }
    }
}

#[test]
fn includes_have_groups_of_their_own_and_overrule() {
    let text = b"[mysqld]\nport=1\n!includedir d\nsocket=s\n!include f\n";
    let reading = read(text, None, &mut Three);
    let keys: Vec<String> = shown(&reading).into_iter().take(2).collect();
    assert_eq!(keys, ["mysqld.port=2", "mysqld.socket=s"]);
    assert_eq!(reading.settings[0].file.as_deref(), Some("d/.a.cnf"));
    let problems: Vec<String> = reading.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems[0].contains("e:2:1") && problems[1].contains("d/b.cnf:1:1") && problems[2].contains("line 5"));
}

#[test]
fn an_include_that_is_not_followed_is_watched_by_its_text() {
    let root = |text: &str| read_alone(text).settings[0].value.clone();
    assert_ne!(root("!include a\n"), root("!include b\n"));
}

#[test]
fn a_word_alone_that_may_be_a_value_is_no_option() {
    let keys = |text: &str| {
        let reading = read(text.as_bytes(), None, &mut crate::format::includes::NoFiles);
        reading.settings.iter().map(|one| one.key.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(keys("[client]\nuser=a\nhunter2\n"), ["client.user", "@content"]);
    assert_eq!(keys("[mysqldump]\nquick\nskip-networking\n"), ["mysqldump.quick", "mysqldump.skip_networking"]);
}
