//! The search finds what it must.

use super::*;

#[test]
fn the_samples_secrets_are_known_in_every_form() {
    let forms = forms(&Shop::load(None).unwrap());
    assert_eq!(forms.len(), 3 * 4 * 3, "three environments, four secrets, three forms");
    assert!(is_in(&forms, b"xx copper-meadow-29 xx"));
    assert!(is_in(&forms, b"orchard-violet-81"), "the password of a URL");
    assert!(is_in(&forms, STANDARD.encode("copper-meadow-29").as_bytes()));
    assert!(is_in(&forms, hex::encode(&Sha256::digest("copper-meadow-29")).as_bytes()));
    assert!(!is_in(&forms, b"postgres://shop:****@db-1.internal:5432/shop"));
    assert!(!is_in(&forms, b""));
}
