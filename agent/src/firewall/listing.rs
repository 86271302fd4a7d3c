//! Lists a ruleset, or a part of it, with `nft -j list`.
//!
//! It says what is there at some moment while it runs; which one that is, those
//! know who ask for the generation before and after.

use driftline_canon::key::escape;
use serde_json::Value as Json;

use super::event::family_name;
use super::model::Model;
use super::model::touched::Unclear;
use super::namespace::Namespace;
use super::splitter::Splitter;
use super::tools::{Bounds, OUTPUT_BYTES_MAX, ToolError, Tools};

/// Bytes of a listing: 200,000 rules.
const LISTING_BYTES_MAX: usize = 2 * OUTPUT_BYTES_MAX;

/// Why there is no listing.
#[derive(Debug, thiserror::Error)]
pub enum ListingError {
    /// The program gave none.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// It printed something else.
    #[error("`nft -j list` did not print a listing")]
    NoListing,
}

/// Lists everything. What is not said in it is left open: see
/// [`Model::finish`].
///
/// # Errors
/// [`ListingError`].
pub async fn whole(tools: &Tools, place: &Namespace) -> Result<Model, ListingError> {
    list(tools, place, &["-j", "list", "ruleset"]).await
}

/// Lists what no event told. What has a name that is no plain word to `nft` is
/// found in a listing of everything: no name ever becomes a command.
///
/// # Errors
/// [`ListingError`]; also if it is not there.
pub async fn part(tools: &Tools, place: &Namespace, unclear: &Unclear) -> Result<Model, ListingError> {
    let (kinds, id, name): (&[&str], _, _) = match unclear {
        Unclear::Table(id) => (&["table"], id, None),
        Unclear::Chain(id, name) => (&["chain"], id, Some(name)),
        Unclear::Set(id, name) => (&["set", "map"], id, Some(name)),
        Unclear::Flowtable(id, name) => (&["flowtable"], id, Some(name)),
    };
    let mut found = Err(ListingError::NoListing);
    if is_plain(&id.name) && name.is_none_or(|name| is_plain(name)) {
        for kind in kinds {
            let mut arguments = vec!["-j", "list", kind, family_name(id.family), &*id.name];
            arguments.extend(name.map(|name| &**name));
            found = list(tools, place, &arguments).await;
            if found.is_ok() {
                break;
            }
        }
    }
    if found.is_err() {
        found = whole(tools, place).await;
    }
    found.map(|mut model| {
        model.only(unclear);
        model
    })
}

/// Whether a name is one word of `nft`, and one that cannot be taken for
/// anything but a name.
fn is_plain(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(fits)
}

async fn list(tools: &Tools, place: &Namespace, arguments: &[&str]) -> Result<Model, ListingError> {
    let mut running = tools.find("nft")?.start(arguments, place)?;
    let (mut model, mut splitter, mut all_read) = (Model::default(), Splitter::default(), true);
    let mut read = 0;
    let reading = async {
        let mut text = Vec::new();
        while let Ok(more @ 1..) = running.read(&mut text).await {
            read += more;
            let taken = splitter.take(&text, |object| all_read &= take(&mut model, object));
            text.clear();
            if taken.is_err() || read > LISTING_BYTES_MAX {
                return Err(ListingError::NoListing);
            }
        }
        Ok(())
    };
    match tokio::time::timeout(Bounds::default().time_max, reading).await {
        Ok(read) => read?,
        Err(_) => return Err(ListingError::NoListing),
    }
    running.finish(0).await?;
    if splitter.is_whole() && all_read { Ok(model) } else { Err(ListingError::NoListing) }
}

/// Takes an object; false if it is none.
fn take(model: &mut Model, object: &[u8]) -> bool {
    let text = String::from_utf8_lossy(object);
    match serde_json::from_str::<Json>(&text) {
        Ok(object) => {
            model.take(&object);
            true
        }
        Err(error) => {
            let begins = escape(&object[..object.len().min(40)]);
            tracing::debug!(%error, begins, "an object of a listing of nftables cannot be read");
            false
        }
    }
}
