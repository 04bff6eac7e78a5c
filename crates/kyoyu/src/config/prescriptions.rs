//! `[prescriptions]`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use kyoyu_peers::{Address, BreakerOptions, Credentials, PrescriptionClient, PrescriptionOptions};
use kyoyu_service::PrescriptionSource;
use serde::Deserialize;

/// The longest that a reader may be made to wait; the gateway gives up later.
const MOST_TIME: Duration = Duration::from_secs(20);

/// Who is asked for prescriptions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prescriptions {
    base_url: String,
    certificate_file: PathBuf,
    key_file: PathBuf,
    roots_file: PathBuf,
    connect_ms: u64,
    total_ms: u64,
    answer_bytes: usize,
    concurrent: usize,
    failures: u32,
    pause_s: u64,
}

impl Prescriptions {
    /// Whether the section can be used, without looking at the files that it names.
    ///
    /// # Errors
    /// The key that cannot be, and why.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if self.base_url.is_empty() {
            return Ok(());
        }
        self.address()?;
        for (key, file) in self.files() {
            anyhow::ensure!(!file.as_os_str().is_empty(), "prescriptions.{key} is not set");
        }
        let (connect, total) = (self.connect_time(), self.total_time());
        anyhow::ensure!(
            !connect.is_zero() && connect <= total && total <= MOST_TIME,
            "prescriptions: 0 < connect_ms <= total_ms <= {}",
            MOST_TIME.as_millis()
        );
        anyhow::ensure!(
            (1..=10_485_760).contains(&self.answer_bytes),
            "prescriptions.answer_bytes must be 1 to 10485760"
        );
        anyhow::ensure!(
            (1..=1024).contains(&self.concurrent),
            "prescriptions.concurrent must be 1 to 1024"
        );
        anyhow::ensure!(
            self.failures >= 1 && self.pause_s >= 1,
            "prescriptions.failures and pause_s must not be 0"
        );
        Ok(())
    }

    /// Who is asked; none where no base URL is set.
    ///
    /// # Errors
    /// A file that cannot be read or used; names the key.
    pub fn source(&self) -> anyhow::Result<Option<Arc<dyn PrescriptionSource>>> {
        if self.base_url.is_empty() {
            return Ok(None);
        }
        let [certificates, key, roots] = self.files().map(|(key, file)| {
            std::fs::read(file)
                .with_context(|| format!("prescriptions.{key}: {} cannot be read", file.display()))
        });
        let client = PrescriptionClient::new(PrescriptionOptions {
            address: self.address()?,
            credentials: Credentials { certificates: certificates?, key: key?, roots: roots? },
            connect_time: self.connect_time(),
            total_time: self.total_time(),
            answer_bytes: self.answer_bytes,
            concurrent: self.concurrent,
            breaker: BreakerOptions {
                failures: self.failures,
                pause: Duration::from_secs(self.pause_s),
            },
        });
        Ok(Some(Arc::new(client.context("[prescriptions]")?)))
    }

    fn address(&self) -> anyhow::Result<Address> {
        self.base_url.parse().context("prescriptions.base_url")
    }

    fn files(&self) -> [(&'static str, &Path); 3] {
        [
            ("certificate_file", &self.certificate_file),
            ("key_file", &self.key_file),
            ("roots_file", &self.roots_file),
        ]
    }

    fn connect_time(&self) -> Duration {
        Duration::from_millis(self.connect_ms)
    }

    fn total_time(&self) -> Duration {
        Duration::from_millis(self.total_ms)
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn accepted(lines: &str) -> bool {
        const FILES: &str = "certificate_file = \"a\"\nkey_file = \"b\"\nroots_file = \"c\"\n";
        Config::parse(&format!("[prescriptions]\n{FILES}{lines}")).is_ok()
    }

    #[test]
    fn without_a_base_url_nobody_is_asked() {
        let config = Config::parse("").expect("the defaults");
        assert!(config.prescriptions.source().expect("nothing to read").is_none());
    }

    #[test]
    fn only_tls_and_whole_settings_are_taken() {
        let url = "base_url = \"https://peer.invalid/fhir\"\n";
        assert!(accepted(url));
        assert!(!accepted("base_url = \"http://peer.invalid/fhir\"\n"));
        assert!(!accepted("base_url = \"https://user:word@peer.invalid/fhir\"\n"));
        assert!(Config::parse(&format!("[prescriptions]\n{url}")).is_err(), "no certificate");
        for bad in [
            "connect_ms = 0",
            "connect_ms = 4001",
            "total_ms = 20001",
            "answer_bytes = 0",
            "answer_bytes = 10485761",
            "concurrent = 0",
            "failures = 0",
            "pause_s = 0",
        ] {
            assert!(!accepted(&format!("{url}{bad}\n")), "{bad}");
        }
        assert!(accepted(&format!("{url}total_ms = 20000\nconnect_ms = 20000\n")));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let text = "[prescriptions]\nbase_url = \"https://peer.invalid\"\n\
            certificate_file = \"/nowhere.pem\"\nkey_file = \"b\"\nroots_file = \"c\"\n";
        let config = Config::parse(text).expect("a whole section");
        let error = config.prescriptions.source().expect_err("no such file");
        assert!(format!("{error:#}").contains("certificate_file"), "{error:#}");
    }
}
