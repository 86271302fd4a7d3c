//! `driftline demo`.

use super::Context;
use crate::arguments::commands::Demo;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

pub(super) async fn run(_context: &Context, _arguments: &Demo) -> Outcome {
    Err(Failure::new(Exit::Internal, "the demo is not here yet"))
}
