//! Every limit of the canonical form, with the reason for its number.
//!
//! Sender and receiver both assert them: the agent when it observes, the
//! collector when it admits.

/// Bytes of one watched file that are parsed. Configuration is written by
/// people; what is larger is watched by content alone.
pub const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Bytes of one line that a parser looks at. A longer one is a problem record,
/// because an operator could not read it either.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;

/// Items of one source. Larger than any configuration seen, small enough for
/// one observation to stay in memory while it is compared.
pub const ITEMS_MAX: usize = 100_000;

/// Bytes of one item key after escaping. POSIX names no limit; 1 KiB is above
/// every nested path seen in real configuration.
pub const KEY_BYTES_MAX: usize = 1024;

/// Bytes of one display text. Enough for a connection string; the digest
/// covers the rest.
pub const DISPLAY_BYTES_MAX: usize = 512;

/// Bytes of a name (environment, role, host, source). A host name may have 253
/// (RFC 1035); a source of a glob carries its relative path.
pub const NAME_BYTES_MAX: usize = 512;

/// Bytes of an agent id. A UUID has 36; the collector's own are shorter.
pub const AGENT_ID_BYTES_MAX: usize = 64;

/// Problems that one reading reports; the last one says how many more there
/// were. A file of garbage must not become a flood of records.
pub const PROBLEMS_MAX: usize = 100;

/// Bytes of a problem's reason or excerpt.
pub const PROBLEM_BYTES_MAX: usize = 512;

/// How deep interpolation may nest before it is left as a template. Compose
/// allows nesting; nobody writes more than three levels by hand.
pub const INTERPOLATION_DEPTH_MAX: usize = 16;

/// Bytes that resolving templates may produce per value: a chain of doublings
/// (`B=$A$A`, `C=$B$B` …) grows exponentially and stops here.
pub const RESOLVED_BYTES_MAX: usize = 64 * 1024;

/// Bytes that resolving templates may produce per file: as much as a file can
/// hold. A hundred thousand references to one long value stop here.
pub const RESOLVED_TOTAL_BYTES_MAX: usize = FILE_BYTES_MAX;

/// Bytes of the name of an included file, as it travels with each item. Paths
/// of configuration have fewer than a hundred, and 100,000 items with
/// one of this length still fit a record of the wire.
pub const FILE_NAME_BYTES_MAX: usize = 256;

/// How deep includes may nest. PostgreSQL and MySQL both stop at 10.
pub const INCLUDE_DEPTH_MAX: usize = 10;

/// Files that one source may include, directories counted file by file. Far
/// above every `conf.d` seen; a loop of wide directories stops here.
pub const INCLUDED_FILES_MAX: usize = 1000;

/// Bytes that one source may include: as much as the file itself may hold.
pub const INCLUDED_BYTES_MAX: usize = FILE_BYTES_MAX;

/// How deep a document (YAML, JSON, TOML, rule dumps) may nest. Parsers walk
/// it without recursion beyond this.
pub const NESTING_DEPTH_MAX: usize = 64;
