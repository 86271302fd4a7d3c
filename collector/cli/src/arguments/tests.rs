//! Flags, variables and the configuration file.

use super::*;

fn known() -> Vec<String> {
    known_flags()
}

#[test]
fn the_command_line_holds_together() {
    Arguments::command().debug_assert();
}

#[test]
fn every_flag_has_a_variable_named_after_it() {
    fn check(command: &clap::Command) {
        for argument in command.get_arguments() {
            let Some(long) = argument.get_long().filter(|long| !["help", "version"].contains(long)) else { continue };
            let variable = argument.get_env().map(|name| name.to_string_lossy().into_owned());
            let expected = format!("DRIFTLINE_{}", long.to_uppercase().replace('-', "_"));
            // The same word means another thing there.
            let own =
                ["DEMO", "PLAN", "REPORT", "VERIFY"].map(|command| expected.replacen('_', &format!("_{command}_"), 1));
            let is_known = variable.is_some_and(|found| found == expected || own.contains(&found));
            assert!(is_known, "--{long}: not {expected}");
        }
        command.get_subcommands().for_each(check);
    }
    check(&Arguments::command());
}

#[test]
fn every_flag_is_a_key_of_the_configuration() {
    let known = known();
    for key in ["collector", "ca_file", "token_file", "fleet_key_file", "output", "fail_on", "since", "dialect", "once"]
    {
        assert!(known.iter().any(|one| one == key), "{key}");
    }
    assert!(!known.iter().any(|one| one == "config" || one == "help"));
}

#[test]
fn a_default_of_the_file_counts_until_a_flag_says_otherwise() {
    let settings = config::parse(std::path::Path::new("x"), "env = \"dev\"\nlimit = 7\n", &known()).unwrap();
    let parsed = |arguments: &[&str]| {
        let matches = with_defaults(Arguments::command(), &settings).try_get_matches_from(arguments).unwrap();
        match Arguments::from_arg_matches(&matches).unwrap().command {
            Command::Changes(changes) => (changes.filter.env, changes.limit),
            Command::Token(commands::Token::Create(create)) => (Some(create.env), 0),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(parsed(&["driftline", "changes"]), (Some("dev".to_owned()), 7));
    assert_eq!(parsed(&["driftline", "changes", "--limit", "9", "--env", "qa"]), (Some("qa".to_owned()), 9));
    let created = parsed(&["driftline", "token", "create", "--role", "web"]);
    assert_eq!(created.0.as_deref(), Some("dev"), "a required flag may come from the file");
}

#[test]
fn every_command_has_help_and_all_but_the_plainest_an_example() {
    for command in Arguments::command().get_subcommands() {
        assert!(command.get_about().is_some(), "{}", command.get_name());
        let example = command.get_after_help().is_some_and(|text| text.to_string().contains("driftline "));
        assert!(example || ["status", "token", "host"].contains(&command.get_name()), "{}", command.get_name());
    }
}
