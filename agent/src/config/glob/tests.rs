//! Globs against a matcher that is too simple to be wrong.

use proptest::prelude::*;

use super::*;

/// `*` and `?` within one name, by trying everything.
fn name_fits(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => name_fits(rest, name) || (!name.is_empty() && name_fits(pattern, &name[1..])),
        (Some((b'?', rest)), Some((_, behind))) => name_fits(rest, behind),
        (Some((one, rest)), Some((other, behind))) => one == other && name_fits(rest, behind),
        _ => false,
    }
}

fn component_fits(pattern: &str, name: &str) -> bool {
    let hidden = name.starts_with('.') && !pattern.starts_with('.');
    !hidden && name_fits(pattern.as_bytes(), name.as_bytes())
}

/// A path, by trying everything.
fn path_fits(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), next) => {
            path_fits(rest, path)
                || next.is_some_and(|(name, behind)| !name.starts_with('.') && path_fits(pattern, behind))
        }
        (Some((one, rest)), Some((name, behind))) => component_fits(one, name) && path_fits(rest, behind),
        _ => false,
    }
}

fn glob(path: &str) -> Glob {
    Glob::parse(Path::new(path)).unwrap().unwrap()
}

proptest! {
    #[test]
    fn a_glob_means_what_trying_everything_means(
        pattern in prop::collection::vec(prop_oneof![3 => "[ab.?*]{1,4}", 1 => Just("**".to_owned())], 0..4),
        path in prop::collection::vec("[ab.]{1,4}", 1..5),
    ) {
        // `**` alone between slashes and never last; `.` and `..` are no names.
        let pattern: Vec<&str> = pattern.iter().map(String::as_str).filter(|one| *one == "**" || !one.contains("**")).collect();
        let pattern = [&["s*"][..], &pattern, &["*b"]].concat();
        let path: Vec<&str> = std::iter::once("sa").chain(path.iter().map(String::as_str)).collect();
        prop_assume!(pattern.iter().chain(&path).all(|name| ![".", ".."].contains(name)));
        let (written, asked) = (format!("/etc/{}", pattern.join("/")), format!("/etc/{}", path.join("/")));
        prop_assert_eq!(glob(&written).matches(Path::new(&asked)), path_fits(&pattern, &path), "{} {}", written, asked);
    }

    #[test]
    fn a_path_without_wildcards_is_no_glob(path in prop::collection::vec("[a-z.]{1,8}", 1..6)) {
        let path = format!("/{}", path.join("/"));
        prop_assert!(Glob::parse(Path::new(&path)).unwrap().is_none());
    }

    #[test]
    fn nothing_that_is_written_panics(path in "/[ -~]{0,40}") {
        if let Ok(Some(glob)) = Glob::parse(Path::new(&path)) {
            _ = glob.matches(Path::new("/a/b/c"));
            prop_assert!(!glob.components.is_empty() && glob.base.is_absolute());
        }
    }
}

#[test]
fn the_fixed_part_ends_before_the_first_wildcard() {
    for (written, base, components) in
        [("/etc/*.env", "/etc", 1), ("/srv/*/conf/app.env", "/srv", 3), ("/*", "/", 1), ("/a/b/{c,d}/e", "/a/b", 2)]
    {
        let glob = glob(written);
        assert_eq!((glob.base.as_path(), glob.components.len()), (Path::new(base), components), "{written}");
        assert_eq!(glob.to_string(), written);
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_the_path() {
    let deep = format!("/*{}", "/a".repeat(COMPONENTS_MAX));
    for (written, says) in [
        ("/etc/[a", "is not a pattern"),
        ("/etc/{a", "is not a pattern"),
        ("/etc/a**", "stands alone between slashes"),
        ("/etc/**", "write `**/*`"),
        (deep.as_str(), "more than 64 components"),
    ] {
        let error = Glob::parse(Path::new(written)).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains(&format!("`{written}`")), "{error}");
    }
}

#[test]
fn a_backslash_takes_the_next_character_as_it_is() {
    assert!(glob(r"/etc/\*?.env").matches(Path::new("/etc/*a.env")));
    assert!(!glob(r"/etc/\*?.env").matches(Path::new("/etc/xa.env")));
}
