//! How ends are told.

use std::io;

use super::*;
use crate::firewall::namespace::Name;

#[test]
fn what_is_missing_is_told_apart_from_what_was_lost() {
    let of = |kind: io::ErrorKind| {
        let source = io::Error::from(kind);
        End::from(NamespaceError { name: Name::new("blue").unwrap(), source })
    };
    assert!(matches!(of(io::ErrorKind::NotFound), End::Absent(_)));
    assert!(matches!(of(io::ErrorKind::PermissionDenied), End::Failed { kind: ProblemKind::Unreadable, .. }));
    assert!(matches!(End::from(NetlinkError::Overrun), End::Lost(_)));
    assert!(matches!(End::from(ToolError::Missing { name: "nft" }), End::Failed { kind: ProblemKind::Missing, .. }));
    assert!(matches!(End::from(ListingError::NoListing), End::Failed { kind: ProblemKind::Syntax, .. }));
}
