use super::*;

fn reason(key: &str, value: &str) -> Option<SecretReason> {
    classify(&ItemKey::from_bytes(key.as_bytes()), &Value::text(value))
}

#[test]
fn keys_that_name_a_secret() {
    for line in [
        "PASSWORD=x",
        "DB_PASSWORD=hunter2",
        "dbPassword=hunter2",
        "PGPASSWORD=1234",
        "MYSQL_PWD=x",
        "REDIS_PASS=x",
        "DB_PASS=x",
        "passphrase=x",
        "SECRET=x",
        "SECRET_KEY_BASE=x",
        "CLIENT_SECRET=x",
        "TOKEN=x",
        "authToken=x",
        "GITHUB_TOKEN=x",
        "API_KEY=x",
        "APIKEY=x",
        "apiKey=x",
        "STRIPE_API_KEY_V2=x",
        "PRIVATE_KEY=x",
        "ACCESS_KEY=x",
        "AWS_ACCESS_KEY_ID=x",
        "AWS_SECRET_ACCESS_KEY=x",
        "VAULT_SECRET_ID=x",
        "CREDENTIALS=x",
        "creds=x",
        "APP_KEY=x",
        "ENCRYPTION_KEY=x",
        "JWT_SIGNING_KEY=x",
        "BASIC_AUTH=user",
        "auth=hunter",
        "HTPASSWD=x",
        "spring.datasource.password=x",
        "db-password=x",
        "SESSION_SECRET=x",
        "TOKEN_TTL=hunter2isnottime",
        "PASSWORD_MIN_LENGTH=letmein-now",
        "SECRET_FILE=hunter2",
        "PASSWORD_HASH=x",
        "ADMIN_PASSWORD=true",
        "MAX_TOKENS=ghp-no-number",
        "SLACK_SIGNING_SECRET=x",
        "PASSWORD=",
        "DBPASSWORD=x",
        "OAUTH_TOKEN=x",
        "ROOT_PASSWORD_1=x",
    ] {
        let (key, value) = line.split_once('=').unwrap();
        assert_eq!(reason(key, value), Some(SecretReason::KeyName), "{line}");
    }
}

#[test]
fn short_and_numbered_names_of_secrets() {
    for line in [
        "DB_PW=hunter2",
        "SMTP_PW=x",
        "BINDPW=x",
        "PASS1=x",
        "DB_PASS2=x",
        "SECRET2=x",
        "API_TOKEN2=x",
        "API_KEY2=x",
        "SESSION_COOKIE=x",
        "COOKIE2=x",
        "USER_JWT=x",
        "WIFI_PSK=x",
        "WALLET_MNEMONIC=abandon ability able",
        "WALLET_SEED=abandon ability able",
        "MS_SQL_PASSWORD=12345678",
        "MS_SQL_PASSWORD=true",
        "MAX_PASSWORD=12345678",
        "HISTORY_DB_PASSWORD=1234",
        "MS_TOKEN=12345678",
        "DAYS_TOKEN=12345678",
        "PIN_NUMBER=1234",
        "PASSWORD_NUMBER=12345678",
    ] {
        let (key, value) = line.split_once('=').unwrap();
        assert_eq!(reason(key, value), Some(SecretReason::KeyName), "{line}");
    }
}

#[test]
fn keys_that_do_not() {
    for line in [
        "KEYBOARD_LAYOUT=de",
        "MAX_TOKENS=4096",
        "AUTH_TIMEOUT=30",
        "TOKEN_TTL=3600",
        "TOKEN_TTL=1h30m",
        "PASSWORD_MIN_LENGTH=12",
        "PASSWORD_FILE=/run/secrets/db",
        "AUTHOR=jane",
        "AUTHORITY=x",
        "PASSENGERS=4",
        "COMPASS=north",
        "BYPASS=on",
        "TOKENIZER=bpe",
        "PUBLIC_KEY=abc",
        "PRIMARY_KEY=id",
        "CACHE_KEY_PREFIX=shop",
        "KEY=value",
        "KEYSPACE=shop",
        "AUTH_METHOD=scram-sha-256",
        "AUTH=none",
        "REDIS_AUTH=false",
        "AUTH_ENABLED=true",
        "ENABLE_TOKEN_AUTH=true",
        "TOKENS_PER_MINUTE=90000",
        "TOKEN_URL=https://id.example.com/token",
        "AUTH_HOST=auth.example.com",
        "SECRET_NAME=db-credentials",
        "PASSWORD_POLICY=strict",
        "JWT_TOKEN_ISSUER=shop",
        "OAUTH_CLIENT_ID=shop-web",
        "PASSWORD_RESET_TIMEOUT_DAYS=3",
        "PASSWORDLESS=true",
        "SSL_KEY_PATH=/etc/ssl/x.key",
        "MONKEY=yes",
        "PORT=5432",
        "PINNED=1",
        "SPIN=3",
        "TOKEN_EXPIRY=2026-12-31",
        "SECRET_ROTATION=90d",
        "ALLOW_EMPTY_PASSWORD=yes",
        "SORT_KEY=created_at",
        "KEY_ID=3",
        "MIN_TOKENS=16",
        "USE_JWT=true",
        "JWT_ALGORITHM=HS256",
        "JWT_EXPIRES_IN=1h",
        "COOKIE_DOMAIN=.example.com",
        "SESSION_COOKIE_SECURE=true",
        "SESSION_COOKIE_SAMESITE=Lax",
        "RANDOM_SEED=42",
        "SEED_DATA=demo orders and customers",
        "PASSWORD_HISTORY=5",
        "ENABLE_PASSWORD_LOGIN=true",
        "REQUIRE_PIN=no",
        "API_KEY_TTL=3600",
        "PW_MIN_LENGTH=12",
        "SPWN=1",
    ] {
        let (key, value) = line.split_once('=').unwrap();
        assert_eq!(reason(key, value), None, "{line}");
    }
}

#[test]
fn values_that_look_like_a_secret() {
    for (value, expected) in [
        ("postgres://app:hunter2@db:5432/app", SecretReason::UrlPassword),
        ("postgres://app:p%40ss%2Fw@db/app", SecretReason::UrlPassword),
        ("mongodb://u:pw@a:27017,b:27017/x?replicaSet=r", SecretReason::UrlPassword),
        ("redis://:pw@cache:6379/0", SecretReason::UrlPassword),
        ("jdbc:postgresql://db/app?user=a&password=pw", SecretReason::UrlPassword),
        ("jdbc:sqlserver://db:1433;databaseName=x;user=u;password=pw;encrypt=true", SecretReason::UrlPassword),
        ("https://example.com/hook?token=pw", SecretReason::UrlPassword),
        ("https://maps.example.com/js?key=pw", SecretReason::UrlPassword),
        ("postgres://db/app?sslpassword=pw", SecretReason::UrlPassword),
        ("host=db ms_sql_password=pw", SecretReason::UrlPassword),
        ("ldap://db/?bindpw=pw", SecretReason::UrlPassword),
        ("host=db user=app password=pw dbname=x", SecretReason::UrlPassword),
        ("host=db password='p w' dbname=x", SecretReason::UrlPassword),
        ("Server=db;Database=x;User Id=sa;Password=pw;", SecretReason::UrlPassword),
        (
            "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=pw==;EndpointSuffix=core.windows.net",
            SecretReason::UrlPassword,
        ),
        ("-Xmx1g -Djavax.net.ssl.keyStorePassword=changeit -Dfile.encoding=UTF-8", SecretReason::UrlPassword),
        ("--user app --password hunter2 --verbose", SecretReason::UrlPassword),
        ("app:hunter2@db:5432/app", SecretReason::UrlPassword),
        ("postgres://u:p/w@h/db", SecretReason::UrlPassword),
        ("postgres://u:p#w d@h/db", SecretReason::UrlPassword),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", SecretReason::KnownForm),
        ("-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----", SecretReason::KnownForm),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", SecretReason::KnownForm),
        ("AKIAIOSFODNN7EXAMPLE", SecretReason::KnownForm),
        ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", SecretReason::KnownForm),
        ("github_pat_11ABCDEFG0abcdefghijkl", SecretReason::KnownForm),
        ("glpat-abcdefgh1234", SecretReason::KnownForm),
        ("xoxb-123456789012-abcdef", SecretReason::KnownForm),
        ("sk_live_abcdefgh12345678", SecretReason::KnownForm),
        ("sk-abcdefgh12345678abcd", SecretReason::KnownForm),
        ("AIzaSyD-1234567890abcdefghijklmnopqrstu", SecretReason::KnownForm),
        ("ya29.a0AfH6SMBx1234", SecretReason::KnownForm),
        ("npm_abcdefghijklmnopqrst1234", SecretReason::KnownForm),
        ("pypi-AgEIcHlwaS5vcmcCJDAw", SecretReason::KnownForm),
        ("dop_v1_0123456789abcdef", SecretReason::KnownForm),
        ("SG.ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf", SecretReason::KnownForm),
        ("hf_abcdefghijklmnopQRST", SecretReason::KnownForm),
        ("Bearer abcdef123456", SecretReason::KnownForm),
        ("Basic dXNlcjpwYXNz", SecretReason::KnownForm),
        ("{\"user\":\"a\",\"password\":\"b\"}", SecretReason::KnownForm),
        ("password: hunter2", SecretReason::KnownForm),
        ("https://hooks.slack.com/services/T0/B0/xyz", SecretReason::KnownForm),
        ("$2b$12$abcdefghijklmnopqrstuv", SecretReason::KnownForm),
        ("4f9c2b7e8a1d3c5f6e7a8b9c0d1e2f3a", SecretReason::Entropy),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", SecretReason::Entropy),
        ("q8Zr2LmX0vTnB6yHc4WsKd1F", SecretReason::Entropy),
        ("k3j9x0qz81mfla02nvb7", SecretReason::Entropy),
        ("X9$kQ2!pL7@zR4#w", SecretReason::Entropy),
        ("3nqJ5c+9vR2xW8yT1zL0kB7mD4fG6hS/aP==", SecretReason::Entropy),
        ("prefix 7Hq2LzX9vRnB6yWc4KsTd1Fm suffix", SecretReason::Entropy),
    ] {
        assert_eq!(reason("SETTING", value), Some(expected), "{value}");
    }
}

#[test]
fn values_that_do_not() {
    for value in [
        "",
        "production",
        "true",
        "30s",
        "10.0.12.33",
        "db.internal.example.com",
        "ip-10-0-12-33.eu-west-1.compute.internal",
        "shop-production-postgres.c9akciq32.eu-west-1.rds.amazonaws.com",
        "https://api.example.com/v1/orders?page=2&limit=50",
        "postgres://db:5432/app",
        "postgres://app@db:5432/app",
        "http://localhost:4873/@scope/pkg",
        "redis://cache:6379/0",
        "/usr/local/lib/python3.11/site-packages/driftline",
        "/var/lib/postgresql/15/main/base/16384",
        "C:\\Program Files\\Shop\\bin",
        "550e8400-e29b-41d4-a716-446655440000",
        "1.2.3-rc.4+build.20240101",
        "v15.8.1",
        "2026-11-22T04:23:22Z",
        "Sun, 22 Nov 2026 04:23:22 GMT",
        "*/15 2-6 * * 1-5",
        "0 3 * * *",
        "The quick brown fox jumps over the lazy dog, twice.",
        "ops@example.com",
        "mailto:ops@example.com",
        "de_DE.UTF-8",
        "Europe/Berlin",
        "registry.example.com:5000/shop/web:1.25",
        "nginx@sha256:abc",
        "git@github.com:org/repo.git",
        "app.orders.internal.OrderServiceImplementation",
        "getCustomerOrdersFromDatabaseCache",
        "us-east-1a,us-east-1b,us-east-1c",
        "-Xmx2g -Xms512m -XX:+UseG1GC -Dfile.encoding=UTF-8",
        "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384",
        "arn:aws:iam::123456789012:role/shop-production-web",
        "subnet-0bb1c79de3f4a5b6c",
        "i-0abcd1234ef567890",
        "#ff8800",
        "rgba(0,0,0,0.5)",
        "%Y-%m-%d %H:%M:%S",
        "[%(levelname)s] %(name)s: %(message)s",
        "SELECT * FROM orders WHERE id = 1",
        "a=1 b=2 c=3",
        "key1,key2,key3",
        "info,driftline=debug,hyper=warn",
        "sk-learn-model-server-internal",
        "host=db user=app dbname=x",
        "{\"retries\":3,\"region\":\"eu\"}",
        "kafka-0.kafka:9092,kafka-1.kafka:9092,kafka-2.kafka:9092",
        "web-7d9c5b6f4-x2x9z",
        "MIT OR Apache-2.0",
        "max-age=31536000; includeSubDomains",
        "default-src 'self'; img-src *",
        "/healthz|/readyz|/metrics",
        "Basic subscription",
        "Bearer of news",
        "000102030405060708",
        "1234567890123456789012",
    ] {
        assert_eq!(reason("SETTING", value), None, "{value}");
    }
}

#[test]
fn a_checksum_is_no_secret_where_the_key_says_so() {
    let commit = "4f9c2b7e8a1d3c5f6e7a8b9c0d1e2f3a4b5c6d7e";
    assert_eq!(reason("GIT_COMMIT", commit), None);
    assert_eq!(reason("IMAGE_SHA256", commit), None);
    assert_eq!(reason("SETTING", commit), Some(SecretReason::Entropy));
}

#[test]
fn metadata_and_content_are_no_secrets() {
    assert_eq!(classify(&ItemKey::metadata(ItemKey::MODE), &Value::text("0644")), None);
    assert_eq!(classify(&ItemKey::metadata(ItemKey::CONTENT), &Value::Content([7; 32])), None);
}

fn setting(key: &str, value: &str, template: Option<&str>) -> Setting {
    let template = template.map(|text| Box::new(zeroize::Zeroizing::new(text.as_bytes().to_vec())));
    Setting {
        key: ItemKey::from_bytes(key.as_bytes()),
        value: Value::text(value),
        line: Some(1),
        template,
        file: None,
        secret: false,
    }
}

#[test]
fn a_template_hands_its_secret_on() {
    let settings = [
        setting("API_TOKEN", "plainword", None),
        setting("HEADER", "x plainword", Some("x ${API_TOKEN}")),
        setting("AGAIN", "y x plainword", Some("y $HEADER")),
        setting("OTHER", "z", Some("${PLAIN}")),
    ];
    let reasons = classify_all(&settings);
    assert_eq!(reasons, [Some(SecretReason::KeyName), Some(SecretReason::Derived), Some(SecretReason::Derived), None]);
}

#[test]
fn a_copy_of_a_secret_is_a_secret() {
    let settings = [
        setting("ARGS", "--with correcthorse and more", None),
        setting("DB_PASSWORD", "correcthorse", None),
        setting("SAME", "correcthorse", None),
        setting("URL", "postgres://a:b@h/correcthorse", None),
        setting("PLAIN", "correct horse", None),
    ];
    let reasons = classify_all(&settings);
    assert_eq!(reasons[0], Some(SecretReason::Derived));
    assert_eq!(reasons[2], Some(SecretReason::Derived));
    assert_eq!(reasons[3], Some(SecretReason::Derived), "its mask would not cover the copy");
    assert_eq!(reasons[4], None);
}

#[test]
fn what_the_format_calls_a_secret_is_one_and_its_copies_too() {
    let mut told = setting("user alice", "wordofmine", None);
    told.secret = true;
    let settings = [told, setting("motto", "say wordofmine aloud", None), setting("user bob", "wordofhers", None)];
    let reasons = classify_all(&settings);
    assert_eq!(reasons, [Some(SecretReason::Format), Some(SecretReason::Derived), None]);
}

#[test]
fn what_stands_below_the_name_of_secrets_is_one_whatever_it_is_called() {
    for key in [
        "passwords.user",
        "passwords.database",
        "secrets.db",
        "credentials.server",
        "a.passwords[0].user",
        "apiKeys.service",
        "tokens.max",
        "passwords.\"a.b\".host",
    ] {
        assert_eq!(reason(key, "hunter2"), Some(SecretReason::KeyName), "{key}");
    }
    assert_eq!(reason("passwords.port", "1234"), Some(SecretReason::KeyName));
    for (key, value) in [
        ("password.policy", "strict"),
        ("token_url.host", "id.example.com"),
        ("mysqld.validate_password.length", "8"),
        ("auth.method", "scram-sha-256"),
        ("token.ttl", "3600"),
    ] {
        let wanted = (key == "password.policy" || key == "token.ttl").then_some(SecretReason::KeyName);
        assert_eq!(reason(key, value), wanted, "{key}");
    }
}

#[test]
fn passwords_of_command_lines_are_found() {
    for line in [
        "sshpass -p hunter2 ssh a@b",
        "/usr/bin/sshpass -phunter2 ssh a@b",
        "mysqldump -u app -phunter2 shop",
        "/usr/bin/mysql -phunter2",
        "login password hunter2",
        "set password hunter2 now",
    ] {
        assert_eq!(reason("command", line), Some(SecretReason::UrlPassword), "{line}");
        let spans = connection::secret_spans(line.as_bytes());
        assert!(spans.iter().any(|span| &line[span.clone()] == "hunter2"), "{line}: {spans:?}");
    }
    for line in ["ssh -p 2222 a@b", "mkdir -p /a", "Your password has expired", "mysql -p shop", "cp -pr a b"] {
        assert_eq!(reason("command", line), None, "{line}");
    }
    assert_eq!(reason("client.passw", "hunter2"), Some(SecretReason::KeyName));
    assert_eq!(reason("client.passenger", "jane"), None);
}
