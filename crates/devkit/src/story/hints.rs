//! 試し方 — commands to try against the demonstration while it stays up.

use std::time::Duration;

use anyhow::Result;

use super::{desk::Desk, scene::Scene};
use crate::Pki;

/// 試し方 — commands, and the tokens that they read from files.
#[derive(Debug)]
pub struct Hints {
    /// The commands, to be given one after the other in one shell.
    pub commands: Vec<Hint>,
    doctor: Desk,
    patient: Desk,
}

/// 一例 — one command with what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// What it shows, in Japanese.
    pub japanese: &'static str,
    /// The same in English.
    pub english: &'static str,
    /// A line for the shell.
    pub command: String,
}

impl Hints {
    /// How often [`Hints::write_tokens`] must be called: tokens live five minutes.
    pub const TOKENS_EVERY: Duration = Duration::from_mins(2);

    pub(super) fn of(scene: Scene<'_, '_, '_>) -> Self {
        let commands = commands(&scene);
        Self { commands, doctor: scene.desks.doctor, patient: scene.desks.patient }
    }

    /// Writes fresh tokens beside the certificates: `doctor.jwt` and `patient.jwt`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_tokens(&self, pki: &Pki) -> Result<()> {
        for (name, desk) in [("doctor", &self.doctor), ("patient", &self.patient)] {
            if let Some(token) = desk.token()? {
                pki.keep_token(name, &token)?;
            }
        }
        Ok(())
    }
}

fn commands(scene: &Scene<'_, '_, '_>) -> Vec<Hint> {
    let patient = &scene.known.patient;
    let clinic = scene.cast.clinic.certificate;
    let hospital = scene.cast.hospital.certificate;
    let portal = scene.cast.portal.certificate;
    let hint = |japanese, english, command| Hint { japanese, english, command };
    vec![
        hint("証明書のある場所で", "where the certificates are", change_directory(scene)),
        hint(
            "医師が傷病名を読む（同意は直近の来院から24時間）",
            "the doctor reads conditions, for 24 hours after the last visit",
            curl(scene, clinic, Some("doctor"), &format!("/fhir/Condition?patient={patient}")),
        ),
        hint(
            "医師が検査を読む",
            "the doctor reads results",
            curl(scene, clinic, Some("doctor"), &format!("/fhir/Observation?patient={patient}")),
        ),
        hint(
            "本人が読む：未告知は見えない",
            "the patient reads: nothing that was not told",
            curl(scene, portal, Some("patient"), "/fhir/Condition"),
        ),
        hint(
            "本人が閲覧履歴を見る",
            "the patient's access log",
            curl(scene, portal, Some("patient"), "/fhir/AuditEvent"),
        ),
        hint(
            "病院が送信状況を照会する",
            "the hospital asks for the state of what it sent",
            curl(scene, hospital, None, "/fhir/Bundle/$submissions"),
        ),
        hint("提供機能", "what is offered", curl(scene, hospital, None, "/fhir/metadata")),
        hint(
            "証明書なしではTLSで断られる",
            "without a certificate TLS refuses",
            format!("curl -sSw '\\n' --cacert root.pem {}", url(scene, "/fhir/metadata")),
        ),
    ]
}

fn change_directory(scene: &Scene<'_, '_, '_>) -> String {
    let directory = scene.setup.pki.directory();
    format!("cd '{}'", directory.map_or_else(|| ".".into(), |path| path.display().to_string()))
}

fn curl(scene: &Scene<'_, '_, '_>, who: &str, token: Option<&str>, path: &str) -> String {
    let bearer = token.map(|token| format!(" -H \"Authorization: Bearer $(cat {token}.jwt)\""));
    let bearer = bearer.unwrap_or_default();
    let url = url(scene, path);
    format!("curl -sSw '\\n' --cacert root.pem --cert {who}.pem --key {who}.key{bearer} {url}")
}

/// In single quotes: `$` and `?` are for the service and not for the shell.
fn url(scene: &Scene<'_, '_, '_>, path: &str) -> String {
    format!("'https://{}{path}'", scene.setup.address)
}
