//! Directives that stand once: their names, and what their values mean.
//!
//! Knows which values are amounts or words; any other value is compared as it
//! stands.

use super::{Arguments, memory, split};

/// Directives that take an amount of memory.
const MEMORY: [&str; 12] = [
    "active-defrag-ignore-bytes",
    "auto-aof-rewrite-min-size",
    "client-query-buffer-limit",
    "hash-max-listpack-value",
    "hll-sparse-max-bytes",
    "maxmemory",
    "maxmemory-clients",
    "proto-max-bulk-len",
    "repl-backlog-size",
    "stream-node-max-bytes",
    "cluster-link-sendbuf-limit",
    "zset-max-listpack-value",
];

/// Directives that take yes or no, or one of some words, in any case.
const WORDS: &str = "acl-pubsub-default activedefrag activerehashing always-show-logo aof-disable-auto-gc aof-load-truncated \
    aof-rewrite-incremental-fsync aof-timestamp-enabled aof-use-rdb-preamble appendfsync appendonly \
    cluster-allow-pubsubshard-when-down cluster-allow-reads-when-down cluster-allow-replica-migration \
    cluster-enabled cluster-preferred-endpoint-type cluster-replica-no-failover cluster-require-full-coverage \
    crash-log-enabled crash-memcheck-enabled daemonize disable-thp dynamic-hz enable-debug-command \
    enable-module-command enable-protected-configs gopher-enabled io-threads-do-reads jemalloc-bg-thread \
    latency-tracking lazyfree-lazy-eviction lazyfree-lazy-expire lazyfree-lazy-server-del \
    lazyfree-lazy-user-del lazyfree-lazy-user-flush loglevel maxmemory-policy no-appendfsync-on-rewrite \
    oom-score-adj propagation-error-behavior protected-mode rdb-del-sync-files rdb-save-incremental-fsync \
    rdbchecksum rdbcompression repl-disable-tcp-nodelay repl-diskless-load repl-diskless-sync \
    replica-announced replica-ignore-disk-write-errors replica-ignore-maxmemory replica-lazy-flush \
    replica-read-only replica-serve-stale-data sanitize-dump-payload set-proc-title shutdown-on-sigint \
    shutdown-on-sigterm stop-writes-on-bgsave-error supervised syslog-enabled syslog-facility tls-auth-clients \
    tls-cluster tls-prefer-server-ciphers tls-replication tls-session-caching use-exit-on-panic";

/// Directives whose one quoted argument is taken apart like the line.
const SEVERAL: [&str; 6] = [
    "bind",
    "client-output-buffer-limit",
    "latency-tracking-info-percentiles",
    "oom-score-adj-values",
    "replicaof",
    "save",
];

/// Directives that are secrets whatever they look like.
const SECRETS: [&str; 5] =
    ["masterauth", "primaryauth", "requirepass", "tls-client-key-file-pass", "tls-key-file-pass"];

/// What Sentinel writes into its own file as it goes.
const SENTINELS_OWN: [&str; 8] = [
    "config-epoch",
    "current-epoch",
    "known-replica",
    "known-sentinel",
    "known-slave",
    "leader-epoch",
    "myid",
    "voted-leader",
];

/// The name that Redis has now for one that it had: replicas were slaves, lists
/// were packed otherwise.
pub(super) fn name(written: &str) -> String {
    let name = written.to_ascii_lowercase();
    match name.as_str() {
        "slaveof" => return "replicaof".to_owned(),
        "lua-time-limit" => return "busy-reply-threshold".to_owned(),
        _ if !name.contains("slave") && !name.contains("ziplist") => return name,
        _ => {}
    }
    let part = |part| match part {
        "slave" => "replica",
        "slaves" => "replicas",
        "ziplist" => "listpack",
        other => other,
    };
    name.split('-').map(part).collect::<Vec<_>>().join("-")
}

/// Whether Sentinel notes this for itself.
pub(super) fn is_sentinels_own(arguments: &Arguments) -> bool {
    let word = arguments.first().map(|word| word.to_ascii_lowercase());
    word.is_some_and(|word| SENTINELS_OWN.iter().any(|own| own.as_bytes() == word))
}

/// Whether the value is a secret by the grammar.
pub(super) fn is_secret(name: &str) -> bool {
    SECRETS.contains(&name)
}

/// `save "60 1"` is `save 60 1`.
pub(super) fn split_again(name: &str, arguments: Arguments) -> Arguments {
    match arguments.as_slice() {
        [only] if SEVERAL.contains(&name) && !only.is_empty() => split::arguments(only).unwrap_or(arguments),
        _ => arguments,
    }
}

/// The canonical value.
pub(super) fn value(name: &str, arguments: &Arguments) -> Vec<u8> {
    if let [only] = arguments.as_slice() {
        if let Some(amount) = memory::amount(only).filter(|_| MEMORY.contains(&name)) {
            return amount.into_bytes();
        }
        if WORDS.split_ascii_whitespace().any(|word| word == name) {
            return only.to_ascii_lowercase();
        }
        if is_secret(name) || only.is_empty() {
            return only.to_vec();
        }
    }
    split::joined(arguments.iter().map(|word| word.as_slice()))
}

#[cfg(test)]
mod tests;
