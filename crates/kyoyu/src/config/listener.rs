//! `[listener]` and `[health]`.

use std::{net::SocketAddr, path::PathBuf};

use serde::Deserialize;

/// Where callers connect.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// Address and port.
    pub address: SocketAddr,
    /// What stands before `/Condition/…` in links.
    pub base_url: String,
    /// The `aud` that tokens must name.
    pub token_audience: String,
    /// The server's certificate chain, PEM.
    pub certificate_file: PathBuf,
    /// The server's key, PEM.
    pub key_file: PathBuf,
    /// The roots of client certificates, PEM.
    pub client_roots_file: PathBuf,
    /// Certificate revocation lists, PEM; empty: none.
    pub revocation_file: PathBuf,
}

/// Where operators look.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// Address and port, on loopback.
    pub address: SocketAddr,
}
