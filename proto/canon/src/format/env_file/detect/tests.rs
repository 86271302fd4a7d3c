use super::*;

#[test]
fn each_dialect_has_signs_of_its_own() {
    for (text, expected) in [
        ("", EnvDialect::Dotenv),
        ("A=1\n# c\nB=\"x y\"\nexport C='z'\n", EnvDialect::Dotenv),
        ("URL=http://${HOST}/\n", EnvDialect::Dotenv),
        ("PASSWORD='pa$$word'\n", EnvDialect::Dotenv),
        ("#!/bin/sh\nA=1\n", EnvDialect::Shell),
        ("A=1\n. /etc/default/more\n", EnvDialect::Shell),
        ("NOW=$(date)\n", EnvDialect::Shell),
        ("set -a\nA=1\n", EnvDialect::Shell),
        ("; a comment\nA=1\n", EnvDialect::Systemd),
        ("OPTIONS=--one \\\n  --two\n", EnvDialect::Systemd),
        ("A=${B:?missing}\n", EnvDialect::Compose),
        ("A=cost $$5\n", EnvDialect::Compose),
        ("A=$HOST/x\n", EnvDialect::Compose),
        ("A=1\nHTTP_PROXY\n", EnvDialect::DockerRun),
        ("A=\"1\"\nHTTP_PROXY\n", EnvDialect::Dotenv),
    ] {
        assert_eq!(detect(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn words_of_a_shell_count_only_where_a_command_begins() {
    for (text, expected) in [
        ("if true; then\n", EnvDialect::Shell),
        ("A=1\nunset A\n", EnvDialect::Shell),
        ("A=1\nexit\n", EnvDialect::Shell),
        ("  readonly A\n", EnvDialect::Shell),
        ("set;\n", EnvDialect::Shell),
        ("unsettled=1\n", EnvDialect::Dotenv),
        ("if=1\n", EnvDialect::Dotenv),
        ("# if true\n", EnvDialect::Dotenv),
        ("A=set -a\n", EnvDialect::Dotenv),
        (" #!/bin/sh\nA=1\n", EnvDialect::Dotenv),
    ] {
        assert_eq!(detect(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn signs_inside_single_quotes_are_no_signs() {
    for (text, expected) in [
        ("A='$(date)'\n", EnvDialect::Dotenv),
        ("A='x$HOST $$ ${B:?}'\n", EnvDialect::Dotenv),
        ("A=`date`\n", EnvDialect::Dotenv),
        ("A=x`date`\n", EnvDialect::Shell),
        ("A=\"$(date)\"\n", EnvDialect::Shell),
        ("A=\"$HOST\"\n", EnvDialect::Compose),
        ("export A=$B\n", EnvDialect::Compose),
    ] {
        assert_eq!(detect(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn signs_of_compose_need_a_reference() {
    for (text, expected) in [
        ("A=${B:+x}\n", EnvDialect::Compose),
        ("A=what:?\n", EnvDialect::Dotenv),
        ("A=C:+x\n", EnvDialect::Dotenv),
        ("A=$1\n", EnvDialect::Dotenv),
        ("A=$\n", EnvDialect::Dotenv),
        ("A=${B-x}\n", EnvDialect::Dotenv),
        ("1A=$B\n", EnvDialect::Dotenv),
        ("=$(date)\n", EnvDialect::Dotenv),
    ] {
        assert_eq!(detect(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn signs_of_systemd_and_docker() {
    for (text, expected) in [
        ("A=1\\", EnvDialect::Systemd),
        ("A=\"a \\\nb\"\n", EnvDialect::Dotenv),
        ("A=C:\\dir\\file\n", EnvDialect::Dotenv),
        ("A=1;2\n", EnvDialect::Dotenv),
        ("B\r\nA=1\r\n", EnvDialect::DockerRun),
        ("1BARE\n", EnvDialect::Dotenv),
        ("two words\n", EnvDialect::Dotenv),
        ("B\nexport A=1\n", EnvDialect::Dotenv),
        ("B\nA=$C\n", EnvDialect::Compose),
    ] {
        assert_eq!(detect(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn the_strongest_sign_wins_in_any_order() {
    let signs = ["NOW=$(date)\n", "; a comment\n", "A=$HOST\n", "BARE\n"];
    let verdicts = [EnvDialect::Shell, EnvDialect::Systemd, EnvDialect::Compose, EnvDialect::DockerRun];
    for (at, expected) in verdicts.into_iter().enumerate() {
        let forwards: String = signs[at..].concat();
        let backwards: String = signs[at..].iter().rev().copied().collect();
        assert_eq!((detect(forwards.as_bytes()), detect(backwards.as_bytes())), (expected, expected), "{forwards}");
    }
}

#[test]
fn only_the_sample_is_looked_at() {
    let plain = "A=1\n".repeat(SAMPLE_BYTES_MAX / 4);
    assert_eq!(detect(format!("{plain}NOW=$(date)\n").as_bytes()), EnvDialect::Dotenv);
    assert_eq!(detect(format!("NOW=$(date)\n{plain}").as_bytes()), EnvDialect::Shell);
    let last = format!("{}NOW=$(date)\n", &plain[12..]);
    assert_eq!(last.len(), SAMPLE_BYTES_MAX);
    assert_eq!(detect(last.as_bytes()), EnvDialect::Shell);
}
