//! The book that changes are judged by, from the documents of a store.
//!
//! One builder for the writer and for whoever only reads. It decides nothing.

use driftline_compare::desired::{Revision, Sheet};
use driftline_compare::judge::book::Book;
use driftline_compare::window::Window;
use driftline_store::{DocumentKind, Reader, StoreError};

use crate::desired::owner;
use crate::policy;

/// Whether documents of that kind change what is judged by.
#[must_use]
pub fn counts(kind: DocumentKind) -> bool {
    use DocumentKind::{Policy, Revision, Sheet, Window};
    matches!(kind, Revision | Sheet | Window | Policy)
}

/// The book of a store. Items that an earlier book has are not read again: no
/// sheet of a revision ever changes.
///
/// # Errors
/// When the store cannot be read.
pub fn read(reader: &Reader, earlier: &Book) -> Result<Book, StoreError> {
    let (revisions, windows) = (reader.documents::<Revision>("")?, reader.documents::<Window>("")?);
    let mut book = Book::new(revisions, windows, earlier).ruled_by(policy::in_force(reader)?);
    for (number, source) in book.wanted() {
        if let Some(sheet) = reader.document::<Sheet>(&format!("{}/{source}", owner(number)))? {
            book.add(number, sheet);
        }
    }
    Ok(book)
}

#[cfg(test)]
mod tests;
