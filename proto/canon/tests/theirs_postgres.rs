//! Our reading of PostgreSQL's files against the server's own, over hundreds
//! of generated lines, values and rules. Where the two disagree, the server is
//! right.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test")]
#![allow(clippy::disallowed_methods, reason = "a test's own small files")]

#[path = "support/postgres_server.rs"]
mod postgres_server;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use driftline_canon::{Format, Reading, format};

use postgres_server::{Dice, Server};

/// The value of a setting that our reading found.
fn value<'a>(reading: &'a Reading, key: &str) -> Option<&'a [u8]> {
    reading.settings.iter().find(|setting| setting.key.as_str() == key).map(|setting| setting.value.bytes())
}

/// Our reading of one setting with a value in quotes: its canonical form, none
/// if the server is said to refuse it.
fn ours(name: &str, written: &str) -> Option<Vec<u8>> {
    let line = format!("{name} = '{}'\n", written.replace('\\', "\\\\").replace('\'', "''"));
    let reading = format::read(Format::PostgresConf, line.as_bytes());
    let setting = reading.settings.first()?;
    reading.problems.is_empty().then(|| setting.value.bytes().to_vec())
}

/// A line of `postgresql.conf`, right or nearly.
fn line(dice: &mut Dice) -> String {
    const NAMES: &[&str] = &["my.own", "My.Own", "my.own", "cluster_name", "a.b.c", "1a", "", "é.x", "my . own"];
    const PIECES: &[&str] = &[
        "a", "b", "_", "é", "1", "0", "0x", "F", "7", "e", "E", "5", ".", "-", "+", ":", "/", "'", "''", "\\", "\\'",
        "\\n", "\\101", "\\8", "\\0", " ", "\t", "#", "=", "\"", ";", "(", "MB", "GB", "*", "%", ",", "@", "$",
    ];
    let mut line = dice.of(NAMES).to_owned();
    line.push_str(dice.of(&[" = ", "=", " ", "\t=", "  ", " == ", ""]));
    let quoted = dice.below(2) == 0;
    if quoted {
        line.push('\'');
    }
    for _ in 0..dice.below(5) {
        line.push_str(dice.of(PIECES));
    }
    if quoted && dice.below(8) > 0 {
        line.push('\'');
    }
    line.push_str(dice.of(&["", "", "", " ", " # a", "#a", "\r", " x", " 'x'"]));
    line
}

#[test]
fn lines_are_read_as_the_server_s_lexer_reads_them() {
    const LINES: usize = 3000;
    let Some(mut server) = Server::start("lines") else { return };
    let mut dice = Dice::new(7);
    let (mut wrong, mut refused) = (Vec::new(), 0);
    for _ in 0..LINES {
        let line = line(&mut dice);
        server.write("postgresql.conf", format!("{line}\n").as_bytes());
        let rows = server.query(&["name", "setting", "error"], "from pg_file_settings where sourceline = 1");
        let reading = format::read(Format::PostgresConf, format!("{line}\n").as_bytes());
        let same = match rows.first().map(Vec::as_slice) {
            None => reading.settings.is_empty() && reading.problems.is_empty(),
            Some([None, _, Some(_)]) => {
                refused += 1;
                reading.problems.len() == 1 && reading.problems[0].reason.starts_with("not of the form")
            }
            Some([Some(name), Some(text), _]) => {
                let key = String::from_utf8_lossy(name).to_ascii_lowercase();
                value(&reading, &key) == Some(text)
            }
            Some(other) => panic!("{line}: {other:?}"),
        };
        if !same {
            wrong.push(format!("{line:?}: theirs {rows:?}, ours {reading:?}"));
        }
    }
    println!("compared {LINES} lines of postgresql.conf, {refused} of them refused");
    assert!(refused > LINES / 10 && refused < LINES * 9 / 10);
    assert!(wrong.is_empty(), "{} differ: {}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

const VALUES: &[&str] = &[
    "on",
    "OFF",
    "t",
    "fal",
    "y",
    "n",
    "o",
    "of",
    "1",
    "0",
    "2",
    "",
    " ",
    "-1",
    "-2",
    "true ",
    "yess",
    "none",
    "all",
    "debug",
    "DEBUG1",
    "auto",
    "try",
    "regress",
    "replica",
    "error",
    "log",
    "pglz",
    "0x10",
    "010",
    "09",
    "1e3",
    "1E2",
    "1e",
    ".5",
    "0.5",
    "1.5",
    "2.5",
    "3.5kB",
    " 7 ",
    "7 kB",
    "7  MB ",
    "+8",
    "- 8",
    "8mb",
    "8KB",
    "8kb",
    "8 k",
    "1TB",
    "1GB",
    "100MB",
    "102400kB",
    "104857600B",
    "1.1GB",
    "0.1GB",
    "1023B",
    "512B",
    "8191B",
    "1d",
    "1h",
    "60min",
    "3600s",
    "3600000ms",
    "3600000000us",
    "1.5min",
    "90s",
    "0.7ms",
    "500us",
    "1499us",
    "1min 1s",
    "2147483647",
    "2147483648",
    "-2147483648",
    "99999999999999999999",
    "1e30",
    "inf",
    "nan",
    "0x1g",
    "1,5",
    "5MBx",
    "5 MB x",
    "1.00001",
    "0.000001",
];

/// Values of every type, right or nearly.
fn values(dice: &mut Dice) -> Vec<String> {
    let mut values: Vec<String> = VALUES.iter().map(|value| (*value).to_owned()).collect();
    for _ in 0..60 {
        let number = match dice.below(3) {
            0 => dice.below(100).to_string(),
            1 => dice.below(1_000_000).to_string(),
            _ => format!("{}.{}", dice.below(1000), dice.below(100)),
        };
        values.push(number + dice.of(&["", "B", "kB", "MB", "GB", "us", "ms", "s", "min", "h", "d", " ms"]));
    }
    values
}

fn sql_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Settings that the server checks against what only it knows, and those whose
/// range is not the same in all versions.
const CHECKED_AT_RUN_TIME: &str = "('max_stack_depth', 'exit_on_error', 'maintenance_work_mem', 'password_encryption', \
     'tcp_keepalives_idle', 'tcp_keepalives_interval', 'tcp_keepalives_count', 'tcp_user_timeout', \
     'effective_io_concurrency', 'maintenance_io_concurrency', \
     'default_transaction_deferrable', 'transaction_isolation', 'transaction_read_only', 'transaction_deferrable', \
     'debug_discard_caches', 'jit_provider', 'ssl_renegotiation_limit', 'zero_damaged_pages', 'wal_compression')";

#[test]
fn values_are_shown_as_the_server_shows_them() {
    let Some(mut server) = Server::start("values") else { return };
    server.run(
        "create function pg_temp.try(name text, value text) returns text language plpgsql as $$ \
         declare shown text; begin shown := set_config(name, value, true); \
         raise exception using errcode = 'P0001', message = 'shown:' || shown; \
         exception when sqlstate 'P0001' then return substr(sqlerrm, 7); when others then return null; end $$",
    );
    let values = values(&mut Dice::new(11));
    let list: Vec<String> = values.iter().map(|value| sql_text(value)).collect();
    let rows = server.query(
        &["name", "v", "pg_temp.try(name, v)"],
        &format!(
            "from pg_settings, unnest(array[{}]) v where vartype in ('bool', 'integer', 'real', 'enum') \
             and context in ('user', 'superuser') and name not in {CHECKED_AT_RUN_TIME}",
            list.join(", ")
        ),
    );
    let mut wrong = Vec::new();
    let mut accepted = 0;
    for row in &rows {
        let [Some(name), Some(written), shown] = row.as_slice() else { panic!("{row:?}") };
        let (name, written) = (String::from_utf8_lossy(name), String::from_utf8_lossy(written));
        accepted += usize::from(shown.is_some());
        let ours = ours(&name, &written);
        if !shown_alike(ours.as_deref(), shown.as_deref()) {
            let text = |text: &Option<Vec<u8>>| text.as_deref().map(|text| String::from_utf8_lossy(text).into_owned());
            wrong.push(format!("{name} = {written:?}: theirs {:?}, ours {:?}", text(shown), text(&ours)));
        }
    }
    println!("compared {} values with SHOW, {accepted} of them accepted", rows.len());
    assert!(rows.len() > 5000 && accepted > 1000);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

/// Digits of a fraction that the server shows; we keep all.
const SHOWN_DIGITS: usize = 6;

fn shown_alike(ours: Option<&[u8]>, theirs: Option<&[u8]>) -> bool {
    let (Some(ours), Some(theirs)) = (ours, theirs) else { return ours.is_none() == theirs.is_none() };
    ours == theirs || {
        let split = |text: &[u8]| {
            let text = String::from_utf8_lossy(text).into_owned();
            let unit = text.find(|c: char| c.is_ascii_alphabetic() && c != 'e').unwrap_or(text.len());
            let number = text[..unit].parse::<f64>().ok()?;
            let size = match &text[unit..] {
                "us" => 1e-3,
                "s" => 1e3,
                "min" => 6e4,
                "h" => 3.6e6,
                "d" => 8.64e7,
                _ => 1.0,
            };
            Some(number * size)
        };
        match (split(ours), split(theirs)) {
            (Some(a), Some(b)) => (a - b).abs() <= b.abs() * 1e-5 && ours.len() > SHOWN_DIGITS,
            _ => false,
        }
    }
}

/// What no session may set is asked of `postgres -C`, which starts anew for
/// each value: a few per setting, and pairs are compared.
#[test]
fn values_are_equal_when_the_server_says_so() {
    const PER_SETTING: usize = 4;
    let Some(mut server) = Server::start("pairs") else { return };
    let rows = server.query(
        &["name", "vartype", "setting", "coalesce(unit, '')"],
        "from pg_settings where vartype in ('bool', 'integer', 'real', 'enum') and context in ('sighup', 'postmaster') \
         and name not in ('ssl', 'bonjour', 'data_sync_retry') order by 1",
    );
    let mut dice = Dice::new(13);
    let all = values(&mut dice);
    let (mut wrong, mut asked, mut pairs) = (Vec::new(), 0, 0);
    for row in rows {
        let text: Vec<String> =
            row.iter().map(|text| String::from_utf8_lossy(text.as_deref().unwrap()).into()).collect();
        let [name, kind, now, unit] = text.as_slice() else { panic!("{text:?}") };
        let mut written: Vec<String> = vec![now.clone()];
        match kind.as_str() {
            "bool" => written.extend(["on", "ye", "0", "off"].map(str::to_owned)),
            "integer" | "real" if !unit.is_empty() && unit != "8kB" && !now.starts_with('-') => {
                written.push(format!("{now} {unit}"));
            }
            _ => {}
        }
        for _ in 0..PER_SETTING - 1 {
            written.push(all[dice.below(all.len())].clone());
        }
        let found: Vec<_> = written.iter().map(|value| (value, ours(name, value), server.ask(name, value))).collect();
        asked += found.len();
        for (at, (value, a, b)) in found.iter().enumerate() {
            if a.is_some() != b.is_some() {
                wrong.push(format!("{name} = {value:?}: theirs {:?}, ours {:?}", b.is_some(), a.is_some()));
            }
            for (other, c, d) in &found[..at] {
                pairs += 1;
                if a.is_some() && c.is_some() && (a == c) != (b == d) {
                    wrong.push(format!("{name}: {value:?} and {other:?} are equal for one of us"));
                }
            }
        }
    }
    println!("asked postgres -C {asked} times, compared {pairs} pairs");
    assert!(asked > 400 && pairs > 800);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

/// A list of names; the same ones come again in other orders.
fn names(dice: &mut Dice, all: &[&str]) -> String {
    let count = 1 + dice.below(3);
    let names: Vec<&str> = (0..count).map(|_| dice.of(all)).collect();
    names.join(dice.of(&[",", ", ", ",  "]))
}

const DATABASES: &[&str] =
    &["all", "app", "\"app\"", "stats", "sameuser", "samerole", "samegroup", "replication", "\"odd name\"", "a\"b\""];
const USERS: &[&str] = &["all", "bob", "\"bob\"", "+admins", "alice", "\"a,b\"", "\"a\"\"b\"", "a\"b\"c"];
const ADDRESSES: &[&str] = &[
    "10.0.0.0/8",
    "10.1.2.3/8",
    "10.0.0.0 255.0.0.0",
    "10.9.9.9 255.0.0.0",
    "0.0.0.0/0",
    "::/0",
    "all",
    "samehost",
    "samenet",
    "::1/128",
    "0:0:0::1/128",
    "2001:DB8::1/32",
    "2001:db8:1::/32",
    "2001:db8:: ffff:ffff::",
    "::ffff:10.0.0.1/128",
    "::FFFF:A00:1/128",
    "10.1/16",
    "10.0.0.1/16",
    "0xa.0.0.1/32",
    "012.1/32",
    "10.0.0.0/33",
    "10.0.0.0",
    "::/129",
    "db.example.org",
    "DB.Example.Org",
    ".Example.org",
    ".example.org",
    "db.example.org/24",
    "1.2.3.4 255.0.255.0",
    "1.9.3.9 255.0.255.0",
    "10.0.0.0 ::",
    "1.2.3.4/x",
    "1.2.3.4/",
    "256.1.1.1/8",
    "10.0.0.0/8,11.0.0.0/8",
    "\"10.0.0.0/8\"",
    "1.2.3.4/32",
    "1.2.3.4 255.255.255.255",
];
const METHODS: &[&str] = &[
    "trust",
    "reject",
    "md5",
    "scram-sha-256",
    "password",
    "ident",
    "peer",
    "cert",
    "gss",
    "pam",
    "nonsense",
    "\"md5\"",
    "Md5",
    "md5 map=x",
    "ident map=x",
    "ident map=\"x\"",
    "ident map=y",
    "ident map=x map=y",
    "peer map=x",
    "cert map=x",
    "gss include_realm=0",
    "gss include_realm=1",
    "gss",
    "gss krb_realm=A include_realm=0",
    "gss include_realm=0 krb_realm=A",
    "pam pamservice=a",
    "pam pamservice=a pam_use_hostname=0",
    "ldap ldapserver=x ldapprefix=y",
    "ldap ldapprefix=y ldapserver=x",
    "ldap ldapserver=x ldapprefix=y ldaptls=1",
    "ldap ldapserver=x,ldapprefix=y ldaptls=0",
    "ldap ldapserver=x ldapbasedn=\"dc=a b\" ldapbindpasswd=secret",
    "radius radiusservers=127.0.0.1 radiussecrets=b",
    "radius radiusservers=\"127.0.0.1\" radiussecrets=\"c\"",
    "md5 nonsense",
    "md5 colour=blue",
    "cert clientcert=verify-full",
    "md5 clientcert=verify-ca",
    "md5 clientcert=verify-full",
];

/// A rule of `pg_hba.conf`, right or nearly. The view does not tell whether
/// `pam_use_hostname` is on, so it never is here.
fn rule(dice: &mut Dice) -> String {
    let kind =
        dice.of(&["local", "host", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc", "Host", "\"host\""]);
    // Half of the rules differ in address and method alone, so that many pairs
    // are equal.
    let narrow = dice.below(2) == 0;
    let (kind, databases, users) =
        if narrow { ("host", &DATABASES[1..3], &USERS[1..3]) } else { (kind, DATABASES, USERS) };
    let mut fields = vec![kind.to_owned(), names(dice, databases), names(dice, users)];
    if kind != "local" || dice.below(20) == 0 {
        fields.push(dice.of(ADDRESSES).to_owned());
    }
    if dice.below(20) > 0 {
        fields.push(dice.of(METHODS).to_owned());
    }
    fields.join(dice.of(&[" ", "\t", "   "])) + dice.of(&["", " ", " # x", "#x", "\r"])
}

/// The network of an address as the server keeps it, host bits and all.
fn network(address: &str, mask: &str) -> Option<String> {
    let network: IpAddr = match (address.parse().ok()?, mask.parse().ok()?) {
        (IpAddr::V4(a), IpAddr::V4(m)) => Ipv4Addr::from(u32::from(a) & u32::from(m)).into(),
        (IpAddr::V6(a), IpAddr::V6(m)) => Ipv6Addr::from(u128::from(a) & u128::from(m)).into(),
        _ => return None,
    };
    Some(format!("{network} {mask}"))
}

/// What a rule means, field by field.
type Meaning = Vec<BTreeSet<String>>;

/// A rule as the server's view tells it, with what means nothing taken out.
fn theirs(row: &[Option<Vec<u8>>]) -> Meaning {
    let text =
        |at: usize| row[at].as_deref().map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default();
    let set = |at: usize| text(at).split('\u{1}').map(str::to_owned).collect();
    let one = |text: String| std::iter::once(text).collect();
    let databases: BTreeSet<String> = set(2);
    let databases = databases.into_iter().map(|name| name.replace("samegroup", "samerole")).collect();
    let address = network(&text(4), &text(5)).unwrap_or_else(|| text(4).to_ascii_lowercase());
    vec![one(text(1)), databases, set(3), one(address), one(text(6)), set(7)]
}

#[test]
fn rules_of_pg_hba_are_equal_when_the_server_says_so() {
    const RULES: usize = 3000;
    let Some(mut server) = Server::start("hba") else { return };
    let mut dice = Dice::new(17);
    let rules: Vec<String> = (0..RULES).map(|_| rule(&mut dice)).collect();
    server.write("pg_hba.conf", (rules.join("\n") + "\n").as_bytes());
    let array = |column: &str| format!("array_to_string({column}, chr(1))");
    let rows = server.query(
        &[
            "line_number",
            "type",
            &array("database"),
            &array("user_name"),
            "address",
            "netmask",
            "auth_method",
            &array("options"),
            "error",
        ],
        "from pg_hba_file_rules order by line_number",
    );
    assert_eq!(rows.len(), RULES);
    let mut wrong = Vec::new();
    let mut valid: Vec<(&str, Vec<u8>, Meaning)> = Vec::new();
    for (rule, row) in rules.iter().zip(&rows) {
        let reading = format::read(Format::PgHba, format!("{rule}\n").as_bytes());
        // Without certificates of its own it only warns of what cannot match.
        let error = row[8].as_deref().map(String::from_utf8_lossy);
        let error = error.filter(|error| !error.contains("because SSL is disabled"));
        if error.is_some() == reading.problems.is_empty() {
            wrong.push(format!("{rule:?}: theirs {error:?}, ours {:?}", reading.problems));
        } else if error.is_none() {
            valid.push((rule, reading.settings[0].value.bytes().to_vec(), theirs(row)));
        }
    }
    let mut equal = 0;
    for (at, (rule, a, b)) in valid.iter().enumerate() {
        for (other, c, d) in &valid[..at] {
            equal += usize::from(b == d);
            if (a == c) != (b == d) {
                wrong.push(format!("{rule:?} and {other:?} are equal for one of us: {b:?} {d:?}"));
            }
        }
    }
    println!("compared {RULES} rules of pg_hba.conf, {} of them valid, {equal} pairs of them equal", valid.len());
    assert!(valid.len() > RULES / 10 && equal > 100);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

#[test]
fn maps_of_pg_ident_are_read_as_the_server_reads_them() {
    const MAPS: usize = 1000;
    const WORDS: &[&str] =
        &["a", "b", "\"a\"", "\"a b\"", "/^(.*)@x$", "\\1", "\"c,d\"", "c,d", "a#x", "A", "\"\"\"\""];
    let Some(mut server) = Server::start("ident") else { return };
    let mut dice = Dice::new(19);
    let map = |dice: &mut Dice| {
        let words: Vec<&str> = (0..1 + dice.below(4)).map(|_| dice.of(WORDS)).collect();
        words.join(dice.of(&[" ", "\t"]))
    };
    let maps: Vec<String> = (0..MAPS).map(|_| map(&mut dice)).collect();
    server.write("pg_ident.conf", (maps.join("\n") + "\n").as_bytes());
    let rows = server.query(
        &["line_number", "map_name", "sys_name", "pg_username", "error"],
        "from pg_ident_file_mappings order by line_number",
    );
    assert_eq!(rows.len(), MAPS);
    let mut wrong = Vec::new();
    let mut valid = 0;
    for (map, row) in maps.iter().zip(&rows) {
        let reading = format::read(Format::PgIdent, format!("{map}\n").as_bytes());
        let error = row[4].as_deref().map(String::from_utf8_lossy);
        let written = [1, 2, 3].map(|at| quoted(row[at].as_deref().unwrap_or_default())).join(" ");
        let same = error.is_none()
            && value(&reading, &format!("ident: {}", written.replace('\\', "\\\\"))) == Some(written.as_bytes());
        valid += usize::from(error.is_none());
        if !same && (error.is_none() || reading.problems.is_empty()) {
            wrong.push(format!("{map:?}: theirs {error:?} {written}, ours {reading:?}"));
        }
    }
    println!("compared {MAPS} maps of pg_ident.conf, {valid} of them valid");
    assert!(valid > MAPS / 10);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

/// A word in quotes where it needs them.
fn quoted(word: &[u8]) -> String {
    let word = String::from_utf8_lossy(word);
    if word.contains([' ', ',', '"', '#']) { format!("\"{}\"", word.replace('"', "\"\"")) } else { word.into_owned() }
}

#[test]
fn shipped_default_has_no_problem() {
    let Some(server) = Server::start("shipped") else { return };
    let mut files: Vec<_> = [
        (Format::PostgresConf, "postgresql.conf"),
        (Format::PostgresConf, "postgresql.auto.conf"),
        (Format::PgHba, "pg_hba.conf"),
        (Format::PgIdent, "pg_ident.conf"),
    ]
    .map(|(format, name)| (format, server.data().join(name)))
    .into();
    for version in std::fs::read_dir("/etc/postgresql").into_iter().flatten().flatten() {
        for (format, name) in [
            (Format::PostgresConf, "postgresql.conf"),
            (Format::PgHba, "pg_hba.conf"),
            (Format::PgIdent, "pg_ident.conf"),
        ] {
            files.push((format, version.path().join("main").join(name)));
        }
    }
    for (format, path) in files {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let mut reading = format::read(format, &bytes);
        // Debian's file includes a directory that nobody follows here.
        reading.problems.retain(|problem| !problem.reason.contains("not followed here"));
        assert_eq!(reading.problems, [], "{}", path.display());
    }
}
