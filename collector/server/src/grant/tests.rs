use super::*;

fn grants(roles: &[&str]) -> Grants {
    Grants::of(&roles.iter().map(|role| (*role).to_owned()).collect::<Vec<_>>())
}

fn environment(name: &str) -> Environment {
    name.parse().unwrap()
}

#[test]
fn a_role_may_what_those_below_it_may_where_it_is_held() {
    let (production, staging) = (environment("production"), environment("staging"));
    for (index, held) in OperatorRole::ALL.into_iter().enumerate() {
        let (everywhere, there) = (grants(&[held.as_str()]), grants(&[&format!("{held}:production")]));
        for (wanted_index, wanted) in OperatorRole::ALL.into_iter().enumerate() {
            let enough = wanted_index <= index;
            for place in [None, Some(&production), Some(&staging)] {
                assert_eq!(everywhere.may(wanted, place), enough, "{held} {wanted} {place:?}");
                let expected = enough && place == Some(&production);
                assert_eq!(there.may(wanted, place), expected, "{held}:production {wanted} {place:?}");
            }
            assert_eq!(there.may_somewhere(wanted), enough);
        }
    }
}

#[test]
fn several_grants_add_up_and_unknown_ones_grant_nothing() {
    let mixed = grants(&["viewer", "deployer:staging", "emperor", "admin:", "Admin", "operator:a b"]);
    assert!(mixed.may(OperatorRole::Viewer, None));
    assert!(mixed.may(OperatorRole::Deployer, Some(&environment("staging"))));
    assert!(!mixed.may(OperatorRole::Deployer, Some(&environment("production"))));
    assert!(!mixed.may_somewhere(OperatorRole::Operator));
    assert_eq!(mixed.sight(), Sight::Everything);
}

#[test]
fn who_holds_roles_in_environments_sees_those_and_nothing_beside_them() {
    let sight = grants(&["viewer:staging", "deployer:dev"]).sight();
    assert!(sight.shows(Some(&environment("staging"))) && sight.shows(Some(&environment("dev"))));
    assert!(!sight.shows(Some(&environment("production"))) && !sight.shows(None));
    assert_eq!(sight.only_one(), None);
    assert_eq!(grants(&["viewer:dev"]).sight().only_one(), Some(&environment("dev")));
    // Who holds nothing sees nothing.
    assert!(!grants(&[]).sight().shows(None) && !grants(&["emperor"]).sight().shows(Some(&environment("dev"))));
}

#[test]
fn a_grant_is_written_as_it_is_read() {
    for text in ["viewer", "admin", "deployer:staging"] {
        assert_eq!(text.parse::<Grant>().unwrap().to_string(), text);
    }
    for text in ["", "root", "viewer:", ":staging", "viewer:a b", "VIEWER"] {
        let reason = text.parse::<Grant>().unwrap_err();
        assert!(!reason.is_empty(), "{text}");
    }
}
