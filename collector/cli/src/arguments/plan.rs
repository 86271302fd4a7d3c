//! `plan` and its flags.

use clap::Args;

use driftline_compare::plan::Form;

/// `plan`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline plan staging production\n  \
                        driftline plan staging production --key 'DB_*' --format env > staging.patch\n  \
                        driftline plan staging production --format shell > plan.sh; less plan.sh\n  \
                        driftline plan d-17 --format ansible\n\n\
                        The plan of a drift makes what is there like what is wanted: the declared revision,\n\
                        the baseline, what is saved, the file of a process, most hosts of the role.\n\n\
                        Nothing is carried out. Secrets are never in a plan: a placeholder names the place\n\
                        where each is, and scripts refuse to run while one is left.")]
pub struct Plan {
    /// The side that is to change: an environment, or `env=…,role=…,host=…`; or alone a
    /// drift, such as d-17
    #[arg(value_name = "A|DRIFT")]
    pub target: String,
    /// The side that it is to be like
    #[arg(value_name = "B")]
    pub reference: Option<String>,
    /// Form of the plan
    #[arg(long, value_name = "FORM", default_value = "text", value_parser = forms(), env = "DRIFTLINE_PLAN_FORMAT")]
    pub format: String,
    /// Only these keys; `*` stands for any characters
    #[arg(long, value_name = "KEY", env = "DRIFTLINE_KEY")]
    pub key: Option<String>,
    /// At least this severe: info, warning or critical
    #[arg(long, value_name = "SEVERITY", env = "DRIFTLINE_SEVERITY", value_parser = ["info", "warning", "critical"])]
    pub severity: Option<String>,
}

impl Plan {
    /// The form that was asked for.
    #[must_use]
    pub fn form(&self) -> Form {
        Form::ALL.into_iter().find(|form| form.as_str() == self.format).unwrap_or(Form::Text)
    }
}

fn forms() -> clap::builder::PossibleValuesParser {
    Form::ALL.map(Form::as_str).to_vec().into()
}
