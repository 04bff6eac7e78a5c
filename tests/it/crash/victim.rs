//! 被害者 — what is killed, and what an operator's supervisor does then.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use kyoyu_devkit::Client;
use kyoyu_tests::process::{Installation, Running, children, is_alive, signal, until};
use rand::{Rng, rngs::StdRng};
use rustix::process::Signal;

/// 被害者 — what is killed with signal 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Victim {
    /// `kyoyu serve`
    Gateway,
    /// The postmaster alone; its children notice.
    Postmaster,
    /// The postmaster and everything below it.
    Tree,
    /// One process that serves a connection.
    Backend,
    /// `kyoyu work`
    Worker,
    /// Everything at once, as when the power fails.
    All,
}

impl Victim {
    const ALL: [Self; 6] =
        [Self::Gateway, Self::Postmaster, Self::Tree, Self::Backend, Self::Worker, Self::All];

    /// Each in turn at first, so that a short run has them all; then any.
    pub(super) fn drawn(cycle: u64, dice: &mut StdRng) -> Self {
        let in_turn = usize::try_from(cycle).ok().and_then(|cycle| Self::ALL.get(cycle));
        in_turn.copied().unwrap_or_else(|| Self::ALL[dice.random_range(0..Self::ALL.len())])
    }
}

/// 現場 — the processes of one installation.
pub(super) struct Site<'a> {
    installation: &'a Installation,
    gateway: Option<Running>,
    worker: Option<Running>,
    /// Where the gateway is now.
    pub(super) address: SocketAddr,
    /// The longest time from the start of `serve` until it took connections.
    pub(super) slowest_start: Duration,
}

impl<'a> Site<'a> {
    /// Starts gateway and worker.
    pub(super) async fn open(installation: &'a Installation) -> Self {
        let mut gateway = installation.start(&["serve"]);
        let address = gateway.ready().await;
        let worker = Some(installation.start(&["work"]));
        let slowest_start = Duration::ZERO;
        Self { installation, gateway: Some(gateway), worker, address, slowest_start }
    }

    /// A client of the gateway that runs now.
    pub(super) fn client(&self) -> Client {
        self.installation.client("ehr", self.address, 4)
    }

    /// Kills, and starts again what an operator's supervisor would start again.
    pub(super) async fn kill(&mut self, victim: Victim, dice: &mut StdRng) {
        let postmaster = self.installation.awaited_postmaster().await;
        match victim {
            Victim::Gateway => self.kill_gateway(),
            Victim::Postmaster => signal(postmaster, Signal::KILL),
            Victim::Tree => kill_tree(postmaster),
            Victim::Backend => kill_backend(postmaster, dice),
            Victim::Worker => self.kill_worker(),
            Victim::All => {
                kill_tree(postmaster);
                self.kill_gateway();
                self.kill_worker();
            }
        }
        if matches!(victim, Victim::Postmaster | Victim::Tree | Victim::All) {
            until("the postmaster's end", || (!is_alive(postmaster)).then_some(())).await;
        }
        if self.gateway.is_none() {
            self.start_gateway().await;
        }
        if self.worker.is_none() {
            self.worker = Some(self.installation.start(&["work"]));
        }
    }

    async fn start_gateway(&mut self) {
        let began_at = Instant::now();
        let mut gateway = self.installation.start(&["serve"]);
        self.address = gateway.ready().await;
        self.gateway = Some(gateway);
        self.slowest_start = self.slowest_start.max(began_at.elapsed());
    }

    fn kill_gateway(&mut self) {
        self.gateway.take().expect("it runs between kills").kill();
    }

    fn kill_worker(&mut self) {
        self.worker.take().expect("it runs between kills").kill();
    }

    /// Ends both in order.
    pub(super) async fn close(self) {
        for mut running in [self.worker, self.gateway].into_iter().flatten() {
            running.terminate();
            let status = running.ended().await;
            assert!(status.success(), "{status}: {}", running.log());
        }
    }
}

fn kill_tree(postmaster: u32) {
    let below = children(postmaster);
    signal(postmaster, Signal::KILL);
    for (pid, _) in below {
        signal(pid, Signal::KILL);
    }
}

/// One that serves the program; without any, something of the server's own.
fn kill_backend(postmaster: u32, dice: &mut StdRng) {
    let below = children(postmaster);
    let ours: Vec<_> = below.iter().filter(|(_, title)| title.contains("kyoyu_app")).collect();
    if !ours.is_empty() {
        signal(ours[dice.random_range(0..ours.len())].0, Signal::KILL);
    }
}
