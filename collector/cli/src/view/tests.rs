use super::*;

#[test]
fn a_line_of_the_file_itself_is_its_number() {
    assert_eq!(place("/etc/app.conf", None, Some(12)), "12");
    assert_eq!(place("/etc/app.conf", None, None), "");
}

#[test]
fn an_included_file_is_named_from_the_directory_of_the_one_that_includes() {
    assert_eq!(place("/etc/pg/main.conf", Some("/etc/pg/conf.d/x.conf"), Some(12)), "conf.d/x.conf:12");
    assert_eq!(place("/etc/pg/main.conf", Some("/srv/x.conf"), Some(1)), "/srv/x.conf:1");
    assert_eq!(place("/etc/pg/main.conf", Some("/etc/pgx/x.conf"), Some(1)), "/etc/pgx/x.conf:1");
    assert_eq!(place("main.conf", Some("/x.conf"), None), "/x.conf");
}
