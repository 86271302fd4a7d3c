//! The `name=value` pairs at the end of a rule of `pg_hba.conf`.
//!
//! Their order means nothing. Which of them a method needs is the server's
//! business; which it refuses is a problem here.

use std::collections::BTreeMap;

use crate::display::MASK;
use crate::format::postgres::auth::word::Word;

/// Methods that know an option.
type Methods = &'static [&'static str];

const LDAP: Methods = &["ldap"];
const RADIUS: Methods = &["radius"];
const GSS: Methods = &["gss", "sspi"];
const OAUTH: Methods = &["oauth"];

/// Options with the methods that know them; none stands for all.
const OPTIONS: &[(&str, Methods)] = &[
    ("clientcert", &[]),
    ("clientname", &[]),
    ("compat_realm", &["sspi"]),
    ("delegate_ident_mapping", OAUTH),
    ("include_realm", GSS),
    ("issuer", OAUTH),
    ("krb_realm", GSS),
    ("ldapbasedn", LDAP),
    ("ldapbinddn", LDAP),
    ("ldapbindpasswd", LDAP),
    ("ldapport", LDAP),
    ("ldapprefix", LDAP),
    ("ldapscheme", LDAP),
    ("ldapsearchattribute", LDAP),
    ("ldapsearchfilter", LDAP),
    ("ldapserver", LDAP),
    ("ldapsuffix", LDAP),
    ("ldaptls", LDAP),
    ("ldapurl", LDAP),
    ("map", &["ident", "peer", "gss", "sspi", "cert", "oauth"]),
    ("pam_use_hostname", &["pam"]),
    ("pamservice", &["pam"]),
    ("radiusidentifiers", RADIUS),
    ("radiusports", RADIUS),
    ("radiussecrets", RADIUS),
    ("radiusservers", RADIUS),
    ("scope", OAUTH),
    ("upn_username", &["sspi"]),
    ("validator", OAUTH),
];

/// Options that are on when they are `1` and off whatever else they are, with
/// what they are when they are not there.
const SWITCHES: &[(&str, bool)] = &[
    ("compat_realm", true),
    ("delegate_ident_mapping", false),
    ("include_realm", true),
    ("ldaptls", false),
    ("pam_use_hostname", false),
    ("upn_username", false),
];

/// Options about the certificate of a client, which only `hostssl` has.
const CERTIFICATE: &[&str] = &["clientcert", "clientname"];

/// Options whose values are passwords.
const SECRETS: &[&str] = &["ldapbindpasswd", "radiussecrets"];

/// Options by name; of several with one name the last counts.
pub(super) type Options = BTreeMap<&'static str, Vec<u8>>;

/// Reads the options of a method over a type of connection. What says no more
/// than leaving it out is left out.
///
/// # Errors
/// Why the server would refuse them. No value is part of that.
pub(super) fn read<'a>(words: impl Iterator<Item = &'a Word<'a>>, kind: &str, method: &str) -> Result<Options, String> {
    let mut options = Options::new();
    for word in words {
        let equals = word.text.iter().position(|&b| b == b'=');
        let equals = equals.ok_or("an option is not of the form `name=value`")?;
        let found = OPTIONS.iter().find(|(name, _)| name.as_bytes() == &word.text[..equals]);
        let (name, methods) = *found.ok_or("the server knows no option of that name")?;
        if !methods.is_empty() && !methods.contains(&method) {
            return Err(format!("`{name}` is no option of `{method}`"));
        }
        if CERTIFICATE.contains(&name) && kind != "hostssl" {
            return Err(format!("`{name}` is for `hostssl` alone"));
        }
        let value = &word.text[equals + 1..];
        match SWITCHES.iter().find(|(switch, _)| *switch == name) {
            Some((_, default)) if *default == (value == b"1") => drop(options.remove(name)),
            Some((_, default)) => drop(options.insert(name, if *default { b"0".to_vec() } else { b"1".to_vec() })),
            None if (method, name, value) == ("cert", "clientcert", b"verify-full") => drop(options.remove(name)),
            None => drop(options.insert(name, value.to_vec())),
        }
    }
    Ok(options)
}

/// Appends the options in the order of their names.
pub(super) fn write(text: &mut Vec<u8>, options: &Options, masked: bool) {
    for (name, value) in options {
        text.push(b' ');
        text.extend_from_slice(name.as_bytes());
        text.push(b'=');
        if masked && SECRETS.contains(name) {
            text.extend_from_slice(MASK.as_bytes());
        } else if !value.is_empty() {
            Word { text: value.into(), quoted: false }.write(text, &[]);
        }
    }
}

#[cfg(test)]
mod tests;
