//! 実演 — the whole life of shared data through the public API over mutual TLS: registered,
//! refused, read within consent, withheld, corrected, cancelled, expired, deleted.
//!
//! Every step tells what was sent and answered, and holds what the service says against
//! what it must say, on the bytes that came back. The first thing that does not hold ends
//! the story and is named.
//!
//! A story is played once in a world: give each run a world of its own (another seed) or a
//! database of its own.

mod cast;
mod checks;
mod consent;
mod desk;
mod hints;
mod narrator;
mod receipt;
mod scene;
mod script;
mod stage;
mod steps;

use std::net::SocketAddr;

use anyhow::Result;
use kyoyu_synth::World;

pub use self::{
    cast::{Cast, CastIssuer, Party},
    checks::Failure,
    consent::Visit,
    hints::{Hint, Hints},
    narrator::Narrator,
    stage::{Backstage, Doing, PurgeReport},
    steps::Step,
};
use self::{checks::Unmet, scene::Scene};
use crate::{Pki, PrescriptionStandIn, hpki::SigningCard};

/// 舞台設定 — where the story is played.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// The synthetic institutions and persons.
    pub world: World,
    /// The gateway.
    pub address: SocketAddr,
    /// What tokens are for (`listener.token_audience`).
    pub audience: &'a str,
    /// Certificates and the issuers' keys.
    pub pki: &'a Pki,
    /// 電子処方箋管理サービスの代役, which the service asks.
    pub prescriptions: &'a PrescriptionStandIn,
    /// 医師の署名用カード — signs the letter; the service believes its root.
    pub card: &'a SigningCard,
    /// How many persons are announced before the patient and a relative.
    pub persons: u64,
    /// 故意の失敗 — a step that is made to expect something wrong.
    pub sabotage: Option<Step>,
}

/// 結果 — how far the story went.
#[derive(Debug)]
pub struct Outcome {
    /// The steps of which everything held, in order.
    pub held: Vec<Step>,
    /// What did not hold, if anything.
    pub failure: Option<Failure>,
    /// Commands to try, when all held.
    pub hints: Option<Hints>,
}

impl Outcome {
    /// Whether everything held.
    pub fn all_held(&self) -> bool {
        self.failure.is_none()
    }
}

/// 上演 — plays the story. The parties of [`Cast::of`] must be registered before.
///
/// # Errors
/// When it cannot begin: certificates that cannot be made, a clock that cannot be read.
/// Everything that goes wrong later is the outcome's failure.
pub async fn play(
    setup: &Setup<'_>,
    stage: &dyn Backstage,
    out: &mut Narrator<'_>,
) -> Result<Outcome> {
    let mut scene = Scene::open(setup, stage, out).await?;
    let mut held = Vec::new();
    for step in Step::ALL {
        scene.begin(*step);
        if let Err(error) = steps::play(*step, &mut scene).await {
            let failure = Failure { step: *step, what: Unmet::describe(&error) };
            scene.out.failed(&failure);
            return Ok(Outcome { held, failure: Some(failure), hints: None });
        }
        held.push(*step);
    }
    scene.out.end(held.len());
    Ok(Outcome { held, failure: None, hints: Some(Hints::of(scene)) })
}
