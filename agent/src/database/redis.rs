//! Redis: `CONFIG GET *` and `ACL LIST` over a connection of our own.
//!
//! One `CONFIG GET *` is as cheap as anything that could be asked before it, so
//! nothing is. Three commands are sent besides the login, none of which writes.

pub mod resp;

use driftline_canon::{Problem, ProblemKind, format};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncWriteExt, BufReader};
use zeroize::Zeroizing;

use super::ask::{Target, in_time};
use super::link::{Budget, Link};
use super::{Answer, Credentials, DatabaseError, code_of};
use resp::Reply;

/// A session.
#[derive(Debug)]
pub struct Redis {
    link: BufReader<Link>,
    budget: Budget,
    user: String,
}

impl Redis {
    /// Connects and logs in.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn open(target: &Target, who: &Credentials) -> Result<Self, DatabaseError> {
        let mut link = Link::open(&target.endpoint, target.ca_file.is_some()).await?;
        if let Some(ca_file) = &target.ca_file {
            link = link.secure(&target.endpoint, ca_file).await?;
        }
        let user = if who.user.is_empty() { "default".to_owned() } else { who.user.clone() };
        let mut session = Self { budget: link.budget(), link: BufReader::new(link), user };
        if let Some(password) = &who.password {
            let words: Vec<&[u8]> = match who.user.as_str() {
                "" => vec![b"AUTH", password.as_bytes()],
                user => vec![b"AUTH", user.as_bytes(), password.as_bytes()],
            };
            match in_time("answer the login", session.command(&words)).await? {
                Reply::Text(_) => {}
                Reply::Error(code) => return Err(DatabaseError::Refused { code: code_of(&code) }),
                _ => return Err(DatabaseError::Protocol("a login has another answer")),
            }
        }
        // Whoever may not ask this is told by the next question.
        match in_time("say who it is", session.command(&[b"PING"])).await? {
            Reply::Error(code) if code == "NOAUTH" => Err(DatabaseError::Refused { code }),
            _ => Ok(session),
        }
    }

    /// See [`super::ask::Session::ask`].
    pub(super) async fn ask(&mut self, unless: Option<[u8; 32]>) -> Result<Option<Answer>, DatabaseError> {
        self.budget.refill();
        let mut problems = Vec::new();
        let parameters = match in_time("answer CONFIG GET", self.command(&[b"CONFIG", b"GET", b"*"])).await? {
            Reply::Array(texts) if texts.len().is_multiple_of(2) => texts,
            Reply::Error(code) if code == "NOPERM" => {
                problems.push(self.lacks("CONFIG GET", "+config|get"));
                Vec::new()
            }
            Reply::Error(code) => return Err(DatabaseError::Denied { code: code_of(&code) }),
            _ => return Err(DatabaseError::Protocol("CONFIG GET has another answer")),
        };
        let users = match in_time("answer ACL LIST", self.command(&[b"ACL", b"LIST"])).await? {
            Reply::Array(texts) => texts,
            Reply::Error(code) if code == "NOPERM" => {
                problems.push(self.lacks("ACL LIST", "+acl|list"));
                Vec::new()
            }
            // Before Redis 6 there were no users.
            Reply::Error(code) if code == "ERR" => Vec::new(),
            Reply::Error(code) => return Err(DatabaseError::Denied { code: code_of(&code) }),
            _ => return Err(DatabaseError::Protocol("ACL LIST has another answer")),
        };
        if parameters.is_empty() {
            return Err(DatabaseError::Denied { code: "NOPERM: ACL SETUSER … +config|get +acl|list".to_owned() });
        }
        let print = print_of(&parameters, &users, problems.len());
        if unless == Some(print) {
            return Ok(None);
        }
        let (pairs, _) = parameters.as_chunks::<2>();
        let pairs = pairs.iter().map(|[name, value]| (name.as_slice(), value.as_slice()));
        let reading = format::live::redis(pairs, users.iter().map(|user| user.as_slice()));
        let hidden = (!problems.is_empty()).then_some((|key: &str| key.starts_with("user ")) as fn(&str) -> bool);
        problems.extend(reading.problems);
        Ok(Some(Answer { print, hidden, settings: reading.settings, problems, ..Answer::default() }))
    }

    fn lacks(&self, what: &str, rule: &str) -> Problem {
        let user = driftline_canon::key::escape(self.user.as_bytes());
        let reason = format!("the account may not ask for {what}: ACL SETUSER {user} {rule}");
        Problem::whole(ProblemKind::Unreadable, reason)
    }

    async fn command(&mut self, words: &[&[u8]]) -> Result<Reply, DatabaseError> {
        let link = self.link.get_mut();
        link.write_all(&encoded(words)).await?;
        link.flush().await?;
        resp::read(&mut self.link).await
    }
}

/// A command as Redis takes it: an array of texts.
fn encoded(words: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length = words.iter().map(|word| word.len() + 32).sum::<usize>() + 32;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    bytes.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// What stands for an answer: the same while nothing changes.
fn print_of(parameters: &[Zeroizing<Vec<u8>>], users: &[Zeroizing<Vec<u8>>], problems: usize) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(problems.to_le_bytes());
    for text in parameters.iter().chain(users) {
        hash.update(text.len().to_le_bytes());
        hash.update(text);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests;
