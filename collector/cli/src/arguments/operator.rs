//! Arguments of `operator`.

use clap::{Args, Subcommand};

/// `operator`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  driftline operator add ci --role deployer:staging > ci.token")]
pub enum Operator {
    /// Add an operator; the access token is printed alone on standard output, once
    Add(OperatorAdd),
    /// The operators and what they may do
    List,
    /// Take an operator's access away
    Revoke(OperatorName),
    /// Give an operator, or yourself, a new access token; the old one ends at once
    Rotate(OperatorName),
}

/// `operator add`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline operator add ci --role deployer:staging > ci.token\n  \
                        driftline operator add vic --role viewer\n  \
                        driftline operator add dan --role operator:staging,viewer:production\n\n\
                        viewer reads; deployer also declares desired state and opens windows; operator also\n\
                        accepts, approves baselines, revokes hosts and makes tokens; admin also applies\n\
                        policies and adds operators. ROLE:ENVIRONMENT holds there alone.")]
pub struct OperatorAdd {
    /// Name, as the history tells it
    pub name: String,
    /// What they may do: `viewer`, `deployer`, `operator` or `admin`, each also as `ROLE:ENVIRONMENT`
    #[arg(long = "role", value_name = "ROLE", env = "DRIFTLINE_ROLE", required = true, value_delimiter = ',')]
    pub roles: Vec<String>,
}

/// `operator revoke` and `operator rotate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline operator revoke ci\n  driftline operator rotate ci > ci.token")]
pub struct OperatorName {
    /// Name
    pub name: String,
}
