//! The commands, one per file, and which of them is meant.
//!
//! A command gives an exit code or a failure; it never ends the process.

pub mod demo;

mod accept;
mod baseline;
mod changes;
mod check;
mod compare;
mod desired;
mod diff;
mod drift;
mod explain;
mod history;
mod host;
mod hosts;
mod inspect;
mod local;
mod login;
mod operator;
mod plan;
mod policy;
mod report;
mod revoke;
mod show;
mod snapshot;
mod status;
mod token;
mod verify;
mod watch;
mod window;

use crate::arguments::commands::Host;
use crate::arguments::{Command, Invocation};
use crate::client::{Access, Client};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::{Output, Printer};

/// What every command gets.
#[derive(Debug)]
pub struct Context {
    /// Where results and talk go.
    pub printer: Printer,
    /// How the collector is reached.
    pub access: Access,
}

impl Context {
    /// A client for the configured collector.
    ///
    /// # Errors
    /// [`crate::failure::Failure`] when the configuration does not say enough.
    pub fn client(&self) -> Outcome<Client> {
        Client::new(&self.access)
    }
}

/// Does what was asked.
///
/// # Errors
/// [`crate::failure::Failure`], which knows its exit code and hint.
pub async fn run(invocation: Invocation) -> Outcome {
    let Invocation { common, command, settings } = invocation;
    fits(&command, common.output)?;
    let printer = Printer::for_terminal(common.output);
    let context = Context { printer, access: Access::new(&common, &settings) };
    match command {
        Command::Login(arguments) => login::run(&context, &common, &arguments).await,
        Command::Status => status::run(&context).await,
        Command::Hosts(arguments) => hosts::run(&context, &arguments).await,
        Command::Show(arguments) => show::run(&context, &arguments).await,
        Command::Host(Host::Forget(arguments)) => host::forget(&context, &arguments).await,
        Command::Compare(arguments) => compare::run(&context, &arguments).await,
        Command::Check(arguments) => check::run(&context, &arguments).await,
        Command::Plan(arguments) => plan::run(&context, &arguments).await,
        Command::Changes(arguments) => changes::run(&context, &arguments).await,
        Command::Watch(arguments) => watch::run(&context, &arguments).await,
        Command::History(arguments) => history::run(&context, &arguments).await,
        Command::Drift(arguments) => drift::run(&context, &arguments).await,
        Command::Accept(arguments) => accept::run(&context, &arguments).await,
        Command::Explain(arguments) => explain::run(&context, &arguments).await,
        Command::Inspect(arguments) => inspect::run(&context, &arguments),
        Command::Diff(arguments) => diff::run(&context, &arguments),
        Command::Baseline(arguments) => baseline::run(&context, &arguments).await,
        Command::Desired(arguments) => desired::run(&context, &arguments).await,
        Command::Report(arguments) => report::run(&context, &arguments).await,
        Command::Verify(arguments) => verify::run(&context, &arguments).await,
        Command::Snapshot(arguments) => snapshot::run(&context, &arguments).await,
        Command::Token(arguments) => token::run(&context, &arguments).await,
        Command::Policy(arguments) => policy::run(&context, &arguments).await,
        Command::Window(arguments) => window::run(&context, &arguments).await,
        Command::Operator(arguments) => operator::run(&context, &arguments).await,
        Command::Revoke(arguments) => revoke::run(&context, &arguments).await,
        Command::Demo(arguments) => demo::run(&context, &arguments).await,
    }
}

/// Refuses a form that the command has not, before anything is done.
fn fits(command: &Command, output: Output) -> Outcome<()> {
    let has_findings =
        matches!(command, Command::Check(_) | Command::Compare(_) | Command::Diff(_) | Command::Changes(_));
    let (fits, of) = match output {
        Output::Sarif | Output::Junit => (has_findings, "`compare`, `diff`, `changes` and `check`"),
        Output::Csv => (matches!(command, Command::Report(_)), "`report`"),
        Output::Table | Output::Json | Output::Ndjson | Output::Markdown | Output::Html => (true, ""),
    };
    let name = clap::ValueEnum::to_possible_value(&output);
    let name = name.as_ref().map_or("it", clap::builder::PossibleValue::get_name);
    let refuse = || Failure::new(Exit::Usage, format!("`--output {name}` is for {of}: nothing was done"));
    if fits { Ok(()) } else { Err(refuse()) }
}
