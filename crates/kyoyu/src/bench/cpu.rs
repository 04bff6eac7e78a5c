//! CPU時間 — of this process and of the database server below it.

use std::{fs, time::Duration};

/// Clock ticks per second; fixed on Linux.
const TICKS: u64 = 100;

/// CPU time used so far by this process (server and load generator) and by a postmaster
/// with its children.
pub(super) fn used(postmaster: Option<u32>) -> Duration {
    let own = process("self").map_or(0, |(_, ticks)| ticks);
    let database = postmaster.map_or(0, database);
    Duration::from_millis((own + database) * 1000 / TICKS)
}

fn database(postmaster: u32) -> u64 {
    let Ok(processes) = fs::read_dir("/proc") else { return 0 };
    processes
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        .filter_map(|pid| {
            let (parent, ticks) = process(&pid)?;
            (parent == postmaster || pid == postmaster.to_string()).then_some(ticks)
        })
        .sum()
}

/// The parent and the ticks (own, and of children that have ended) of a process.
fn process(pid: &str) -> Option<(u32, u64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold spaces; what follows the last one does not.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |position: usize| fields.get(position)?.parse::<u64>().ok();
    let ticks = number(11)? + number(12)? + number(13)? + number(14)?;
    Some((u32::try_from(number(1)?).ok()?, ticks))
}

/// Resident memory of this process.
pub(super) fn resident_kb() -> u64 {
    memory_kb("VmRSS:")
}

/// The most that was resident since the peak was forgotten.
pub(super) fn peak_kb() -> u64 {
    memory_kb("VmHWM:")
}

/// Lets the peak begin at what is resident now; where that cannot be done, the peak is one of
/// the whole process and the figure that is made of it too large, never too small.
pub(super) fn forget_peak() {
    if let Err(error) = fs::write("/proc/self/clear_refs", "5") {
        tracing::debug!(%error, "the peak of memory cannot be forgotten");
    }
}

fn memory_kb(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}
