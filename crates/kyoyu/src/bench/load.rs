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
use kyoyu_devkit::Client;
use tokio::task::JoinSet;

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
    clients: &[Client],
    requests: Requests,
    seconds: u64,
) -> anyhow::Result<Measured> {
    let next = Arc::new(AtomicUsize::new(0));
    let cpu_before = cpu::used(stage.postmaster());
    let began = Instant::now();
    let until = began + Duration::from_secs(seconds);
    let mut loops = JoinSet::new();
    for client in clients {
        let (client, requests, next) = (client.clone(), Arc::clone(&requests), Arc::clone(&next));
        loops.spawn(async move {
            let mut latencies = Vec::new();
            while Instant::now() < until {
                let position = next.fetch_add(1, Ordering::Relaxed);
                let Some(request) = requests.get(position) else { break };
                let sent = Instant::now();
                let reply = client.send(request).await?;
                ensure!(
                    reply.status.is_success(),
                    "refused: {} {}",
                    reply.status,
                    String::from_utf8_lossy(&reply.body)
                );
                latencies.push(sent.elapsed().as_micros() as u64);
            }
            Ok(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(ended) = loops.join_next().await {
        latencies.extend(ended??);
    }
    let time = began.elapsed();
    let cpu = cpu::used(stage.postmaster()).saturating_sub(cpu_before);
    Ok(Measured::of(latencies, time, cpu))
}

/// Sends `per_second` requests by the clock; a latency counts from the moment at which the
/// request was due.
pub(super) async fn open_loop(
    clients: &[Client],
    requests: Requests,
    per_second: u32,
    time: Duration,
) -> anyhow::Result<Measured> {
    let began = Instant::now();
    let step = Duration::from_secs(1) / per_second;
    let mut sent = JoinSet::new();
    let count = (time.as_secs_f64() * f64::from(per_second)) as u32;
    for number in 0..count {
        let due = began + step * number;
        tokio::time::sleep_until(due.into()).await;
        let client = clients[number as usize % clients.len()].clone();
        let requests = Arc::clone(&requests);
        sent.spawn(async move {
            let reply = client.send(&requests[number as usize % requests.len()]).await?;
            ensure!(
                reply.status.is_success(),
                "refused: {} {}",
                reply.status,
                String::from_utf8_lossy(&reply.body)
            );
            Ok(due.elapsed().as_micros() as u64)
        });
    }
    let mut latencies = Vec::new();
    while let Some(ended) = sent.join_next().await {
        latencies.push(ended??);
    }
    Ok(Measured::of(latencies, began.elapsed(), Duration::ZERO))
}
