//! Unit files as systemd reads them.

use super::*;

fn service(texts: &[&str]) -> Service {
    let mut service = Service::default();
    texts.iter().for_each(|text| service.add(text));
    service
}

#[test]
fn environment_files_add_up_and_an_empty_one_forgets() {
    let unit = "[Unit]\nEnvironmentFile=/no\n[Service]\n# EnvironmentFile=/no\nEnvironmentFile=-/etc/a\nEnvironmentFile = /etc/b\n";
    assert_eq!(service(&[unit]).environment, ["/etc/a", "/etc/b"]);
    assert_eq!(service(&[unit, "[Service]\nEnvironmentFile=\nEnvironmentFile=/etc/c"]).environment, ["/etc/c"]);
}

#[test]
fn a_command_goes_over_lines() {
    let unit = "[Service]\nExecStart=-/usr/bin/app \\\n  # not part of it\n  --config \"/etc/app.toml\"\n";
    assert_eq!(service(&[unit]).starts, [["/usr/bin/app", "--config", "/etc/app.toml"]]);
}

#[test]
fn specifiers_of_names() {
    for (text, unit, expected) in [
        ("/etc/%p/%i.env", "app@.service", Some("/etc/app/*.env")),
        ("/etc/%p/%i.env", "app@eu.service", Some("/etc/app/eu.env")),
        ("/etc/%N%%", "app.service", Some("/etc/app%")),
        ("/etc/%n", "app.service", Some("/etc/app.service")),
        ("%h/.env", "app.service", None),
        ("/etc/%", "app.service", None),
    ] {
        assert_eq!(specified(text, unit).as_deref(), expected, "{text} of {unit}");
    }
}
