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

/// Options that are on when they are `1` and off whatever else they are.
const SWITCHES: &[&str] =
    &["compat_realm", "delegate_ident_mapping", "include_realm", "ldaptls", "pam_use_hostname", "upn_username"];

/// Options whose values are passwords.
const SECRETS: &[&str] = &["ldapbindpasswd", "radiussecrets"];

/// Options by name; of several with one name the last counts.
pub(super) type Options = BTreeMap<&'static str, Vec<u8>>;

/// Reads the options of a method.
///
/// # Errors
/// Why the server would refuse them. No value is part of that.
pub(super) fn read<'a>(words: impl Iterator<Item = &'a Word>, method: &str) -> Result<Options, String> {
    let mut options = Options::new();
    for word in words {
        let equals = word.text.iter().position(|&b| b == b'=');
        let equals = equals.ok_or("an option is not of the form `name=value`")?;
        let found = OPTIONS.iter().find(|(name, _)| name.as_bytes() == &word.text[..equals]);
        let (name, methods) = found.ok_or("the server knows no option of that name")?;
        if !methods.is_empty() && !methods.contains(&method) {
            return Err(format!("`{name}` is no option of `{method}`"));
        }
        let value = &word.text[equals + 1..];
        let value = match (SWITCHES.contains(name), value) {
            (true, b"1") => b"1",
            (true, _) => b"0".as_slice(),
            (false, value) => value,
        };
        options.insert(name, value.to_vec());
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
            Word { text: value.clone(), quoted: false }.write(text, &[]);
        }
    }
}

#[cfg(test)]
mod tests;
