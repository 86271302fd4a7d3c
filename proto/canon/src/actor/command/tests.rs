use proptest::prelude::*;

use super::*;

fn shown(line: &[&str]) -> String {
    let arguments: Vec<&[u8]> = line.iter().map(|one| one.as_bytes()).collect();
    masked(&arguments).to_string()
}

#[test]
fn plain_command_lines_are_shown() {
    for line in [
        &["nft", "add", "rule", "inet", "filter", "input", "tcp", "dport", "5432", "accept"][..],
        &["cp", "/etc/app/app.env.new", "/etc/app/app.env"],
        &["vim", "/etc/postgresql/16/main/pg_hba.conf"],
        &["mkdir", "-p", "/srv/app"],
        &["ssh", "-p", "2222", "web-1"],
        &["/usr/bin/python3", "/usr/bin/ansible-playbook", "site.yml"],
        &["mysql", "-u", "root", "-p", "shop"],
        &["iptables", "-A", "INPUT", "-p", "tcp", "--dport", "22", "-j", "ACCEPT"],
    ] {
        assert_eq!(shown(line), line.join(" "));
    }
    assert_eq!(shown(&["sh", "-c", "sleep 1; touch /etc/app.env"]), "sh -c 'sleep 1; touch /etc/app.env'");
    assert_eq!(shown(&["sed", "-i", "s/^LOG=.*/LOG=debug/", "/etc/a.env"]), "sed -i s/^LOG=.*/LOG=debug/ /etc/a.env");
}

#[test]
fn secrets_of_known_forms_are_masked() {
    assert_eq!(shown(&["mysql", "-uroot", "-phunter2", "shop"]), "mysql -uroot -p**** shop");
    assert_eq!(shown(&["psql", "postgres://app:hunter2@db/app"]), "psql postgres://app:****@db/app");
    assert_eq!(shown(&["x", "--password=hunter2", "y"]), "x --password=**** y");
    assert_eq!(shown(&["x", "--token", "hunter2", "y"]), "x --token **** y");
    assert_eq!(shown(&["env", "DB_PASSWORD=hunter2", "app"]), "env DB_PASSWORD=**** app");
    assert_eq!(shown(&["curl", "-u", "me:hunter2", "http://a/"]), "curl -u **** http://a/");
    assert_eq!(shown(&["sed", "-i", "s/hunter1/hunter2/", "/etc/a"]), "sed -i **** /etc/a");
    assert_eq!(shown(&["sh", "-c", "echo DB_PASSWORD=hunter2 > /etc/a"]), "sh -c 'echo ****'");
    // What is written may look like the name of a secret, and be one.
    assert_eq!(shown(&["bash", "-c", "echo A0aAaPw0 > /etc/app/key"]), "bash -c 'echo ****'");
    assert_eq!(
        shown(&["redis-cli", "CONFIG", "SET", "requirepass", "hunter2"]),
        "redis-cli CONFIG SET requirepass ****"
    );
}

#[test]
fn a_source_that_shows_no_values_shows_the_program_alone() {
    assert_eq!(bare(&masked(&[b"sed", b"-i", b"s/LOG=1/LOG=2/"])).as_str(), "sed");
}

#[test]
fn what_is_no_text_or_endless_is_masked() {
    assert_eq!(masked(&[b"x", b"\xff\xfe", &[b'a'; 5000], b"y"]).as_str(), "x **** **** y");
    let many = vec![&b"argument"[..]; 10_000];
    assert!(masked(&many).as_str().len() <= ACTOR_COMMAND_BYTES_MAX);
    assert_eq!(masked(&[]).as_str(), "");
}

/// Ways to write a secret on a command line, `@` in its place.
const PLANTED: &[&[&str]] = &[
    &["app", "--password=@"],
    &["app", "--password", "@"],
    &["app", "-password", "@"],
    &["app", "--db-password=@"],
    &["app", "--api-key", "@"],
    &["app", "--token=@"],
    &["app", "--header", "Authorization: Bearer @"],
    &["curl", "-H", "Authorization: Bearer @", "http://a/"],
    &["curl", "-u", "user:@", "http://a/"],
    &["curl", "-uuser:@", "http://a/"],
    &["curl", "--user", "user:@", "http://a/"],
    &["curl", "-d", "x=1&password=@", "http://a/"],
    &["curl", "http://user:@@host/"],
    &["curl", "http://host/?token=@"],
    &["mysql", "-p@"],
    &["mysql", "-uroot", "-p@", "shop"],
    &["mysqldump", "--password=@"],
    &["/usr/bin/mysqladmin", "-p@", "password", "@"],
    &["sudo", "mysql", "-p@"],
    &["sshpass", "-p", "@", "ssh", "host"],
    &["sshpass", "-p@", "ssh", "host"],
    &["redis-cli", "-a", "@", "ping"],
    &["redis-cli", "CONFIG", "SET", "requirepass", "@"],
    &["env", "PGPASSWORD=@", "psql"],
    &["env", "AWS_SECRET_ACCESS_KEY=@", "aws"],
    &["psql", "-c", "ALTER USER app PASSWORD '@'"],
    &["mysql", "-e", "CREATE USER x IDENTIFIED BY '@'"],
    &["sh", "-c", "mysql -p@ -e 'select 1'"],
    &["sh", "-c", "mysql -p'@ x' shop"],
    &["bash", "-c", "export DB_PASSWORD=@; app"],
    &["bash", "-c", "export DB_PASSWORD='a b @'; app"],
    &["bash", "-c", "echo @ > /etc/app/key"],
    &["bash", "-c", "echo 'a @' | tee /etc/app/key"],
    &["sed", "-i", "s/@/x/", "/etc/a.env"],
    &["sed", "-i", "s/x/@/", "/etc/a.env"],
    &["sed", "-i", "s/^DB_PASSWORD=.*/DB_PASSWORD=@/", "/etc/a.env"],
    &["sed", "-i", "-e", "s/x/@/", "/etc/a.env"],
    &["sed", "-i", "--expression=s/x/@/", "/etc/a.env"],
    &["sed", "-i.bak", "s|secret: .*|secret: @|", "/etc/a.yml"],
    &["perl", "-pi", "-e", "s/x/@/", "/etc/a.env"],
    &["perl", "-pe", "s/x/@/", "/etc/a.env"],
    &["htpasswd", "-b", "/etc/nginx/htpasswd", "user", "@"],
    &["rabbitmqctl", "add_user", "app", "@"],
    &["openssl", "enc", "-pass", "pass:@"],
    &["openssl", "rsa", "-passin", "pass:@"],
    &["zip", "-P", "@", "a.zip", "a"],
    &["useradd", "-p", "@", "bob"],
    &["docker", "login", "-u", "me", "-p", "@"],
    &["docker", "run", "-e", "POSTGRES_PASSWORD=@", "postgres"],
    &["ldapsearch", "-D", "cn=x", "-w", "@"],
    &["ansible", "all", "-e", "db_password=@"],
    &["ansible", "all", "-e", "{\"db_password\": \"@\"}"],
    &["kubectl", "create", "secret", "generic", "x", "--from-literal=password=@"],
    &["git", "clone", "https://oauth2:@@host/x.git"],
];

#[test]
fn a_docker_login_counts_as_one_and_ports_are_shown() {
    assert_eq!(shown(&["docker", "run", "-p", "5432:5432", "pg"]), "docker run -p 5432:5432 pg");
}

proptest! {
    #[test]
    fn a_planted_secret_never_appears(secret in "[A-Za-z0-9]{8,24}", way in 0..PLANTED.len()) {
        let line: Vec<String> = PLANTED[way]
            .iter()
            .map(|word| match word.strip_prefix("http").filter(|rest| rest.contains("@@")) {
                Some(_) => word.replacen('@', &secret, 1),
                None => word.replace('@', &secret),
            })
            .collect();
        let arguments: Vec<&[u8]> = line.iter().map(|one| one.as_bytes()).collect();
        let text = masked(&arguments);
        prop_assert!(!text.as_str().contains(&secret), "{text}");
    }

    #[test]
    fn anything_is_taken_and_stays_within_its_bounds(
        arguments in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..12),
    ) {
        let arguments: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
        prop_assert!(masked(&arguments).as_str().len() <= ACTOR_COMMAND_BYTES_MAX);
    }

    #[test]
    fn odd_scripts_do_not_panic(text in "[s/|:=' \"a-zà-ü-]{0,60}") {
        _ = masked(&[b"sed", text.as_bytes()]);
        _ = masked(&[b"sh", b"-c", text.as_bytes()]);
        _ = masked(&[b"curl", text.as_bytes()]);
    }
}
