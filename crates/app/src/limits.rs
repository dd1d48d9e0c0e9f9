//! `[limits]` of `yinxin.toml`: how much one source may ask of the public doors.

use serde::{Deserialize, Serialize};

/// Rates are in questions a second; ten times as many may come at once. 0: as many as come. Programs on
/// this machine are not limited.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Status questions (OCSP) of one source.
    pub ocsp_per_second: u32,
    /// Timestamps of one source.
    pub tsa_per_second: u32,
    /// Verifications of one source: pages and interfaces.
    pub verify_per_second: u32,
    /// Lists, CA certificates and directory lookups over HTTP of one source.
    pub lists_per_second: u32,
    /// Operations of one source at the directory (LDAP).
    pub ldap_per_second: u32,
    /// Refusals a minute that an API client is answered at one address, and an address that no client proved to be
    /// behind; who is refused more often is told to wait. 0: as many as come.
    pub refused_per_minute: u32,
    /// Most connections to pages and interfaces.
    pub connections: usize,
    /// Most of them from one source, trusted reverse proxies and this machine apart.
    pub connections_per_address: usize,
    /// Seconds in which the head of a request must have come, and after which a silent connection is
    /// closed.
    pub header_seconds: u64,
    /// Seconds after which a client that doesn't read its answer is let go.
    pub stalled_seconds: u64,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            ocsp_per_second: 500,
            tsa_per_second: 50,
            verify_per_second: 20,
            lists_per_second: 50,
            ldap_per_second: 200,
            refused_per_minute: 60,
            connections: 4_096,
            connections_per_address: 256,
            header_seconds: 30,
            stalled_seconds: 15,
        }
    }
}
