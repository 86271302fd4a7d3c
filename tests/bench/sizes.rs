//! How large the programs are.

use std::path::Path;
use std::process::{Command, Stdio};

use driftline_tests::process::program;

use crate::Setup;
use crate::agent::shipped;
use crate::stats::bytes;
use crate::table::{Line, Section};

const AGENT_PACKED_MAX: u64 = 5_000_000;
const AGENT_MAX: u64 = 12_000_000;

pub(crate) fn run(_: &Setup) -> Section {
    let size_of = |path: &Path| std::fs::metadata(path).expect("a program of this build").len();
    let size = |name: &str| size_of(&program(name));
    let agent = size_of(&shipped());
    let mut lines = vec![
        Line::new("driftline-agent", bytes(agent)).budget("12 MB installed", agent <= AGENT_MAX),
        Line::new("driftline-collector", bytes(size("driftline-collector"))),
        Line::new("driftline", bytes(size("driftline"))),
    ];
    if let Some(packed) = packed(&shipped()) {
        let line = Line::new("driftline-agent, packed as in a deb (xz)", bytes(packed));
        lines.insert(1, line.budget("5 MB", packed <= AGENT_PACKED_MAX));
    }
    let notes = vec![
        "The agent as it is shipped (`--profile dist-agent`), the others as of `--release`; all stripped.".to_owned(),
    ];
    Section { title: "Sizes".to_owned(), lines, notes }
}

fn packed(program: &Path) -> Option<u64> {
    let mut xz = Command::new("xz");
    let xz = xz.args(["-6", "--stdout"]).arg(program).stdin(Stdio::null()).stderr(Stdio::null());
    let done = xz.output().ok()?;
    done.status.success().then_some(done.stdout.len() as u64)
}
