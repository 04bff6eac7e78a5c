//! 場 — what all steps share: who is there, what is known so far, how something is checked.

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use kyoyu_domain::{clock::japan_day, consent::ConsentCategory, identifiers::InstitutionNumber};

use super::{
    Backstage, Cast, Narrator, Setup, Step,
    checks::Unmet,
    consent::Visit,
    desk::Desk,
    receipt::Receipt,
    script::{Parcel, Script},
};
use crate::Reply;

/// 場
pub(super) struct Scene<'s, 'n, 'w> {
    pub(super) setup: &'s Setup<'s>,
    pub(super) stage: &'s dyn Backstage,
    pub(super) out: &'n mut Narrator<'w>,
    pub(super) cast: Cast,
    pub(super) script: Script,
    pub(super) desks: Desks,
    pub(super) known: Known,
    step: Step,
}

/// Everybody who asks or sends.
pub(super) struct Desks {
    pub(super) hospital: Desk,
    /// 紹介先のシステム
    pub(super) clinic: Desk,
    pub(super) doctor: Desk,
    pub(super) pharmacist: Desk,
    pub(super) insurer: Desk,
    pub(super) patient: Desk,
    pub(super) relative: Desk,
    pub(super) eligibility: Desk,
}

/// What the steps have found out.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) lab: Option<Receipt>,
    pub(super) conditions: Option<Receipt>,
    pub(super) allergies: Option<Receipt>,
    /// `Patient/<key>`.
    pub(super) patient: String,
    pub(super) visits: u32,
    /// How many searches of the doctor were answered.
    pub(super) doctors_searches: usize,
}

impl<'s, 'n, 'w> Scene<'s, 'n, 'w> {
    pub(super) async fn open(
        setup: &'s Setup<'s>,
        stage: &'s dyn Backstage,
        out: &'n mut Narrator<'w>,
    ) -> Result<Self> {
        let cast = Cast::of(&setup.world)?;
        let script = Script::of(&setup.world, stage.now().await?)?;
        let user = |party, subject, qualification| {
            Desk::user(setup, &cast, party, subject, Some(qualification))
        };
        let portal = || Desk::user(setup, &cast, &cast.portal, "myna-user", None);
        let desks = Desks {
            hospital: Desk::system(setup, &cast.hospital)?,
            clinic: Desk::system(setup, &cast.clinic)?,
            doctor: user(&cast.clinic, "dr-b-001", "doctor")?,
            pharmacist: user(&cast.pharmacy, "ph-c-001", "pharmacist")?,
            insurer: user(&cast.insurer, "clerk-001", "clerk")?,
            patient: portal()?.for_patient(&script.patient.identifier),
            relative: portal()?.for_patient(&script.relative.identifier),
            eligibility: Desk::system(setup, &cast.eligibility)?,
        };
        let (known, step) = (Known::default(), Step::Announce);
        Ok(Self { setup, stage, out, cast, script, desks, known, step })
    }

    pub(super) fn begin(&mut self, step: Step) {
        self.step = step;
        self.out.step(step);
    }

    /// Tells the answer and holds its status against the wanted one.
    pub(super) fn expect(&mut self, reply: &Reply, wanted: u16, what: &str) -> Result<()> {
        // A status that no service answers: whatever is right, this is wrong.
        let wanted = if self.setup.sabotage == Some(self.step) { 299 } else { wanted };
        let got = reply.status.as_u16();
        let rule = reply.rule().map(|rule| format!("  {rule}")).unwrap_or_default();
        self.out.answered(&format!("{got}{rule}  {what}"));
        if got == wanted {
            return Ok(());
        }
        let body = String::from_utf8_lossy(&reply.body);
        let beginning: String = body.chars().take(600).collect();
        bail!(Unmet(format!("{what}: status {wanted}, got {got}: {beginning}")))
    }

    /// Tells the answer and holds its rule against the wanted one.
    pub(super) fn expect_rule(
        &mut self,
        reply: &Reply,
        (status, rule): (u16, &str),
        what: &str,
    ) -> Result<()> {
        self.expect(reply, status, what)?;
        let got = reply.rule().unwrap_or_default();
        if got == rule {
            return Ok(());
        }
        bail!(Unmet(format!("{what}: rule {rule}, got {got}")))
    }

    /// Something that must hold.
    pub(super) fn must(&mut self, holds: bool, japanese: &str, english: &str) -> Result<()> {
        if holds {
            self.out.held(japanese, english);
            return Ok(());
        }
        bail!(Unmet(format!("{japanese} — {english}")))
    }

    /// 登録 — the hospital registers a Bundle.
    pub(super) async fn register(&mut self, what: &str, parcel: &Parcel) -> Result<Receipt> {
        let bytes = parcel.body.len();
        let identifier = parcel.identifier.value();
        self.out.sent(&format!("POST /fhir/Bundle  {what}  {identifier}（{bytes} bytes）"));
        let reply = self.desks.hospital.post("/fhir/Bundle", parcel.body.clone()).await?;
        self.expect(&reply, 201, "登録 registered")?;
        let receipt = Receipt::of(&reply)?;
        self.out.detail(&format!("受付番号 receipt {}", receipt.id));
        for kind in &receipt.kinds {
            self.out.detail(&kind.text());
        }
        Ok(receipt)
    }

    /// 閲覧 — the doctor searches all of a type of the patient.
    pub(super) async fn doctor_reads(&mut self, resource_type: &str) -> Result<Reply> {
        let path = format!("/fhir/{resource_type}?patient={}&_count=500", self.known.patient);
        self.out.sent(&format!("GET {path}  （診療所の医師 — doctor at B）"));
        let reply = self.desks.doctor.get(&path).await?;
        self.known.doctors_searches += usize::from(reply.status.is_success());
        Ok(reply)
    }

    /// The patient's number as a search parameter: `system|value`.
    pub(super) fn patient_parameter(&self) -> String {
        let identifier = &self.script.patient.identifier;
        format!("{}|{}", identifier.system().uri(), identifier.value().expose())
    }

    /// The doctor searches by the insured number.
    pub(super) async fn search_by_number(&mut self, resource_type: &str) -> Result<Reply> {
        let patient = self.patient_parameter();
        let path = format!("/fhir/{resource_type}/_search");
        let search = [("patient:identifier", patient.as_str())];
        let reply = self.desks.doctor.search(&path, &search).await?;
        self.known.doctors_searches += usize::from(reply.status.is_success());
        Ok(reply)
    }

    /// 来院 — the patient comes to the clinic and allows it to read everything.
    pub(super) async fn comes_to_clinic(&mut self) -> Result<()> {
        let everything: Vec<_> = ConsentCategory::ALL.iter().map(|row| row.0).collect();
        let visit = self.next_visit()?;
        self.out.aside("患者が来院し、新しい同意を登録", "the patient comes, a new consent");
        let reply = self.desks.eligibility.post("/fhir/Consent", visit.allows(&everything)).await?;
        self.expect(&reply, 201, "同意 consent")
    }

    /// A consent with a number of its own.
    pub(super) fn next_visit(&mut self) -> Result<Visit> {
        self.known.visits += 1;
        self.visit()
    }

    /// The latest consent.
    pub(super) fn visit(&self) -> Result<Visit> {
        let patient = self.script.patient.identifier.clone();
        Ok(Visit { number: self.known.visits, patient, institution: self.clinic_number()? })
    }

    pub(super) fn clinic_number(&self) -> Result<InstitutionNumber> {
        self.cast.clinic.institution.context("the clinic has a number")
    }

    /// Moves the service's clock to a day in Japan.
    pub(super) async fn travel_to(&mut self, day: NaiveDate) -> Result<()> {
        let today = japan_day(self.stage.now().await?);
        let days = (day - today).num_days();
        self.stage.move_clock(days).await?;
        self.out
            .aside(&format!("時計を{days}日進めて {day}"), &format!("the clock moves {days} days"));
        Ok(())
    }
}

/// A receipt of an earlier step.
pub(super) fn earlier(receipt: Option<&Receipt>) -> Result<Receipt> {
    receipt.cloned().context("an earlier step has registered it")
}
