//! The one TLS provider of a driftline process: aws-lc-rs.
//!
//! It decides nothing about who may talk to whom: that is `wire`.

/// Makes aws-lc-rs the provider of this process. Calling it again does nothing.
pub fn install_provider() {
    // An error says that a provider is installed already, which is the goal.
    _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

#[cfg(test)]
mod tests {
    #[test]
    fn installing_twice_is_harmless() {
        super::install_provider();
        super::install_provider();
        assert!(rustls::crypto::CryptoProvider::get_default().is_some());
    }
}
