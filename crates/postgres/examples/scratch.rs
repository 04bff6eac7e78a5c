//! Runs a command with a database of its own: `scratch -- COMMAND [ARGUMENT…]`.
//!
//! The command finds an empty database in `DATABASE_URL`, as its owner. When it ends, the
//! server and its data are gone.

use std::{
    error::Error,
    os::unix::process::ExitStatusExt,
    process::{ExitCode, ExitStatus},
};

use kyoyu_postgres::{DATABASE, OWNER_ROLE, Scratch};
use tokio::process::Command;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).skip_while(|argument| argument == "--");
    let program = arguments.next().ok_or("usage: scratch -- COMMAND [ARGUMENT...]")?;
    let scratch = Scratch::start().await?;
    let status = Command::new(program)
        .args(arguments)
        .env("DATABASE_URL", scratch.server().url(OWNER_ROLE, DATABASE))
        .kill_on_drop(true)
        .status();
    let status = tokio::select! {
        status = status => status?,
        // The command hears the interrupt of the terminal too; here it is for cleaning up.
        interrupt = tokio::signal::ctrl_c() => interrupt.map(|()| ExitStatus::from_raw(2))?,
    };
    scratch.stop().await?;
    Ok(status.code().map_or(ExitCode::FAILURE, |code| ExitCode::from(code as u8)))
}
