//! Whether two live agents use one identity.
//!
//! Each process of an agent names itself anew. A process that speaks again
//! after another one has spoken was alive all the time: two agents.

/// What an instance id says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The process that spoke last: it reconnects.
    Again,
    /// A process not seen before: the agent was restarted.
    Fresh,
    /// A process that another one had already taken over from.
    Clone,
}

/// Decides by the two processes that spoke last, newest first.
#[must_use]
pub fn decide(known: &[Vec<u8>; 2], now: &[u8]) -> Seen {
    let [last, before] = known;
    if last.as_slice() == now {
        Seen::Again
    } else if before.as_slice() == now {
        Seen::Clone
    } else {
        Seen::Fresh
    }
}

/// The two that spoke last, after this one.
#[must_use]
pub fn after(known: &[Vec<u8>; 2], now: &[u8]) -> [Vec<u8>; 2] {
    match decide(known, now) {
        Seen::Again => known.clone(),
        Seen::Fresh | Seen::Clone => [now.to_vec(), known[0].clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(ids: &[u8]) -> Vec<Seen> {
        let mut known = [Vec::new(), Vec::new()];
        ids.iter()
            .map(|&id| {
                let seen = decide(&known, &[id]);
                known = after(&known, &[id]);
                seen
            })
            .collect()
    }

    #[test]
    fn restarts_and_reconnects_are_no_clones() {
        assert_eq!(run(&[1, 1, 2, 2, 3]), [Seen::Fresh, Seen::Again, Seen::Fresh, Seen::Again, Seen::Fresh]);
    }

    #[test]
    fn d7_two_processes_that_take_turns_are_two_agents() {
        assert_eq!(run(&[1, 2, 1]), [Seen::Fresh, Seen::Fresh, Seen::Clone]);
    }
}
