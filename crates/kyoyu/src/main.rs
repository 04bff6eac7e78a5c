//! 電子カルテ情報共有サービス — the command line.

use std::process::ExitCode;

use clap::Parser;
use kyoyu::commands::Arguments;
use mimalloc::MiMalloc;

/// A request is thousands of small allocations, on whichever thread goes on with it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    match runtime.block_on(arguments.run()) {
        Ok(code) => code,
        Err(error) => failed(&error),
    }
}

#[expect(clippy::print_stderr, reason = "the command line tells its user why it failed")]
fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("kyoyu: {error:#}");
    ExitCode::FAILURE
}
