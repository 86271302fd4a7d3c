//! The source kind `firewall`: the rules that the kernel has now.
//!
//! It changes no rule and loads no kernel module.

pub mod namespace;
pub mod tools;
