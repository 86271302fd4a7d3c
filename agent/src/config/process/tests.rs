//! `process_env` tables, right and wrong.

use crate::config::{Config, Pattern};
use crate::process::Selector;

fn parse(table: &str) -> Result<Config, String> {
    let file = "[[source]]\nkind = \"env_file\"\nname = \"web\"\npath = \"/etc/web.env\"\ndialect = \"systemd\"\n\
                [[source]]\nkind = \"env_file\"\nname = \"all\"\npath = \"/srv/*/.env\"\n";
    let text = format!("{file}[[source]]\nkind = \"process_env\"\nname = \"p\"\n{table}");
    Config::parse("agent.toml".as_ref(), &text).map_err(|error| error.to_string())
}

#[test]
fn a_process_is_held_against_the_file_of_another_source() {
    let config = parse("unit = \"web.service\"\nenv_file = \"web\"\npoll_s = 2\n").unwrap();
    let Pattern::Process(source) = &config.sources[2].pattern else { panic!("{:?}", config.sources[2]) };
    assert_eq!(source.selector, Selector::Unit("web.service".to_owned()));
    assert_eq!(source.poll.as_secs(), 2);
    let file = source.file.as_ref().unwrap();
    assert_eq!((file.path.to_str(), file.dialect.is_some()), (Some("/etc/web.env"), true));
    assert_eq!(config.sources[2].path_display(), "unit web.service");
}

#[test]
fn what_is_wrong_is_said() {
    for (table, said) in [
        ("", "needs one of `unit`, `pid_file`, `executable`"),
        ("unit = \"a.service\"\nexecutable = \"/bin/a\"\n", "needs one of"),
        ("unit = \"../a.service\"\n", "is not the name of a service"),
        ("unit = \"web\"\n", "is not the name of a service"),
        ("pid_file = \"run/a.pid\"\n", "is not an absolute path"),
        ("executable = \"/bin/a\"\npoll_s = 0\n", "`poll_s` must be from 1 to 3600"),
        ("executable = \"/bin/a\"\nenv_file = \"none\"\n", "there is no `env_file` source `none`"),
        ("executable = \"/bin/a\"\nenv_file = \"all\"\n", "there is no `env_file` source `all` of one file"),
        ("executable = \"/bin/a\"\npath = \"/etc/a\"\n", "`path` is not for `process_env`"),
    ] {
        let error = parse(table).unwrap_err();
        assert!(error.contains(said), "{table}: {error}");
    }
    let text = "[[source]]\nkind = \"file\"\nname = \"f\"\npath = \"/etc/f\"\nunit = \"a.service\"\n";
    let error = Config::parse("agent.toml".as_ref(), text).unwrap_err().to_string();
    assert!(error.contains("`unit` is for `process_env` sources"), "{error}");
}
