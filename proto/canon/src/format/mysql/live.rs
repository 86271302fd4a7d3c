//! Global variables of a running server as settings.
//!
//! Leaves out what is no setting: it moves by itself, or it is built in.

use super::option;
use super::options::is_secret;
use crate::Place;
use crate::format::Reading;
use crate::format::gather::{Gather, text};

/// Variables that say how far the server is, not how it is set.
const MOVING: &[&str] = &[
    // Positions in the stream of replication.
    "gtid_binlog_pos",
    "gtid_binlog_state",
    "gtid_current_pos",
    "gtid_executed",
    "gtid_owned",
    "gtid_purged",
    "gtid_slave_pos",
    "wsrep_start_position",
    // Of a session, and shown as global all the same.
    "error_count",
    "identity",
    "in_transaction",
    "insert_id",
    "last_gtid",
    "last_insert_id",
    "pseudo_thread_id",
    "rand_seed1",
    "rand_seed2",
    "timestamp",
    "warning_count",
    // Orders to the server, off again once they are carried out.
    "innodb_buf_flush_list_now",
    "innodb_buffer_pool_dump_now",
    "innodb_buffer_pool_load_abort",
    "innodb_buffer_pool_load_now",
    "innodb_log_checkpoint_now",
    "keyring_operations",
    // Which machine and data directory this is, different everywhere.
    "hostname",
    "pid_file",
    "server_uid",
    "server_uuid",
];

/// Built in: an upgrade changes them, nobody sets them.
const BUILT_IN: &[&str] = &[
    "license",
    "protocol_version",
    "version",
    "version_comment",
    "version_compile_machine",
    "version_compile_os",
    "version_compile_zlib",
    "version_malloc_library",
    "version_source_revision",
    "version_ssl_library",
];

/// Whether a variable says how far the server is, not how it is set.
pub(in crate::format) fn moves(name: &[u8]) -> bool {
    MOVING.iter().any(|moving| moving.as_bytes().eq_ignore_ascii_case(name))
}

/// The variables as options of a group.
pub(in crate::format) fn read<'a>(group: &str, variables: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Reading {
    let mut gather = Gather::new();
    for (name, value) in variables {
        let lower = String::from_utf8_lossy(name).to_ascii_lowercase();
        if moves(name) || BUILT_IN.contains(&lower.as_str()) {
            continue;
        }
        let found = option::canonical(name, Some(value));
        let key = format!("{group}.{}", found.name);
        let set = if is_secret(&found.name) { Gather::set_secret } else { Gather::set_quietly };
        set(&mut gather, key.as_bytes(), text(found.value), Place { line: 0, column: 1 });
    }
    gather.finish(b"")
}
