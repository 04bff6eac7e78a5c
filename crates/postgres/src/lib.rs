//! 専用データベース — a private Postgres server that Kyoyu starts, watches and stops.
//!
//! The server is made from the installed binaries, keeps its own data directory, listens
//! on a unix socket that only its user can reach, and asks the kernel who is calling
//! (peer authentication). Nothing here speaks SQL to a running server: the roles and the
//! database are made once, in single-user mode, before the directory gets its name.
//!
//! Several processes may use one server. Each holds a shared lock next to the data
//! directory; whoever leaves last stops the server. The kernel drops the lock of a killed
//! process, so a server that was left behind is taken over by the next process.

mod binaries;
mod error;
mod identity;
mod initialise;
mod locks;
mod plan;
mod postmaster;
mod scratch;
mod server;
mod settings;

pub use error::Error;
pub use scratch::Scratch;
pub use server::{Options, PrivatePostgres, default_data_dir};
pub use settings::Durability;

/// The role that owns the database, creates its tables and, in tests, whole databases.
pub const OWNER_ROLE: &str = "kyoyu_owner";
/// The role that the service works as; it owns nothing.
pub const APP_ROLE: &str = "kyoyu_app";
/// The superuser's role, for backup and repair.
pub const SUPERUSER_ROLE: &str = "postgres";
/// The database that initialisation creates.
pub const DATABASE: &str = "kyoyu";
