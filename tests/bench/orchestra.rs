//! One row after the other, each in a process of its own: what one row leaves
//! in memory, or a row that fails, does not touch the next.
//!
//! It measures nothing itself.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use driftline_tests::process::{build_dir, read_text};

use crate::table::{Line, Section, terminal};
use crate::{ROWS, Row, Setup, machine, page, proc};

/// What the arguments ask for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    quick: bool,
    /// Names of rows; empty: all.
    only: Vec<String>,
    /// Where the page is written; none: only printed.
    page: Option<PathBuf>,
    /// Set for the process of one row: where its section goes.
    section: Option<PathBuf>,
}

impl Wanted {
    /// Reads them.
    pub(crate) fn from_args(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut wanted = Self::default();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or(format!("{arg} wants a value"));
            match arg.as_str() {
                "--quick" => wanted.quick = true,
                "--only" => wanted.only = value()?.split(',').map(str::to_owned).collect(),
                "--page" => wanted.page = Some(value()?.into()),
                "--section" => wanted.section = Some(value()?.into()),
                _ => return Err(format!("unknown argument {arg}: tests/bench/run [--quick] [--only ROW,...]")),
            }
        }
        match wanted.only.iter().find(|name| !ROWS.iter().any(|row| row.name == **name)) {
            Some(unknown) => {
                let names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
                Err(format!("there is no row {unknown}: {}", names.join(", ")))
            }
            None => Ok(wanted),
        }
    }

    fn rows(&self) -> impl Iterator<Item = &'static Row> {
        ROWS.iter().filter(|row| self.only.is_empty() || self.only.iter().any(|name| name == row.name))
    }
}

/// Runs what is wanted.
pub(crate) fn run(wanted: &Wanted) -> ExitCode {
    if let Some(section) = &wanted.section {
        return one(wanted, section);
    }
    // On the disk of the build, because a temporary directory may be memory.
    let dir = tempfile::Builder::new().prefix("bench-").tempdir_in(build_dir()).expect("a private directory");
    let about = page::About::now(machine::describe(dir.path()), machine::load(), wanted.quick);
    let mut sections = Vec::new();
    for row in wanted.rows() {
        let load = machine::load();
        eprintln!("-- {} (load {load})", row.name);
        let begun = Instant::now();
        let mut section = in_a_process(row, wanted.quick, dir.path());
        section.notes.push(format!("Load when it began: {load}."));
        sections.push(section);
        eprintln!("   {:.0} s", begun.elapsed().as_secs_f64());
    }
    print!("{}", terminal(&sections));
    if let Some(path) = &wanted.page {
        let page = page::page(&about, &sections, &page::remarks_of(&read_text(path)));
        std::fs::write(path, page).expect("the page is written");
    }
    let failed = sections.iter().any(|section| section.lines.is_empty() || section.lines[0].measured == NOT_MEASURED);
    ExitCode::from(u8::from(failed))
}

/// What stands where a row failed.
const NOT_MEASURED: &str = "not measured";

fn in_a_process(row: &Row, quick: bool, dir: &Path) -> Section {
    let own = dir.join(row.name);
    std::fs::create_dir(&own).expect("a directory for the row");
    let out = own.join("section.json");
    let mut command = Command::new(std::env::current_exe().expect("a running program has a path"));
    command.args(["--only", row.name, "--section"]).arg(&out).stdin(Stdio::null()).stdout(Stdio::null());
    if quick {
        command.arg("--quick");
    }
    let mut child = command.spawn().expect("the row starts");
    wait(&mut child, Duration::from_secs(row.seconds_max));
    let section = serde_json::from_str(&read_text(&out));
    let _ = std::fs::remove_dir_all(&own);
    section.unwrap_or_else(|_| Section {
        title: row.name.to_owned(),
        lines: vec![Line::new(row.name, NOT_MEASURED)],
        notes: vec!["This row failed; its reason was printed.".to_owned()],
    })
}

fn wait(child: &mut Child, at_most: Duration) {
    let begun = Instant::now();
    while matches!(child.try_wait(), Ok(None)) {
        if begun.elapsed() > at_most {
            eprintln!("   gave up after {} s", at_most.as_secs());
            proc::end_family(child.id(), true);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Inside the process of one row.
fn one(wanted: &Wanted, section: &Path) -> ExitCode {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        default(info);
        // A panic aborts, so nothing is dropped: what the row started ends here.
        proc::end_family(std::process::id(), false);
    }));
    let dir = section.parent().expect("a file in a directory").to_path_buf();
    let setup = Setup { quick: wanted.quick, dir };
    for row in wanted.rows() {
        let text = serde_json::to_string(&(row.run)(&setup)).expect("a section is JSON");
        std::fs::write(section, text).expect("the section is written");
    }
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests;
