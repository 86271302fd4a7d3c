//! docs/benchmarks.md: the machine, the tables, what a person remarked, and how
//! to measure again.
//!
//! It keeps the remarks of the page that it replaces: they are written by hand.

use driftline_daemon::clock;

use crate::table::{Section, markdown};

/// Everything below this line, up to the next heading of the page's own, is
/// kept from run to run.
const REMARKS: &str = "<!-- remarks: written by hand, kept by tests/bench/run -->";

const END_OF_REMARKS: &str = "<!-- end of remarks -->";

/// When and on what.
#[derive(Debug, Clone)]
pub(crate) struct About {
    machine: String,
    load: String,
    date: String,
    quick: bool,
}

impl About {
    /// Of this run.
    pub(crate) fn now(machine: String, load: String, quick: bool) -> Self {
        let date = clock::format_ms(clock::now_ms());
        Self { machine, load, date: date.split('T').next().unwrap_or_default().to_owned(), quick }
    }
}

/// The remarks in an earlier page.
pub(crate) fn remarks_of(page: &str) -> String {
    let after = page.split_once(REMARKS).map_or("", |(_, rest)| rest);
    after.split(END_OF_REMARKS).next().unwrap_or_default().trim().to_owned()
}

/// The whole page.
pub(crate) fn page(about: &About, sections: &[Section], remarks: &str) -> String {
    let About { machine, load, date, quick } = about;
    let quick = if *quick { " A quick run: not for comparing." } else { "" };
    let tables = markdown(sections);
    format!(
        "# Benchmarks

Measured on {date} by `tests/bench/run`: {machine}; load {load} when it began.{quick}

Each number stands beside a peer or a limit that was measured in the same run on
the same machine, with the ratio, and beside its budget. Times are wall clock;
`p50 / p99` are nearest-rank percentiles. Collector, agents, simulated agents
and the webhook's receiver share the machine's cores, over TLS 1.3 on loopback.
Memory is `VmRSS` and processor time the scheduler's, each of a process and of
the children that it has started (the agent runs `nft -j monitor`) together.

{tables}## Remarks

{REMARKS}

{remarks}

{END_OF_REMARKS}

## Again

```sh
tests/bench/run                        # all of it, rewrites this page
tests/bench/run --quick                # shorter, prints only
tests/bench/run --only latency,burst   # some rows, prints only
```

It builds with `--release`, installs inotify-tools, aide and openssl from Debian
when it runs as root, listens on loopback only, and leaves nothing behind.
"
    )
}

#[cfg(test)]
mod tests;
