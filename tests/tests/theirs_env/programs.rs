//! The programs that read env files in earnest, installed for the test alone
//! below cargo's target directory.
//!
//! Where one cannot be had, the test fails if `CI` is `true` and says that it
//! was skipped otherwise.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The versions that ours was compared with; a newer one is compared first.
const PYTHON_DOTENV: &str = "python-dotenv==1.2.*";
const NODE_DOTENV: &str = "dotenv@>=16";

/// What a program read in one file; none when it refused the file. A name
/// without a value has none here either.
pub type Answer = Option<BTreeMap<String, Option<Vec<u8>>>>;

/// A program that reads env files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// python-dotenv.
    PythonDotenv,
    /// dotenv for Node.js.
    NodeDotenv,
    /// `/bin/sh`.
    Shell,
    /// systemd's shared library.
    Systemd,
}

impl Program {
    /// What the program reads in each file; none when it cannot be had.
    pub fn read(self, cases: &[String]) -> Option<Vec<Answer>> {
        match self.answers(cases) {
            Ok(answers) => Some(answers),
            Err(why) if self == Self::Systemd => self.skip(&why),
            Err(why) if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("{self:?} is needed: {why}"),
            Err(why) => self.skip(&why),
        }
    }

    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    fn skip(self, why: &str) -> Option<Vec<Answer>> {
        eprintln!("skipped: {self:?} cannot be compared with: {why}");
        None
    }

    fn answers(self, cases: &[String]) -> Result<Vec<Answer>, String> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("theirs-{self:?}"));
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut command = match self {
            Self::PythonDotenv => python_dotenv(&folder)?,
            Self::NodeDotenv => node_dotenv(&folder)?,
            Self::Shell => script("python3", "read_shell.py"),
            Self::Systemd => script("python3", "read_systemd.py"),
        };
        command.arg(&folder);
        let encoded: Vec<String> = cases.iter().map(|case| STANDARD.encode(case)).collect();
        let output = run(&mut command, &serde_json::to_vec(&encoded).map_err(|e| e.to_string())?)?;
        if output.starts_with(b"absent") {
            return Err("it is not installed".to_owned());
        }
        decode(&output)
    }
}

fn decode(output: &[u8]) -> Result<Vec<Answer>, String> {
    let answers: Vec<Option<BTreeMap<String, Option<String>>>> =
        serde_json::from_slice(output).map_err(|e| e.to_string())?;
    let bytes = |text: Option<String>| text.map(|text| STANDARD.decode(text)).transpose().map_err(|e| e.to_string());
    let decoded = answers.into_iter().map(|answer| {
        let pairs = answer.map(|map| map.into_iter().map(|(key, value)| Ok((key, bytes(value)?))).collect());
        pairs.transpose()
    });
    decoded.collect()
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("theirs")
}

fn script(program: &str, name: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(scripts().join(name));
    command
}

fn python_dotenv(folder: &Path) -> Result<Command, String> {
    let venv = folder.join("venv");
    let python = venv.join("bin/python");
    let installed = || {
        Command::new(&python)
            .args(["-c", "import dotenv"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    if !installed() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv), b"")?;
        run(
            Command::new(&python).args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                PYTHON_DOTENV,
            ]),
            b"",
        )?;
    }
    let mut command = Command::new(&python);
    command.arg(scripts().join("read_dotenv.py"));
    Ok(command)
}

fn node_dotenv(folder: &Path) -> Result<Command, String> {
    if !folder.join("node_modules/dotenv/package.json").exists() {
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
            .arg(folder)
            .arg(NODE_DOTENV);
        run(&mut npm, b"")?;
    }
    Ok(script("node", "read_dotenv.cjs"))
}

/// Runs a program with that input; its output, or what it said instead.
fn run(command: &mut Command, input: &[u8]) -> Result<Vec<u8>, String> {
    let name = format!("{command:?}");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| format!("{name}: {e}"))?;
    let mut stdin = child.stdin.take();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.take().map(|mut stdin| stdin.write_all(input)));
        child.wait_with_output()
    });
    let output = output.map_err(|e| format!("{name}: {e}"))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}
