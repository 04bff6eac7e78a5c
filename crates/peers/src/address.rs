//! 宛先 — where a peer is: always over TLS.

use std::str::FromStr;

use hyper::Uri;

use crate::PeerError;

/// 宛先 — the base URL of a peer, such as `https://peer.example:8443/fhir`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Without a slash at its end; possibly empty.
    pub(crate) path: String,
}

impl FromStr for Address {
    type Err = PeerError;

    fn from_str(base_url: &str) -> Result<Self, PeerError> {
        let uri: Uri = base_url.parse().map_err(|_| PeerError::Address)?;
        let authority = uri.authority().ok_or(PeerError::Address)?;
        let is_plain = uri.query().is_none() && !authority.as_str().contains('@');
        if uri.scheme_str() != Some("https") || !is_plain || authority.host().is_empty() {
            return Err(PeerError::Address);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        Ok(Self {
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(443),
            path: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_and_nothing_else() {
        let of = |text: &str| text.parse::<Address>().ok().map(|it| (it.host, it.port, it.path));
        let parts = |host: &str, port, path: &str| Some((host.to_owned(), port, path.to_owned()));
        assert_eq!(of("https://peer.example/fhir/"), parts("peer.example", 443, "/fhir"));
        assert_eq!(of("https://peer.example:8443"), parts("peer.example", 8443, ""));
        assert_eq!(of("https://[::1]:8443/a"), parts("::1", 8443, "/a"));
        for bad in [
            "http://peer.example/fhir",
            "peer.example/fhir",
            "/fhir",
            "https://user:secret@peer.example/fhir",
            "https://peer.example/fhir?a=b",
            "https://",
            "",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
