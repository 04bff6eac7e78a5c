//! The use cases, one file each: the only place where policy, checking and storage meet.
//!
//! Every public method of [`Service`] leaves exactly one audit record, also when it
//! refuses.

mod access_log;
mod administer;
mod announce;
mod assemble;
mod caller;
mod cancel;
mod change;
mod consent;
mod cursor;
mod eligibility;
mod failure;
mod identify;
mod import;
mod letter;
mod place;
mod prescriptions;
mod preview;
mod purge;
mod query;
mod read;
mod read_patient;
mod register;
mod registry;
mod search;
mod signature;
mod status;
mod traffic;
mod undo;
mod validate;

use std::{fmt, num::NonZeroUsize, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use kyoyu_domain::{
    audit::{Action, Actor, AuditEvent, Outcome},
    catalogue::Kind,
    identifiers::PersonKey,
    letter::ConsentPattern,
    participant::{Fingerprint, Issuer, Participant},
    problem::Problem,
    retention::RetentionPolicy,
};
use kyoyu_profile::{Limits, validator::Validator};
use kyoyu_store::{Store, audit::Recorder};
use tokio::sync::Semaphore;

pub use access_log::{Access, AccessLog};
pub use administer::NewParticipant;
pub use assemble::Assembled;
pub use caller::{Caller, Token};
pub use consent::ConsentAnswer;
pub use eligibility::{Asking, Eligibility, NoEligibilityPeer};
pub use import::{
    ImportLine, ImportOptions, ImportStart, ImportTurns, OutcomePage, Tidied, Upload, Worked,
};
pub use letter::{Answered, ByteRange, Inbox, Part, Received};
pub use prescriptions::{AskingPrescriptions, Prescribed, PrescriptionSource, Question, Unasked};
pub use preview::{Preview, PreviewLine};
pub use purge::{
    CertificateKey, Plan, PurgeOptions, PurgeStatus, Run, RunOutcome, certificate_is_signed_by,
};
pub use query::{SearchQuery, SentBy};
pub use read::Whole;
pub use register::{Accepted, Sent};
pub use search::{Found, SearchPage};
pub use signature::{SharedTrust, verify_now};
pub use status::SubmissionsPage;
pub use traffic::{Traffic, Waiting};

use crate::{failure::Failure, import::Bells, registry::Directory};

/// What the use cases need besides the store.
#[derive(Debug, Clone)]
pub struct Options {
    /// Limits of what is sent.
    pub limits: Limits,
    /// The profiles that what is sent has to conform to.
    pub validator: Arc<Validator>,
    /// The retention policy.
    pub retention: RetentionPolicy,
    /// What is taken of documents.
    pub documents: DocumentOptions,
    /// Whose electronic signatures are believed.
    pub signatures: SharedTrust,
    /// 再登録 — whether registering a known Bundle identifier again changes it
    /// (`submit.last_wins`).
    pub last_wins: bool,
    /// Key of the cursors; servers behind one address share it.
    pub cursor_key: [u8; 32],
    /// How the purge works.
    pub purge: PurgeOptions,
    /// How often the participants are looked at for changes.
    pub registry_interval: Duration,
    /// How much is taken in bulk.
    pub imports: ImportOptions,
}

/// 文書の方針 — what is taken of documents and how consent to letters is obtained
/// (`[documents]`).
#[derive(Debug, Clone)]
pub struct DocumentOptions {
    /// The ways of obtaining consent that are open besides the oral one.
    pub consent_patterns: Vec<ConsentPattern>,
    /// Whether a discharge summary may follow its referral.
    pub later_discharge_summary: bool,
    /// Whether checkup reports may carry attachments.
    pub checkup_attachments: bool,
    /// 抽出 — the kinds that are extracted of letters.
    pub extracted: Vec<&'static Kind>,
}

/// 外部サービス — whom the use cases ask.
#[derive(Debug, Clone)]
pub struct Peers {
    /// Who knows persons that were never announced.
    pub eligibility: Arc<dyn Eligibility>,
    /// Who knows what was prescribed electronically; none: it is not configured.
    pub prescriptions: Option<Arc<dyn PrescriptionSource>>,
}

impl Default for Peers {
    /// Nobody: only announced persons are known, and prescriptions are said not to be asked for.
    fn default() -> Self {
        Self { eligibility: Arc::new(NoEligibilityPeer), prescriptions: None }
    }
}

/// 共有サービス — the use cases.
#[derive(Clone)]
pub struct Service {
    store: Store,
    recorder: Recorder,
    directory: Directory,
    eligibility: Arc<dyn Eligibility>,
    prescriptions: Option<Arc<dyn PrescriptionSource>>,
    options: Arc<Options>,
    /// So many bodies are checked at once.
    checks: Arc<Semaphore>,
    /// Who has to wait for something.
    traffic: Traffic,
    bells: Arc<Bells>,
}

impl fmt::Debug for Service {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Service").finish_non_exhaustive()
    }
}

impl Service {
    /// Starts the service on a store: reads the participants, and looks for changes of
    /// them from then on.
    ///
    /// # Errors
    /// When the participants cannot be read.
    pub async fn start(
        store: Store,
        peers: Peers,
        options: Options,
    ) -> Result<Self, kyoyu_store::Error> {
        let directory = Directory::load(&store).await?;
        directory.follow(&store, options.registry_interval);
        let recorder = Recorder::start(&store);
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let checks = Arc::new(Semaphore::new(threads));
        let options = Arc::new(options);
        let Peers { eligibility, prescriptions } = peers;
        let (traffic, bells) = (Traffic::default(), Arc::default());
        Ok(Self {
            store,
            recorder,
            directory,
            eligibility,
            prescriptions,
            options,
            checks,
            traffic,
            bells,
        })
    }

    /// The participant to whom a certificate belongs, if its rights hold now.
    pub fn participant(&self, fingerprint: &Fingerprint) -> Option<Arc<Participant>> {
        self.directory.participant(fingerprint)
    }

    /// Where those count themselves who have to wait: work in bulk then stands back.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// The token issuer with this name.
    pub fn issuer(&self, name: &str) -> Option<Arc<Issuer>> {
        self.directory.issuer(name)
    }

    /// Looks at the participants now instead of at the next interval.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn reload_participants(&self) -> Result<(), kyoyu_store::Error> {
        self.directory.reload(&self.store).await
    }

    /// Lets go of the database; nothing can be asked afterwards.
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// Whether the database answers.
    pub async fn is_ready(&self) -> bool {
        self.store.ping().await.is_ok()
    }

    /// Records a refusal that happened before a use case was reached.
    pub async fn refuse(&self, actor: &Actor, action: Action, problem: &Problem) {
        let event = AuditEvent::refused(actor, action, problem.rule().code);
        self.record_or_log(event).await;
    }

    /// Records that a caller was throttled so many times since the last such record.
    pub async fn throttled(&self, actor: &Actor, times: u32) {
        let mut event =
            AuditEvent::refused(actor, Action::Unknown, kyoyu_domain::rules::THROTTLED.code);
        event.outcome = Outcome::Refused { rule: kyoyu_domain::rules::THROTTLED.code, times };
        self.record_or_log(event).await;
    }

    /// Records a call that has no use case of its own.
    ///
    /// # Errors
    /// [`kyoyu_domain::rules::UNAVAILABLE`] when the record could not be written.
    pub async fn used(&self, actor: &Actor, action: Action) -> Result<(), Problem> {
        let event = AuditEvent::done(actor, action, 0);
        self.recorder.record(None, event).await.map_err(failure::problem_of)
    }

    async fn record_or_log(&self, event: AuditEvent) {
        if let Err(error) = self.recorder.record(None, event).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a refusal could not be recorded"
            );
        }
    }

    /// Ends a use case: a refusal gets its record here, a success has written its own.
    async fn concluded<T>(
        &self,
        caller: &Caller,
        action: Action,
        person: Option<PersonKey>,
        outcome: Result<T, Failure>,
    ) -> Result<T, Problem> {
        let problem = match outcome {
            Ok(done) => return Ok(done),
            Err(failure) => failure.into_problem(),
        };
        let mut event = AuditEvent::refused(&caller.actor(), action, problem.rule().code);
        event.person = person;
        self.record_or_log(event).await;
        Err(problem)
    }

    /// Records a read; only then may its result leave the service.
    async fn record_read(&self, at: DateTime<Utc>, event: AuditEvent) -> Result<(), Failure> {
        Ok(self.recorder.record(Some(at), event).await?)
    }
}
