//! What a filesystem's kind means for watching: whether its files may be read,
//! and whether the kernel tells of every change.
//!
//! Numbers are those of statfs(2) and `linux/magic.h`.

/// What to expect of a filesystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilesystemKind {
    /// Changes are announced.
    Local,
    /// Changes may happen elsewhere, unannounced: polled as well.
    Remote(&'static str),
    /// Not files but windows into the kernel: never read.
    Pseudo(&'static str),
}

impl FilesystemKind {
    /// The kind of a filesystem with that magic number. An unknown one is
    /// taken for remote: polling it costs little, trusting it could lose a
    /// change.
    #[must_use]
    pub fn of(magic: u64) -> Self {
        match magic {
            0xef53 | 0x5846_5342 | 0x9123_683e | 0xf2f5_2010 | 0x0102_1994 | 0x8584_58f6 | 0x2fc1_2fc1
            | 0xca45_1a4e | 0x4d44 | 0x3153_464a | 0x5265_4973 | 0x7366_746e | 0x2011_bab0 | 0xe0f5_e1e2 => Self::Local,
            0x6969 => Self::Remote("NFS"),
            0xff53_4d42 | 0xfe53_4d42 | 0x517b => Self::Remote("SMB"),
            0x6573_5546 => Self::Remote("FUSE"),
            0x0102_1997 => Self::Remote("9p"),
            0x794c_7630 => Self::Remote("overlayfs"),
            0x00c3_6400 => Self::Remote("Ceph"),
            0x5346_414f => Self::Remote("AFS"),
            0x9fa0 => Self::Pseudo("/proc"),
            0x6265_6572 => Self::Pseudo("sysfs"),
            0x6462_6720 => Self::Pseudo("debugfs"),
            0x7472_6163 => Self::Pseudo("tracefs"),
            0x6367_7270 | 0x0027_e0eb => Self::Pseudo("cgroup"),
            0xcafe_4a11 => Self::Pseudo("bpf"),
            0x7363_6673 => Self::Pseudo("securityfs"),
            0xf97c_ff8c => Self::Pseudo("selinuxfs"),
            0x1cd1 => Self::Pseudo("devpts"),
            0xde5e_81e4 => Self::Pseudo("efivarfs"),
            _ => Self::Remote("a filesystem unknown to driftline"),
        }
    }

    /// The kind of the filesystem that an open file is on.
    #[must_use]
    pub fn of_file(file: impl std::os::fd::AsFd) -> Self {
        Self::of_statfs(rustix::fs::fstatfs(file))
    }

    /// The kind of the filesystem that a path is on.
    #[must_use]
    pub fn of_path(path: &std::path::Path) -> Self {
        Self::of_statfs(rustix::fs::statfs(path))
    }

    fn of_statfs(found: rustix::io::Result<rustix::fs::StatFs>) -> Self {
        match found.map(|found| u64::try_from(found.f_type)) {
            Ok(Ok(magic)) => Self::of(magic & 0xffff_ffff),
            _ => Self::Remote("a filesystem unknown to driftline"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart() {
        assert_eq!(FilesystemKind::of(0xef53), FilesystemKind::Local);
        assert_eq!(FilesystemKind::of(0x6969), FilesystemKind::Remote("NFS"));
        assert_eq!(FilesystemKind::of(0x794c_7630), FilesystemKind::Remote("overlayfs"));
        assert!(matches!(FilesystemKind::of(0x1234_5678), FilesystemKind::Remote(_)));
    }

    #[test]
    fn proc_is_not_files() {
        assert_eq!(FilesystemKind::of_path("/proc/self".as_ref()), FilesystemKind::Pseudo("/proc"));
    }
}
