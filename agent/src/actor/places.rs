//! Where evidence is wanted, and where there is a source of it: directories that
//! the watch stage hears of, and those that the sources of evidence cover.
//!
//! It watches nothing itself.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::audit::rule::Rule;
use super::bell::Bell;

/// Directories; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Places(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    /// Wanted, and whether somebody has taken note of it since it is.
    wanted: HashMap<PathBuf, bool>,
    unwanted: Vec<PathBuf>,
    bell: Option<Bell>,
    /// Somebody hears of it without covering anything: audit, by rules of others.
    heard: bool,
    /// How often fanotify was asked to tell all that it has.
    asked: u64,
    /// Covered by fanotify.
    marked: HashSet<PathBuf>,
    /// Covered by rules of ours.
    rules: Vec<Rule>,
    /// Audit tells of changes of the packet filter.
    filter: bool,
}

/// What is new.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Directories to be covered; again, if another one is at the path.
    pub wanted: Vec<PathBuf>,
    /// No longer.
    pub unwanted: Vec<PathBuf>,
}

impl Places {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Evidence is wanted of what happens in a directory.
    pub fn want(&self, dir: &Path) {
        let mut inner = self.lock();
        if inner.bell.is_some() || inner.heard {
            inner.wanted.insert(dir.to_owned(), false);
        }
        inner.bell.iter().for_each(Bell::ring);
    }

    /// No longer.
    pub fn release(&self, dir: &Path) {
        let mut inner = self.lock();
        if inner.wanted.remove(dir).is_some() {
            inner.marked.remove(dir);
            if let Some(bell) = inner.bell.clone() {
                inner.unwanted.push(dir.to_owned());
                bell.ring();
            }
        }
    }

    /// Whoever covers directories is rung for when there is news.
    pub(super) fn tell(&self, bell: Bell) {
        self.lock().bell = Some(bell);
    }

    /// Nobody covers directories any more.
    pub(super) fn deaf(&self) {
        let mut inner = self.lock();
        inner.bell = None;
        inner.marked = HashSet::new();
        if !inner.heard {
            inner.wanted = HashMap::new();
        }
    }

    /// Somebody hears of what happens, wherever rules of others are.
    pub(super) fn hears(&self) {
        self.lock().heard = true;
    }

    /// Asks fanotify to tell all that it has; the number of the request.
    #[must_use]
    pub fn ask(&self) -> u64 {
        let mut inner = self.lock();
        inner.asked += 1;
        inner.bell.iter().for_each(Bell::ring);
        inner.asked
    }

    /// The number of the last request.
    pub(super) fn asked(&self) -> u64 {
        self.lock().asked
    }

    /// Whether fanotify would tell who changes a file.
    #[must_use]
    pub fn is_marked(&self, file: &Path) -> bool {
        file.parent().is_some_and(|dir| self.lock().marked.contains(dir))
    }

    /// What is new since the last call.
    pub(super) fn news(&self) -> News {
        let mut inner = self.lock();
        let fresh = inner.wanted.iter_mut().filter(|(_, noted)| !**noted);
        let wanted = fresh.map(|(dir, noted)| {
            *noted = true;
            dir.clone()
        });
        let wanted = wanted.collect();
        News { wanted, unwanted: std::mem::take(&mut inner.unwanted) }
    }

    /// A directory is covered by fanotify, or is not.
    pub(super) fn marked(&self, dir: &Path, covered: bool) {
        let mut inner = self.lock();
        if covered && inner.wanted.contains_key(dir) {
            inner.marked.insert(dir.to_owned());
        } else {
            inner.marked.remove(dir);
        }
    }

    /// How many directories fanotify covers.
    #[must_use]
    pub fn marks(&self) -> usize {
        self.lock().marked.len()
    }

    /// What rules of ours cover, and whether audit tells of the packet filter.
    pub(crate) fn audited(&self, rules: Vec<Rule>, filter: bool) {
        let mut inner = self.lock();
        inner.rules = rules;
        inner.filter = filter;
    }

    /// Whether rules of ours would tell who changes a file.
    #[must_use]
    pub fn is_audited(&self, file: &Path) -> bool {
        self.lock().rules.iter().any(|rule| rule.covers(file))
    }

    /// Whether a directory is one of which evidence is wanted.
    #[must_use]
    pub fn is_wanted(&self, dir: &Path) -> bool {
        self.lock().wanted.contains_key(dir)
    }

    /// Whether somebody would tell who changes the packet filter.
    #[must_use]
    pub fn covers_filter(&self) -> bool {
        self.lock().filter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_would_cover_is_not_kept() {
        let places = Places::default();
        places.want(Path::new("/etc"));
        assert_eq!(places.news(), News::default());
        assert!(!places.is_marked(Path::new("/etc/hosts")));
    }

    #[test]
    fn what_audit_hears_of_is_kept_without_fanotify() {
        let places = Places::default();
        places.hears();
        places.want(Path::new("/etc"));
        assert!(places.is_wanted(Path::new("/etc")));
        places.deaf();
        assert!(places.is_wanted(Path::new("/etc")), "fanotify has ended, audit has not");
        places.release(Path::new("/etc"));
        assert!(!places.is_wanted(Path::new("/etc")) && places.news() == News::default());
    }

    #[test]
    fn news_are_told_once_and_again_when_the_directory_is_another_one() {
        let places = Places::default();
        let bell = Bell::new().unwrap();
        places.tell(bell.clone());
        places.want(Path::new("/a"));
        places.want(Path::new("/a"));
        assert!(bell.wait(&[], None).unwrap().rung);
        assert_eq!(places.news().wanted, [PathBuf::from("/a")]);
        assert_eq!(places.news(), News::default());
        places.marked(Path::new("/a"), true);
        assert!(places.is_marked(Path::new("/a/x")) && !places.is_marked(Path::new("/a/b/x")));
        places.want(Path::new("/a"));
        assert_eq!(places.news().wanted, [PathBuf::from("/a")]);
        places.release(Path::new("/a"));
        assert_eq!(places.news().unwanted, [PathBuf::from("/a")]);
        assert!(!places.is_marked(Path::new("/a/x")));
        places.marked(Path::new("/a"), true);
        assert_eq!(places.marks(), 0, "what nobody wants is not covered");
    }

    #[test]
    fn rules_cover_files_and_trees() {
        let places = Places::default();
        places.audited(vec![Rule::File("/etc/a".into()), Rule::Tree("/srv".into())], true);
        assert!(places.is_audited(Path::new("/etc/a")) && places.is_audited(Path::new("/srv/x/y")));
        assert!(!places.is_audited(Path::new("/etc/b")) && places.covers_filter());
    }
}
