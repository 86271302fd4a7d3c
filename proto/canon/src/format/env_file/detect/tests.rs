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
