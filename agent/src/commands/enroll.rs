//! `driftline-agent enroll TOKEN`.

use std::io::{self, Read};

use driftline_canon::token::TOKEN_BYTES_MAX;
use driftline_daemon::{Clock, clock, files};
use zeroize::Zeroizing;

use super::{Outcome, boxed, print, runtime};
use crate::cli::{EnrollArguments, StartError};
use crate::config::Config;
use crate::{AgentError, enroll, facts};

pub(crate) fn carry_out(arguments: &EnrollArguments) -> Outcome {
    let config = Config::load_or_default(&arguments.config.config).map_err(boxed)?;
    let token =
        token(&arguments.token).map_err(|source| boxed(StartError::Stream { what: "read the token", source }))?;
    files::create_private_dir(&config.state_dir)
        .map_err(|source| boxed(AgentError::StateDir { path: config.state_dir.display().to_string(), source }))?;
    let host = arguments.host.clone().unwrap_or_else(facts::hostname);
    let clock = Clock::system();
    let enrolled = runtime()?.block_on(enroll::enroll(&token, &config.state_dir, &host, &clock)).map_err(boxed)?;
    let peer = &enrolled.peer;
    print(&format!(
        "enrolled {} as {} in {}, certificate until {}\n",
        peer.host,
        peer.role,
        peer.environment,
        clock::format_ms(enrolled.not_after_ms)
    ))
}

fn token(argument: &str) -> io::Result<Zeroizing<String>> {
    if argument != "-" {
        return Ok(Zeroizing::new(argument.to_owned()));
    }
    let mut text = Zeroizing::new(String::with_capacity(TOKEN_BYTES_MAX));
    io::stdin().lock().take(TOKEN_BYTES_MAX as u64).read_to_string(&mut text)?;
    Ok(text)
}
