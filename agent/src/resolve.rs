//! Follows a path link by link, as path_resolution(7) does, and remembers every
//! place where a change would lead elsewhere.
//!
//! It opens nothing and reads no content; a loop or an endless chain ends after
//! as many links as the kernel allows.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

/// Links that one path may lead through (`MAXSYMLINKS` of the kernel).
pub const LINKS_MAX: usize = 40;

/// A name in a directory: the place where an event would be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// The directory, free of links.
    pub dir: PathBuf,
    /// The name in it.
    pub name: OsString,
}

/// Where a path led.
#[derive(Debug)]
pub enum End {
    /// To something that is there.
    Found {
        /// Its path, free of links.
        real: PathBuf,
        /// What it is.
        stat: Box<Stat>,
    },
    /// To a name that is not there.
    Missing,
    /// In circles, or through more than [`LINKS_MAX`] links.
    Loop,
    /// Through something that is no directory.
    NotADirectory,
    /// To where the kernel says no.
    Failed(Errno),
}

/// A path, followed.
#[derive(Debug)]
pub struct Resolution {
    /// Links on the way, and the name that is missing, in order.
    pub hops: Vec<Hop>,
    /// Who owns the links on the way.
    pub owners: Vec<u32>,
    /// Where it led.
    pub end: End,
}

/// Follows an absolute path.
#[must_use]
pub fn resolve(path: &Path) -> Resolution {
    let mut walk = Walk { real: PathBuf::from("/"), ahead: VecDeque::new(), hops: Vec::new(), owners: Vec::new() };
    walk.prepend(path);
    let end = walk.run();
    Resolution { hops: walk.hops, owners: walk.owners, end }
}

/// The owner of a link who could make the agent read what is not theirs: not
/// root, not the agent, not the owner of what it leads to.
#[must_use]
pub fn stranger(owners: &[u32], target: u32) -> Option<u32> {
    let own = rustix::process::geteuid().as_raw();
    owners.iter().copied().find(|owner| ![0, own, target].contains(owner))
}

struct Walk {
    real: PathBuf,
    ahead: VecDeque<OsString>,
    hops: Vec<Hop>,
    owners: Vec<u32>,
}

impl Walk {
    fn prepend(&mut self, path: &Path) {
        for part in path.components().rev() {
            match part {
                Component::Normal(name) => self.ahead.push_front(name.to_owned()),
                Component::ParentDir => self.ahead.push_front("..".into()),
                Component::RootDir => self.real = PathBuf::from("/"),
                Component::CurDir | Component::Prefix(_) => {}
            }
        }
    }

    fn run(&mut self) -> End {
        while let Some(name) = self.ahead.pop_front() {
            if name == ".." {
                self.real.pop();
                continue;
            }
            if let Some(end) = self.step(&name) {
                return end;
            }
        }
        // The path was `/`, or ended with `..`.
        match rustix::fs::lstat(&self.real) {
            Ok(stat) => End::Found { real: self.real.clone(), stat: Box::new(stat) },
            Err(error) => End::Failed(error),
        }
    }

    fn step(&mut self, name: &OsStr) -> Option<End> {
        let candidate = self.real.join(name);
        let stat = match rustix::fs::lstat(&candidate) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => {
                self.hop(name);
                return Some(End::Missing);
            }
            Err(Errno::NOTDIR) => return Some(End::NotADirectory),
            Err(error) => return Some(End::Failed(error)),
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => self.follow(name, &candidate, stat.st_uid),
            FileType::Directory => {
                self.real = candidate;
                None
            }
            _ if self.ahead.is_empty() => Some(End::Found { real: candidate, stat: Box::new(stat) }),
            _ => {
                self.hop(name);
                Some(End::NotADirectory)
            }
        }
    }

    fn follow(&mut self, name: &OsStr, link: &Path, owner: u32) -> Option<End> {
        self.hop(name);
        self.owners.push(owner);
        if self.owners.len() > LINKS_MAX {
            return Some(End::Loop);
        }
        match rustix::fs::readlink(link, Vec::new()) {
            Ok(target) => {
                self.prepend(Path::new(&OsString::from_vec(target.into_bytes())));
                None
            }
            Err(error) => Some(End::Failed(error)),
        }
    }

    fn hop(&mut self, name: &OsStr) {
        let hop = Hop { dir: self.real.clone(), name: name.to_owned() };
        if !self.hops.contains(&hop) {
            self.hops.push(hop);
        }
    }
}

#[cfg(test)]
mod tests;
