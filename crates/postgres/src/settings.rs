//! What the server is told.

use std::fmt::Write;

use crate::{APP_ROLE, OWNER_ROLE, SUPERUSER_ROLE, identity::Identity};

/// 耐久性 — whether what was committed must survive a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// It must. The only choice for data that anybody wants back.
    #[default]
    Durable,
    /// It need not: the cluster of a test that does not test crashes. Nothing is flushed,
    /// and the server ends when the process that started it does.
    Disposable,
}

/// Settings of every server, whatever its configuration file says. They stand on the
/// command line, where neither an edited file nor `alter system` can weaken them.
const ALWAYS: &[(&str, &str)] = &[
    ("listen_addresses", ""),
    ("port", "5432"),
    ("unix_socket_permissions", "0700"),
    ("wal_level", "replica"),
    ("shared_buffers", "256MB"),
    ("max_wal_size", "2GB"),
    ("max_connections", "100"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("lc_messages", "C"),
    ("password_encryption", "scram-sha-256"),
    ("jit", "off"),
    ("statement_timeout", "30s"),
    ("lock_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "60s"),
    // Patient data must not reach the server's log: no statements, no parameters, and no
    // DETAIL lines, which quote the values of a violated key.
    ("log_destination", "stderr"),
    ("logging_collector", "off"),
    ("log_min_messages", "warning"),
    ("log_min_error_statement", "panic"),
    ("log_error_verbosity", "terse"),
    ("log_parameter_max_length", "0"),
    ("log_parameter_max_length_on_error", "0"),
    ("log_statement", "none"),
    ("log_min_duration_statement", "-1"),
    ("log_checkpoints", "off"),
];

/// All settings in order; a later one wins.
pub(crate) fn all(
    durability: Durability,
    wal_compression: &str,
    extra: &[(String, String)],
) -> Vec<(String, String)> {
    let flush = match durability {
        Durability::Durable => "on",
        Durability::Disposable => "off",
    };
    let chosen = [
        ("fsync", flush),
        ("full_page_writes", flush),
        ("synchronous_commit", flush),
        ("wal_compression", wal_compression),
    ];
    let ours = ALWAYS.iter().copied().chain(chosen);
    let ours = ours.map(|(name, value)| (name.to_owned(), value.to_owned()));
    ours.chain(extra.iter().cloned()).collect()
}

/// Who may log in: our own user, the server's, and root, who could become either; each
/// only through the socket and only as the roles that we made.
pub(crate) fn access_file() -> &'static str {
    "# Written by Kyoyu at every start.\n\
     local all all peer map=kyoyu\n\
     local replication all peer map=kyoyu\n"
}

/// The map that [`access_file`] names.
pub(crate) fn identity_file(identity: &Identity) -> String {
    let mut users = vec!["root", &identity.ours.name, &identity.servers.name];
    users.sort_unstable();
    users.dedup();
    let mut text = "# Written by Kyoyu at every start.\n".to_owned();
    for user in users {
        for role in [SUPERUSER_ROLE, OWNER_ROLE, APP_ROLE] {
            writeln!(text, "kyoyu \"{user}\" {role}").expect("a String takes everything");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_durable_server_flushes_and_a_callers_setting_wins_over_ours() {
        let extra = [("shared_buffers".to_owned(), "1GB".to_owned())];
        let settings = all(Durability::Durable, "on", &extra);
        let last = |name: &str| {
            settings.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
        };
        assert_eq!(last("fsync"), Some("on"));
        assert_eq!(last("full_page_writes"), Some("on"));
        assert_eq!(last("synchronous_commit"), Some("on"));
        assert_eq!(last("shared_buffers"), Some("1GB"));
    }

    #[test]
    fn nobody_is_trusted() {
        assert!(!access_file().contains("trust"));
        assert!(access_file().lines().skip(1).all(|line| line.starts_with("local ")));
    }
}
