//! What a key says about its value, word by word.
//!
//! Knows words, not values: a value is only asked whether it is as harmless as
//! the key claims (`TOKEN_TTL=3600` is, `TOKEN_TTL=ghp_…` is not).

mod hint;

/// Words that name a secret wherever they stand; MySQL takes the beginning of
/// an option for the option.
const SECRET: &str = "password passwords passwd pwd pass passphrase passcode secret secrets token tokens apikey apikeys \
     privatekey accesskey secretkey authkey signingkey encryptionkey masterkey credential credentials \
     creds cred auth bearer authorization pin otp totp salt pepper keystorepass htpasswd userpass sas \
     signature sig pat pw psk mnemonic requirepass masterauth passw passwo passwor";

/// Words that name a secret at the end; before other words they only say what
/// these are about (`COOKIE_DOMAIN`, `JWT_ALGORITHM`).
const SECRET_LAST: &str = "cookie jwt";

/// Ends of run-together words that name a secret (`PGPASSWORD`, `authtoken`).
const SECRET_END: &str = "password passwd passphrase secret secrets token apikey privatekey accesskey secretkey accountkey pwd \
     dbpass pw";

/// Ends of words beside which a number is a password, not a quantity, unless
/// it is very short: `MS_SQL_PASSWORD`, `PIN_NUMBER`.
const PASSWORD_END: &str = "password passwd pwd pass pin pw passphrase passcode";

/// Characters of a `…_SEED` that is a secret: seeds of random numbers in tests
/// and models are shorter.
const SEED_BYTES_MIN: usize = 12;

/// Words before `key` that make it no secret.
const HARMLESS_BEFORE_KEY: &str = "public primary foreign partition sort cache routing object index lookup unique hot sharding shard \
     order group pub site config map message event dedup idempotency trusted authorized host known";

/// Words that turn a secret's name into a quantity or switch of it.
const QUANTITY: &str = "timeout ttl expiry expire expires expiration lifetime duration age interval min max length len size \
     count limit limits num number retries attempts days hours minutes seconds sec ms bytes bits rounds \
     cost strength history per budget window leeway skew period delay rate cap threshold port enabled \
     enable disabled disable required require use allow allowed is has no skip rotation rotate complexity \
     passwordless tokenless verify validate debug random generate supports warnings";

/// Words before a secret's name that make it a number of such.
const AMOUNT_BEFORE: &str = "max min num number count limit total";

/// Words before a secret's name that make it a switch.
const SWITCH_BEFORE: &str = "enable enabled disable disabled require required use allow allowed is has no skip verify validate \
     debug random generate rotate";

/// Words at the end that make it the name, kind or place of a secret.
const ABOUT: &str = "type method mode algorithm alg algo url uri endpoint host hostname path file dir directory name \
     issuer audience realm scope scopes header prefix suffix format provider user username domain region \
     version policy strategy backend driver class module server db database id kind encoding engine \
     service storage store cipher curve hasher field param parameter encryption";

/// Words that say it is an address to connect to.
const CONNECTION: &str = "url uri dsn endpoint connection conn connstr connectionstring database db redis broker server amqp \
     link host hosts webhook proxy smtp mongo mongodb postgres mysql remote origin jdbc";

/// Ends of the same, run together (`DATABASEURL`).
const CONNECTION_END: &str = "url uri dsn proxy urls";

/// Words that say that a long hexadecimal value is a checksum.
const CHECKSUM: &str = "sha sha1 sha256 sha512 md5 commit checksum digest revision rev hash build etag fingerprint \
     thumbprint image tag version ref";

/// Whether the key names a secret, given that the value is not as harmless as
/// the rest of the key claims.
pub(super) fn names_a_secret(key: &str, value: &[u8]) -> bool {
    if !hint::may_name_a_secret(key) {
        return false;
    }
    let words = split(key);
    if !is_secret(&words) {
        let seed = words.last().is_some_and(|word| without_number(word) == "seed");
        return seed && value.trim_ascii().len() >= SEED_BYTES_MIN;
    }
    if stands_in_secrets(key) {
        return true;
    }
    if is_quantity_of(&words, value) {
        return false;
    }
    let weak = words.iter().filter(|word| is_secret_word(word)).all(|word| word == "auth" || word == "authorization");
    if weak && is_auth_method(value) {
        return false;
    }
    let last = words.last().map_or("", String::as_str);
    !(listed(ABOUT, last) && !is_secret_id(&words) && is_about(last, value))
}

/// Whether a part of the path before the last names secrets, as in
/// `passwords.database`: then the rest of it says whose they are, and not what
/// they are like.
fn stands_in_secrets(key: &str) -> bool {
    let mut parts = parts(key);
    parts.next_back();
    parts.any(|part| {
        let words = split(part);
        let weak = |word: &String| word == "auth" || word == "authorization";
        let strong = words.iter().any(|word| is_secret_word(word) && is_listed_secret(word) && !weak(word))
            || names_a_key(&words);
        let (before, after) = around_secret(&words);
        let last = words.iter().rfind(|word| !word.bytes().all(|b| b.is_ascii_digit())).map_or("", String::as_str);
        let switch = any(before, SWITCH_BEFORE) || any(before, AMOUNT_BEFORE) || any(after, QUANTITY);
        let about = listed(ABOUT, last) || matches!(last, "ref" | "refs");
        strong && !switch && !about
    })
}

/// The parts of a path: `a.b[0]` has two, `a."b.c"` too.
fn parts(key: &str) -> impl DoubleEndedIterator<Item = &str> {
    let mut quoted = false;
    let mut parts = Vec::new();
    let mut begin = 0;
    for (at, byte) in key.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'.' if !quoted => {
                parts.push(&key[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&key[begin..]);
    parts.into_iter()
}

/// Whether a parameter of a URL or connection string names a secret.
pub(super) fn is_secret_parameter(name: &str) -> bool {
    if !hint::may_name_a_secret(name) {
        return false;
    }
    let words = split(name);
    let last = words.last().map_or("", String::as_str);
    let quantity = || {
        let (before, after) = around_secret(&words);
        !names_a_password(&words) && (any(before, AMOUNT_BEFORE) || any(before, SWITCH_BEFORE) || any(after, QUANTITY))
    };
    if words.len() > 1 && !is_secret_id(&words) && (listed(ABOUT, last) || quantity()) {
        return false;
    }
    is_secret(&words) || last == "key" || last == "code" && words.len() == 1
}

/// Whether the key is about where to connect to.
pub(super) fn names_a_connection(key: &str) -> bool {
    let ends = |word: &String| CONNECTION_END.split_ascii_whitespace().any(|end| word.ends_with(end));
    split(key).iter().any(|word| listed(CONNECTION, word.as_str()) || ends(word))
}

/// Whether the key says that the value is a checksum or revision.
pub(super) fn names_a_checksum(key: &str) -> bool {
    split(key).last().is_some_and(|word| listed(CHECKSUM, word.as_str()))
}

fn listed(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|one| one == word)
}

fn is_secret(words: &[String]) -> bool {
    words.iter().any(|word| is_secret_word(word))
        || words.last().is_some_and(|word| listed(SECRET_LAST, without_number(word)))
        || names_a_key(words)
}

/// Whether the key speaks of a quantity or a switch, and the value is one.
fn is_quantity_of(words: &[String], value: &[u8]) -> bool {
    const PASSWORD_DIGITS_MAX: usize = 3;
    let Ok(text) = std::str::from_utf8(value).map(str::trim) else {
        return false;
    };
    let password = names_a_password(words);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let (before, after) = around_secret(words);
    let amount = is_quantity(text) && (!password || digits <= PASSWORD_DIGITS_MAX);
    any(before, SWITCH_BEFORE) && is_switch(text)
        || any(before, AMOUNT_BEFORE) && !password && is_quantity(text)
        || any(after, QUANTITY) && (is_switch(text) || amount)
}

/// The words before the last one that names a secret, and those after it.
fn around_secret(words: &[String]) -> (&[String], &[String]) {
    let names = |word: &String| is_secret_word(word) || matches!(without_number(word), "key" | "keys");
    let at = words.iter().rposition(names).unwrap_or(words.len().saturating_sub(1));
    (&words[..at], &words[at..])
}

fn any(words: &[String], list: &str) -> bool {
    words.iter().any(|word| listed(list, word))
}

fn names_a_password(words: &[String]) -> bool {
    let ends = |word: &str| PASSWORD_END.split_ascii_whitespace().any(|end| word.ends_with(end));
    words.iter().any(|word| ends(without_number(word)))
}

/// A word without the number at its end: `pass1` is `pass`.
fn without_number(word: &str) -> &str {
    word.trim_end_matches(|c: char| c.is_ascii_digit())
}

fn is_secret_word(word: &str) -> bool {
    const NOT: &[&str] = &["bypass", "compass"];
    let word = without_number(word);
    if NOT.contains(&word) {
        return false;
    }
    is_listed_secret(word) || word.contains("password") && word != "passwordless"
}

fn is_listed_secret(word: &str) -> bool {
    let word = without_number(word);
    hint::is_suspect(word.as_bytes()) && is_in_lists(word)
}

fn is_in_lists(word: &str) -> bool {
    listed(SECRET, word) || SECRET_END.split_ascii_whitespace().any(|end| word.ends_with(end))
}

/// `…_KEY` is a secret unless the word before says otherwise; `KEY` alone says
/// nothing; `KEY` in the middle belongs to what follows (`KEY_PREFIX`).
fn names_a_key(words: &[String]) -> bool {
    let is_key = |word: &String| matches!(without_number(word), "key" | "keys");
    let at_end = |rest: &[String]| {
        rest.iter().all(|word| word.bytes().all(|b| b.is_ascii_digit()) || word == "base" || word == "id")
    };
    words.iter().enumerate().skip(1).any(|(at, word)| {
        let before = without_number(&words[at - 1]);
        let strong =
            ["api", "private", "access", "secret", "signing", "encryption", "auth", "master"].contains(&before);
        is_key(word)
            && !listed(HARMLESS_BEFORE_KEY, before)
            && (strong || at_end(&words[at + 1..]) && words.last().is_none_or(|w| w != "id"))
    })
}

/// Identifiers that are half of a credential: AWS access key ids, AppRole
/// secret ids.
fn is_secret_id(words: &[String]) -> bool {
    let access = words.iter().any(|word| word == "access");
    words.windows(2).any(|pair| pair[1] == "id" && (pair[0] == "secret" || pair[0] == "key" && access))
}

fn is_switch(text: &str) -> bool {
    const SWITCHES: &[&str] = &[
        "", "true", "false", "yes", "no", "on", "off", "enabled", "disabled", "none", "never", "always", "auto",
        "null", "0", "1",
    ];
    SWITCHES.contains(&text.to_ascii_lowercase().as_str())
}

/// A number with an optional unit or list of such: `30`, `1.5h`, `1h30m`,
/// `8-64`, `1_000`.
fn is_quantity(text: &str) -> bool {
    const UNIT_LETTERS_MAX: usize = 8;
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+' | b' ' | b',' | b'%' | b'/');
    text.bytes().all(known)
        && (1..=10).contains(&digits)
        && letters <= UNIT_LETTERS_MAX
        && text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+')
        && longest_letters(text) <= UNIT_LETTERS_MAX.min(7)
        && alternations(text) <= 6
}

fn longest_letters(text: &str) -> usize {
    text.split(|c: char| !c.is_ascii_alphabetic()).map(str::len).max().unwrap_or(0)
}

fn alternations(text: &str) -> usize {
    text.as_bytes().windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count()
}

fn is_auth_method(value: &[u8]) -> bool {
    const METHODS: &[&str] = &[
        "basic",
        "digest",
        "bearer",
        "oauth",
        "oauth2",
        "ldap",
        "oidc",
        "saml",
        "jwt",
        "token",
        "password",
        "plain",
        "login",
        "cram-md5",
        "md5",
        "scram-sha-256",
        "scram-sha-1",
        "scram-sha-512",
        "trust",
        "peer",
        "ident",
        "cert",
        "kerberos",
        "gssapi",
        "ntlm",
        "mtls",
        "tls",
        "local",
        "internal",
        "external",
        "anonymous",
        "required",
        "optional",
    ];
    let Ok(text) = std::str::from_utf8(value) else {
        return false;
    };
    let text = text.trim();
    is_switch(text) || METHODS.contains(&text.to_ascii_lowercase().as_str())
}

/// Whether the value has the form that the last word of the key announces.
fn is_about(last: &str, value: &[u8]) -> bool {
    const NAME_BYTES_MAX: usize = 64;
    let Ok(text) = std::str::from_utf8(value) else {
        return false;
    };
    if super::looks(value).is_some() {
        return false;
    }
    let text = text.trim();
    match last {
        "path" | "file" | "dir" | "directory" => text.is_empty() || text.contains('/') || text.contains(":\\"),
        "url" | "uri" | "endpoint" => text.is_empty() || text.contains("://") || text.starts_with('/') || is_host(text),
        "host" | "hostname" | "server" | "domain" => is_host(text),
        _ => {
            text.len() <= NAME_BYTES_MAX
                && text.chars().all(|c| c.is_ascii_alphanumeric() || " _-.:/,@+".contains(c))
                && is_wordy(text)
        }
    }
}

fn is_host(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[],/".contains(c))
        && (text.is_empty() || text.contains('.') || is_wordy(text))
}

/// Words and numbers, not a mixture of them: `web-1`, `RS256`, not `h4Xo9k2`.
fn is_wordy(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric()).all(|word| {
        let head = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let tail = head.trim_start_matches(|c: char| c.is_ascii_digit());
        tail.is_empty() || word.len() <= 4
    })
}

/// The words of a key in lower case, split at everything that is not a letter
/// or digit and where a camel has its humps.
pub(super) fn split(key: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = key.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| chars[at]);
        let after = chars.get(at + 1);
        let hump = c.is_uppercase()
            && before.is_some_and(|b| {
                b.is_lowercase() || b.is_numeric() || b.is_uppercase() && after.is_some_and(|a| a.is_lowercase())
            });
        if (hump || !c.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}
