//! The commands and their flags, each with an example in its help.
//!
//! Only shapes: what a flag means is said in the command's own file.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

pub use super::baseline::Baseline;
pub use super::desired::Desired;
use super::operator::Operator;
use super::policy::Policy;
pub use super::snapshot::Snapshot;
use super::window::Window;
use crate::exit::FailOn;
use crate::time_text::{self, When};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Set up access to a collector, from what `driftline-collector init` wrote
    Login(Login),
    /// How the environments stand
    Status,
    /// The hosts, and whether their agents are well
    Hosts(Hosts),
    /// One host: its sources, what they hold and what could not be read
    Show(Show),
    /// What is done to a host that is gone
    #[command(subcommand)]
    Host(Host),
    /// Where two environments differ, and what would bring them together
    Compare(Compare),
    /// Whether an environment is as it should be: for a pipeline that stops if not
    Check(super::check::Check),
    /// What would make one environment like another; nothing is carried out
    Plan(super::plan::Plan),
    /// What changed, newest first
    Changes(Changes),
    /// Changes as they happen
    Watch(Watch),
    /// What one key was, newest first
    History(History),
    /// What is not as it should be, since when, and who began it
    Drift(super::drift::Drift),
    /// Say that a drift is meant: why, who answers for it, and until when
    Accept(super::drift::Accept),
    /// The whole story of one change or drift, or of a key of a host: who, what it means, whether it lasts
    Explain(Explain),
    /// What driftline sees in a file: items, secrets masked, problems (offline)
    Inspect(Inspect),
    /// Where two files differ by meaning (offline)
    Diff(Diff),
    /// What was approved as known-good, and where hosts differ from it
    #[command(subcommand, after_help = "Example:\n  driftline baseline approve production --reason 'audited, AUD-7'")]
    Baseline(Baseline),
    /// What CI/CD declares: pushed, shown, held against what is there
    #[command(
        subcommand,
        after_help = "Example:\n  driftline desired push --env production --from . --rev \"$GITHUB_SHA\""
    )]
    Desired(Desired),
    /// A stretch of time in one file: changes by verdict, drift, trend, coverage, proof
    Report(super::report::Report),
    /// What hosts have or files say, in a file to compare offline
    Snapshot(Snapshot),
    /// Whether the history is whole: every entry holds to the one before
    Verify(Verify),
    /// Enrolment tokens for new hosts
    #[command(subcommand)]
    Token(Token),
    /// How changes are weighed and judged, as data
    #[command(subcommand)]
    Policy(Policy),
    /// When changes are expected
    #[command(subcommand)]
    Window(Window),
    /// Who may do what
    #[command(subcommand)]
    Operator(Operator),
    /// Take a host's certificate away: its agent is cut off at once
    Revoke(Revoke),
    /// See it work: a collector and five agents on this machine, and a change
    Demo(Demo),
}

/// `login`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline login --from /root/.config/driftline/cli.toml\n  \
                        driftline login --collector https://collector.example:7443 --ca-file ca.pem \\\n      \
                        --token-file operator.token --fleet-key-file fleet-key.toml")]
pub struct Login {
    /// The configuration that `driftline-collector init` wrote; the files it names are used where they are
    #[arg(long, value_name = "FILE", env = "DRIFTLINE_FROM")]
    pub from: Option<PathBuf>,
}

/// `hosts`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  driftline hosts --env production")]
pub struct Hosts {
    /// Only this environment
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ENV")]
    pub env: Option<String>,
}

/// `show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline show web-1\n  driftline show web-1 --source app\n  \
                        driftline show web-1 --at 7d")]
pub struct Show {
    /// Host name
    pub host: String,
    /// Only this source
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_SOURCE")]
    pub source: Option<String>,
    /// As it was then: `1h` (ago), a date or an RFC 3339 time
    #[arg(long, value_name = "TIME", value_parser = When::parse, env = "DRIFTLINE_AT")]
    pub at: Option<When>,
}

/// `compare`.
#[derive(Debug, Args)]
#[command(after_help = "A side is hosts (`production`, `env=…,role=…,host=…`), what is declared or was approved of\n\
                        them (`desired:production`, `baseline:production`), a revision (`revision:4f2a91c`), either\n\
                        of the first two at a time (`production@7d`), or a file of `driftline snapshot`.\n\n\
                        Examples:\n  driftline compare production staging\n  \
                        driftline compare env=production,role=web env=staging,role=web\n  \
                        driftline compare host=web-1 host=web-2 --fail-on critical\n  \
                        driftline compare production@2026-11-15 production\n  \
                        driftline compare desired:production production\n  \
                        driftline compare production staging --output markdown")]
pub struct Compare {
    /// One side: an environment, or `env=…,role=…,host=…`
    #[arg(value_name = "A")]
    pub left: String,
    /// The other side
    #[arg(value_name = "B")]
    pub right: String,
    /// Both as they were then: `1h` (ago), a date or an RFC 3339 time
    #[arg(long, value_name = "TIME", value_parser = When::parse, env = "DRIFTLINE_AT")]
    pub at: Option<When>,
    /// List what is equal, too
    #[arg(long, env = "DRIFTLINE_ALL", value_parser = clap::builder::FalseyValueParser::new())]
    pub all: bool,
    /// Least severity that fails
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "warning", env = "DRIFTLINE_FAIL_ON")]
    pub fail_on: FailOn,
}

/// Which changes are meant.
#[derive(Debug, Clone, Args)]
pub struct Filter {
    /// Only this environment
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ENV")]
    pub env: Option<String>,
    /// Only this host
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_HOST")]
    pub host: Option<String>,
    /// Only this source, or sources of this kind
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_SOURCE")]
    pub source: Option<String>,
    /// Only this key; `*` stands for any characters
    #[arg(long, value_name = "KEY", env = "DRIFTLINE_KEY")]
    pub key: Option<String>,
    /// Only what opens a firewall: to any source, a bounded range, the host itself, or anything at all
    #[arg(long, value_name = "REACH", env = "DRIFTLINE_OPENS", value_parser = ["any", "bounded", "local", "anything"])]
    pub opens: Option<String>,
    /// Only by them: part of a login, user, program or unit; or a uid, process, session or container
    #[arg(long, value_name = "TEXT", env = "DRIFTLINE_ACTOR")]
    pub actor: Option<String>,
    /// Only of this verdict
    #[arg(long, value_name = "VERDICT", env = "DRIFTLINE_VERDICT", value_parser = [
        "authorised", "authorised_unverified", "window_only", "content_mismatch", "out_of_band", "undetermined",
    ])]
    pub verdict: Option<String>,
    /// Only what came around CI/CD: short for `--verdict out_of_band`; another content than declared is
    /// `content_mismatch`
    #[arg(long, conflicts_with = "verdict", env = "DRIFTLINE_OUT_OF_BAND",
          value_parser = clap::builder::FalseyValueParser::new())]
    pub out_of_band: bool,
    /// At least this severe: info, warning or critical
    #[arg(long, value_name = "SEVERITY", env = "DRIFTLINE_SEVERITY", value_parser = ["info", "warning", "critical"])]
    pub severity: Option<String>,
}

impl Filter {
    /// The verdict that is meant.
    #[must_use]
    pub fn verdict(&self) -> Option<String> {
        if self.out_of_band { Some("out_of_band".to_owned()) } else { self.verdict.clone() }
    }
}

/// `explain`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline explain 4711\n  driftline explain d-17\n  \
                        driftline explain --host web-1 'ip filter INPUT: -p tcp --dport 5432 -j ACCEPT'\n\n\
                        Ids stand in `driftline changes --output json`, and in every alert.")]
pub struct Explain {
    /// Id of a change or of a drift (`d-NUMBER`); with `--host`: a key of that host
    #[arg(value_name = "ID|KEY")]
    pub what: String,
    /// The host whose key it is
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_HOST")]
    pub host: Option<String>,
    /// The source, where several of the host have the key
    #[arg(long, value_name = "NAME", requires = "host", env = "DRIFTLINE_SOURCE")]
    pub source: Option<String>,
}

/// `changes`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline changes --env production --since 1h\n  \
                        driftline changes --key 'DB_*' --severity warning --since 2026-11-20\n  \
                        driftline changes --source firewall --opens any --since 7d\n  \
                        driftline changes --actor alice\n  \
                        driftline changes --out-of-band --env production --since 7d\n  \
                        driftline changes --output ndjson | jq .key")]
pub struct Changes {
    /// Which changes.
    #[command(flatten)]
    pub filter: Filter,
    /// Not before: `1h`, `30m`, `7d` (ago), a date or an RFC 3339 time
    #[arg(long, value_name = "TIME", value_parser = When::parse, env = "DRIFTLINE_SINCE")]
    pub since: Option<When>,
    /// Not after: as `--since`
    #[arg(long, value_name = "TIME", value_parser = When::parse, env = "DRIFTLINE_UNTIL")]
    pub until: Option<When>,
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value = "100", env = "DRIFTLINE_LIMIT",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
    /// Events instead: what happened to hosts, gaps, problems, what operators did
    #[arg(long, env = "DRIFTLINE_EVENTS", value_parser = clap::builder::FalseyValueParser::new())]
    pub events: bool,
}

/// `watch`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline watch --env production\n  driftline watch --events --output ndjson")]
pub struct Watch {
    /// Which changes.
    #[command(flatten)]
    pub filter: Filter,
    /// Events too: what happens to hosts, gaps, problems
    #[arg(long, env = "DRIFTLINE_EVENTS", value_parser = clap::builder::FalseyValueParser::new())]
    pub events: bool,
}

/// `history`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  driftline history DB_TIMEOUT --env production")]
pub struct History {
    /// The key
    pub key: String,
    /// Only this environment
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ENV")]
    pub env: Option<String>,
    /// Only this host
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_HOST")]
    pub host: Option<String>,
    /// Only this source
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_SOURCE")]
    pub source: Option<String>,
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value = "100", env = "DRIFTLINE_LIMIT",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
}

/// How a file is read.
#[derive(Debug, Clone, Args)]
pub struct Reading {
    /// Format of the file
    #[arg(long, value_name = "FORMAT", default_value = DETECTED, value_parser = formats(), env = "DRIFTLINE_FORMAT")]
    pub format: String,
    /// Who reads the env file: dotenv, compose, docker-run, systemd or shell [default: detected]
    #[arg(long, value_name = "DIALECT", env = "DRIFTLINE_DIALECT",
          value_parser = ["dotenv", "compose", "docker-run", "systemd", "shell"])]
    pub dialect: Option<String>,
}

/// The format that a file is plainly in.
pub const DETECTED: &str = "detected";

/// What `--format` takes; `env_file` is what env files were called first.
fn formats() -> clap::builder::PossibleValuesParser {
    let names = driftline_canon::Format::ALL.iter().map(|format| format.as_str());
    std::iter::once(DETECTED).chain(names).chain(["env_file"]).collect::<Vec<_>>().into()
}

/// `inspect`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline inspect .env\n  driftline inspect --dialect systemd /etc/default/app")]
pub struct Inspect {
    /// File to read
    pub file: PathBuf,
    /// How it is read.
    #[command(flatten)]
    pub reading: Reading,
}

/// `diff`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline diff staging.env production.env\n  \
                        driftline diff --fail-on critical --output json a.env b.env")]
pub struct Diff {
    /// One file
    #[arg(value_name = "FILE")]
    pub left: PathBuf,
    /// The other file
    #[arg(value_name = "FILE")]
    pub right: PathBuf,
    /// How they are read.
    #[command(flatten)]
    pub reading: Reading,
    /// List what is equal, too
    #[arg(long, env = "DRIFTLINE_ALL", value_parser = clap::builder::FalseyValueParser::new())]
    pub all: bool,
    /// Least severity that fails
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "warning", env = "DRIFTLINE_FAIL_ON")]
    pub fail_on: FailOn,
}

/// `verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline verify\n  driftline verify --export history.ndjson\n  \
                        driftline verify --file history.ndjson --head 3f9a…")]
pub struct Verify {
    /// Save the whole history there (ndjson), proving it on the way
    #[arg(long, value_name = "FILE", env = "DRIFTLINE_VERIFY_EXPORT")]
    pub export: Option<PathBuf>,
    /// Prove a saved history, offline
    #[arg(long, value_name = "FILE", conflicts_with = "export", env = "DRIFTLINE_VERIFY_FILE")]
    pub file: Option<PathBuf>,
    /// Hash that the history must contain (a head noted earlier): tells a cut or rewritten history from a whole one
    #[arg(long, value_name = "HASH", env = "DRIFTLINE_HEAD")]
    pub head: Option<String>,
    /// Take the collector's own word: it recomputes, and nothing is sent
    #[arg(long, conflicts_with_all = ["export", "file", "head"], env = "DRIFTLINE_QUICK",
          value_parser = clap::builder::FalseyValueParser::new())]
    pub quick: bool,
}

/// `token`.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a one-time token for a new host; it is printed alone on standard output
    Create(TokenCreate),
    /// The tokens that were made
    List,
    /// Make a token useless
    Revoke(TokenRevoke),
}

/// `token create`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline token create --env production --role web\n  \
                        driftline token create --env staging --role web --host web-1 --valid 15m")]
pub struct TokenCreate {
    /// Environment that the host's certificate will name
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ENV")]
    pub env: String,
    /// What the host is for
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ROLE")]
    pub role: String,
    /// The only host that may use it
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_HOST")]
    pub host: Option<String>,
    /// How long it can be used: 1m to 7d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = time_text::stretch, env = "DRIFTLINE_VALID")]
    pub valid: Duration,
}

/// `token revoke`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  driftline token revoke 5f1c2a")]
pub struct TokenRevoke {
    /// Id of the token (see `token list`)
    pub id: String,
}

/// `revoke`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  driftline revoke web-1\n\n\
                        What is known of the host stays. Enrolling it again, with a new token, lets it back in.")]
pub struct Revoke {
    /// Host name
    pub host: String,
}

/// `host`.
#[derive(Debug, Subcommand)]
pub enum Host {
    /// Forget a host that is gone for good: its state goes, its history stays
    Forget(HostForget),
}

/// `host forget`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  driftline host forget web-1 --env production\n\n\
                        Refused while its agent is connected. Its certificates stay refused; with a new\n\
                        token the name can be enrolled again, in any environment.")]
pub struct HostForget {
    /// Host name
    pub host: String,
    /// Its environment, so that the right host is meant
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ENV")]
    pub env: String,
}

/// `demo`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  driftline demo\n  driftline demo --once\n  driftline demo --from ./environments\n\n\
                        `--from` takes a directory with one folder per environment (dev, staging,\n\
                        production), each with `*.env` files. Nothing outside a private temporary\n\
                        directory is written."
)]
pub struct Demo {
    /// Directory with one folder per environment
    #[arg(long, value_name = "DIR", env = "DRIFTLINE_DEMO_FROM")]
    pub from: Option<PathBuf>,
    /// End by itself; the exit code says whether all was observed
    #[arg(long, env = "DRIFTLINE_ONCE", value_parser = clap::builder::FalseyValueParser::new())]
    pub once: bool,
    /// Keep the directory afterwards
    #[arg(long, env = "DRIFTLINE_KEEP", value_parser = clap::builder::FalseyValueParser::new())]
    pub keep: bool,
}
