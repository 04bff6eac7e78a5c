//! 再送の方針 — when the same bytes are sent again.

use std::{io, time::Duration};

use kyoyu_domain::randomness::{Randomness, SystemRandomness};
use rustls::AlertDescription;

/// 再送の方針 — after a lost connection, 429 and 503 the same request is sent again.
///
/// The wait is what `Retry-After` says, or else a random part of a limit that doubles with
/// every attempt: clients that lost the service together do not come back together.
#[derive(Debug, Clone)]
pub struct RetryPolicy {
    /// How often a request is sent at most.
    pub attempts: u32,
    /// The limit of the first wait.
    pub first_wait: Duration,
    /// The longest wait; a server that asks for more ends the attempts.
    pub longest_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 6,
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// Sends once.
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// How long to wait after an attempt; none: there is no point in waiting.
    pub(super) fn wait_before(
        &self,
        attempt: u32,
        asked_to_wait: Option<Duration>,
    ) -> Option<Duration> {
        if let Some(asked) = asked_to_wait {
            return (asked <= self.longest_wait).then(|| asked + part_of(self.first_wait));
        }
        let doubled = self.first_wait.saturating_mul(1 << (attempt - 1).min(16));
        let limit = doubled.min(self.longest_wait);
        Some(limit / 2 + part_of(limit / 2))
    }
}

/// Whether an attempt failed because one side does not believe the other's certificate:
/// sending again cannot help.
pub(super) fn is_hopeless(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        // An I/O error does not count what it wraps among its causes.
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let wrapped = wrapped.and_then(|inner| inner.downcast_ref::<rustls::Error>());
        wrapped.or_else(|| cause.downcast_ref()).is_some_and(is_about_certificates)
    })
}

fn is_about_certificates(error: &rustls::Error) -> bool {
    use AlertDescription as Alert;
    match error {
        rustls::Error::InvalidCertificate(_) => true,
        rustls::Error::AlertReceived(alert) => matches!(
            alert,
            Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::CertificateRequired
                | Alert::UnknownCA
                | Alert::AccessDenied
        ),
        _ => false,
    }
}

/// A random part of a time.
fn part_of(limit: Duration) -> Duration {
    let [byte, ..] = SystemRandomness.bytes();
    limit * u32::from(byte) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_not_believed_is_not_sent_again() {
        let received = |alert| {
            let tls = io::Error::other(rustls::Error::AlertReceived(alert));
            is_hopeless(&anyhow::Error::from(tls).context("the connection was lost"))
        };
        assert!(received(AlertDescription::CertificateRequired));
        assert!(received(AlertDescription::CertificateExpired));
        assert!(!received(AlertDescription::InternalError));
        assert!(!is_hopeless(&io::Error::from(io::ErrorKind::ConnectionReset).into()));
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let policy = RetryPolicy {
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(8),
            ..RetryPolicy::default()
        };
        for (attempt, limit) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (40, 8)] {
            let wait = policy.wait_before(attempt, None).expect("a wait");
            let limit = Duration::from_secs(limit);
            assert!(wait >= limit / 2 && wait <= limit, "{attempt}: {wait:?}");
        }
    }

    #[test]
    fn what_the_server_asks_for_is_kept_unless_it_is_too_long() {
        let policy = RetryPolicy::default();
        let asked = Duration::from_secs(7);
        assert!(policy.wait_before(1, Some(asked)).expect("a wait") >= asked);
        assert_eq!(policy.wait_before(1, Some(Duration::from_hours(1))), None);
    }
}
