//! What scheduled scans found: kept, so that the trend is seen.

use serde::{Deserialize, Serialize};

/// What one run of a schedule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Rises with each run, over all schedules.
    pub number: u64,
    /// Name of the schedule in the policy.
    pub schedule: String,
    /// Left side.
    pub left: String,
    /// Right side.
    pub right: String,
    /// When it was due.
    pub due_at: String,
    /// When it ran.
    pub ran_at: String,
    /// Runs before this one that were due while the collector did not run. They
    /// were not made up for: what was then is not what is now.
    #[serde(skip_serializing_if = "is_none", default)]
    pub missed: u32,
    /// What was found; none if it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub found: Option<Found>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failed: Option<String>,
}

fn is_none(missed: &u32) -> bool {
    *missed == 0
}

/// A comparison in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Settings compared.
    pub keys: u64,
    /// Settings that differ.
    pub differing: u64,
    /// Settings that could not be compared.
    pub undetermined: u64,
    /// `differing` of `keys`, one decimal.
    pub percent: String,
    /// Differences that are critical, metadata included.
    pub critical: u64,
    /// Differences that are warnings.
    pub warning: u64,
    /// Differences that are informative.
    pub info: u64,
    /// Hosts that were not connected (compared as last seen), or of which nothing
    /// is declared or approved (not compared).
    pub unchecked: u64,
}

/// `GET /api/v1/reports` (query: `schedule`, `since`, `until`, `limit`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportList {
    /// [`crate::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Newest first.
    pub reports: Vec<Report>,
}
