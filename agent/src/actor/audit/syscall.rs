//! Which system calls change a file or what is said of it: a rule of somebody
//! else may tell of every open, and a reader is nobody's author.
//!
//! Numbers are those of the kernel's `unistd.h` for `x86_64` and for the generic
//! table that `aarch64` and `riscv64` use. Of another architecture only what
//! rules of ours tell counts.

use super::record::Fields;

/// `AUDIT_ARCH_…` (`linux/audit.h`).
const X86_64: u64 = 0xc000_003e;
const AARCH64: u64 = 0xc000_00b7;
const RISCV64: u64 = 0xc000_00f3;

/// `O_WRONLY`, `O_RDWR`, `O_CREAT`, `O_TRUNC`, the same on all of them.
const OPENED_TO_CHANGE: u64 = 0o1 | 0o2 | 0o100 | 0o1000;

/// creat, truncate, rename, link, unlink, symlink, chmod, chown, xattr, mknod,
/// fallocate, mount and their kin.
const CHANGING_X86_64: [u64; 38] = [
    76, 77, 82, 84, 85, 86, 87, 88, 90, 91, 92, 93, 94, 133, 155, 165, 166, 188, 189, 190, 197, 198, 199, 259, 260,
    263, 264, 265, 266, 268, 285, 316, 429, 452, 463, 466, 469, 275,
];
const CHANGING_GENERIC: [u64; 27] =
    [5, 6, 7, 14, 15, 16, 33, 35, 36, 37, 38, 39, 40, 41, 45, 46, 47, 52, 53, 54, 55, 76, 276, 429, 452, 463, 466];

/// Whether a system call changes something, by its record.
#[must_use]
pub(super) fn changes(fields: Fields<'_>) -> bool {
    let (Some(arch), Some(call)) = (fields.hex("arch"), fields.number::<u64>("syscall")) else {
        return false;
    };
    let flags = |argument: &str| fields.hex(argument).is_some_and(|flags| flags & OPENED_TO_CHANGE != 0);
    match (arch, call) {
        (X86_64, 2) => flags("a1"),
        (X86_64, 257) | (AARCH64 | RISCV64, 56) => flags("a2"),
        (X86_64, call) => CHANGING_X86_64.contains(&call),
        (AARCH64 | RISCV64, call) => CHANGING_GENERIC.contains(&call),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
