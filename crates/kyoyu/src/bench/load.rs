//! 負荷 — closed loops (each connection sends when it is answered) and open loops (requests
//! arrive by the clock, answered or not).

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::ensure;
use kyoyu_devkit::Wire;
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinSet,
};

use super::{Requests, cpu, stage::Stage};

/// What a load came to.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) done: usize,
    time: Duration,
    cpu: Duration,
    /// In microseconds, sorted.
    latencies: Vec<u64>,
}

impl Measured {
    pub(super) fn per_second(&self) -> f64 {
        self.done as f64 / self.time.as_secs_f64()
    }

    pub(super) fn cpu_ms(&self) -> f64 {
        self.cpu.as_secs_f64() * 1000.0 / self.done.max(1) as f64
    }

    pub(super) fn p99_ms(&self) -> f64 {
        self.percentile_ms(0.99)
    }

    pub(super) fn percentile_ms(&self, part: f64) -> f64 {
        let position = (self.latencies.len() as f64 * part) as usize;
        let latency = self.latencies.get(position.min(self.latencies.len().saturating_sub(1)));
        latency.map_or(0.0, |micros| *micros as f64 / 1000.0)
    }

    fn of(mut latencies: Vec<u64>, time: Duration, cpu: Duration) -> Self {
        latencies.sort_unstable();
        Self { done: latencies.len(), time, cpu, latencies }
    }
}

/// Sends requests on every connection, one after another, until the time is over or there
/// are no more.
pub(super) async fn closed_loop(
    stage: &Stage,
    wires: Vec<Wire>,
    requests: Requests,
    seconds: u64,
) -> anyhow::Result<Measured> {
    let next = Arc::new(AtomicUsize::new(0));
    let cpu_before = cpu::used(stage.postmaster());
    let began = Instant::now();
    let time = Duration::from_secs(seconds);
    let mut loops = JoinSet::new();
    for mut wire in wires {
        let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
        loops.spawn(async move {
            let mut latencies = Vec::new();
            while began.elapsed() < time {
                let position = next.fetch_add(1, Ordering::Relaxed);
                let Some(request) = requests.get(position) else { break };
                let sent = Instant::now();
                exchange(&mut wire, request).await?;
                latencies.push(sent.elapsed().as_micros() as u64);
            }
            anyhow::Ok(latencies)
        });
    }
    let latencies = all_of(&mut loops).await?;
    let time = began.elapsed();
    let cpu = cpu::used(stage.postmaster()).saturating_sub(cpu_before);
    Ok(Measured::of(latencies, time, cpu))
}

/// Sends `per_second` requests by the clock, each on the connection that is free first; a
/// latency counts from the moment at which the request was due.
pub(super) async fn open_loop(
    wires: Vec<Wire>,
    requests: Requests,
    per_second: u32,
    time: Duration,
) -> anyhow::Result<Measured> {
    let (due, queue) = mpsc::unbounded_channel::<(Instant, usize)>();
    let queue = Arc::new(Mutex::new(queue));
    let mut loops = JoinSet::new();
    for mut wire in wires {
        let (requests, queue) = (Arc::clone(&requests), Arc::clone(&queue));
        loops.spawn(async move {
            let mut latencies = Vec::new();
            loop {
                let next = queue.lock().await.recv().await;
                let Some((due, number)) = next else { break };
                exchange(&mut wire, &requests[number % requests.len()]).await?;
                latencies.push(due.elapsed().as_micros() as u64);
            }
            anyhow::Ok(latencies)
        });
    }
    let began = Instant::now();
    let step = Duration::from_secs(1) / per_second;
    for number in 0..(time.as_secs_f64() * f64::from(per_second)) as u32 {
        let at = began + step * number;
        tokio::time::sleep_until(at.into()).await;
        if due.send((at, number as usize)).is_err() {
            break;
        }
    }
    drop(due);
    let latencies = all_of(&mut loops).await?;
    Ok(Measured::of(latencies, began.elapsed(), Duration::ZERO))
}

async fn exchange(wire: &mut Wire, request: &[u8]) -> anyhow::Result<()> {
    let (status, body) = wire.exchange(request).await?;
    ensure!((200..300).contains(&status), "refused: {status} {}", String::from_utf8_lossy(body));
    Ok(())
}

async fn all_of(loops: &mut JoinSet<anyhow::Result<Vec<u64>>>) -> anyhow::Result<Vec<u64>> {
    let mut latencies = Vec::new();
    while let Some(ended) = loops.join_next().await {
        latencies.extend(ended??);
    }
    Ok(latencies)
}
