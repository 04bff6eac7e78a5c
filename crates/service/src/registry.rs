//! 参加者の控え — the participants in memory, as of at most one interval ago.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, RwLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use kyoyu_domain::{
    identifiers::InstitutionNumber,
    participant::{Fingerprint, Issuer, Participant, Role},
    prescription::Medium,
};
use kyoyu_store::{Error, Store, registry};

/// The participants, shared by all requests.
#[derive(Debug, Clone)]
pub(crate) struct Directory(Arc<RwLock<Arc<Snapshot>>>);

#[derive(Debug)]
struct Snapshot {
    version: i64,
    now: DateTime<Utc>,
    by_certificate: HashMap<Fingerprint, Arc<Participant>>,
    by_number: HashMap<i32, Arc<Participant>>,
    names: HashMap<InstitutionNumber, BTreeMap<DateTime<Utc>, Arc<str>>>,
    prescribing: HashMap<InstitutionNumber, BTreeMap<DateTime<Utc>, Medium>>,
    issuers: HashMap<String, Arc<Issuer>>,
}

impl Directory {
    pub(crate) async fn load(store: &Store) -> Result<Self, Error> {
        let snapshot = Snapshot::load(store).await?;
        Ok(Self(Arc::new(RwLock::new(Arc::new(snapshot)))))
    }

    /// Looks for changes at every interval until the last holder is gone.
    pub(crate) fn follow(&self, store: &Store, interval: Duration) {
        let (shared, store) = (Arc::downgrade(&self.0), store.clone());
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(interval);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let Some(directory) = shared.upgrade().map(Directory) else { return };
                let refreshed = directory.refresh(&store).await;
                if store.is_closed() {
                    return;
                }
                if let Err(error) = refreshed {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the participants could not be looked at"
                    );
                }
            }
        });
    }

    /// Reads everything again if anything has changed; rights also begin and end by time.
    async fn refresh(&self, store: &Store) -> Result<(), Error> {
        if registry::version(store).await? != self.snapshot().version {
            return self.reload(store).await;
        }
        let now = store.now().await?;
        let mut shared = self.0.write().expect("no holder of the lock panics");
        let former = &**shared;
        *shared = Arc::new(Snapshot {
            version: former.version,
            now,
            by_certificate: former.by_certificate.clone(),
            by_number: former.by_number.clone(),
            names: former.names.clone(),
            prescribing: former.prescribing.clone(),
            issuers: former.issuers.clone(),
        });
        Ok(())
    }

    pub(crate) async fn reload(&self, store: &Store) -> Result<(), Error> {
        let snapshot = Snapshot::load(store).await?;
        *self.0.write().expect("no holder of the lock panics") = Arc::new(snapshot);
        Ok(())
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0.read().expect("no holder of the lock panics"))
    }

    pub(crate) fn participant(&self, fingerprint: &Fingerprint) -> Option<Arc<Participant>> {
        let snapshot = self.snapshot();
        let participant = snapshot.by_certificate.get(fingerprint)?;
        participant.in_force(snapshot.now).then(|| Arc::clone(participant))
    }

    /// A participant by its number, if its rights hold now.
    pub(crate) fn participant_by_number(&self, number: i32) -> Option<Arc<Participant>> {
        let snapshot = self.snapshot();
        let participant = snapshot.by_number.get(&number)?;
        participant.in_force(snapshot.now).then(|| Arc::clone(participant))
    }

    /// 利用状況 — whether some participant acts for the institution now, and it does more than
    /// checkups.
    pub(crate) fn takes_part(&self, number: InstitutionNumber) -> bool {
        let snapshot = self.snapshot();
        let acts = |one: &Arc<Participant>| {
            one.role == Role::Institution
                && !number.is_checkup_centre()
                && one.institutions.contains(&number)
                && one.in_force(snapshot.now)
        };
        snapshot.by_number.values().any(acts)
    }

    pub(crate) fn issuer(&self, name: &str) -> Option<Arc<Issuer>> {
        self.snapshot().issuers.get(name).cloned()
    }

    /// 医療機関名 — the name of an institution as of an instant; its first name for
    /// anything earlier, and the number for an institution that was never named.
    pub(crate) fn institution_name(
        &self,
        number: InstitutionNumber,
        at: DateTime<Utc>,
    ) -> Arc<str> {
        let snapshot = self.snapshot();
        let Some(names) = snapshot.names.get(&number) else { return Arc::from(number.as_str()) };
        let name = names.range(..=at).next_back().or_else(|| names.iter().next());
        name.map_or_else(|| Arc::from(number.as_str()), |(_, name)| Arc::clone(name))
    }

    /// 処方の方式 — how an institution prescribes as of an instant; on paper as long as nobody
    /// has said otherwise.
    pub(crate) fn prescribes(&self, number: InstitutionNumber, at: DateTime<Utc>) -> Medium {
        let snapshot = self.snapshot();
        let dated = snapshot.prescribing.get(&number);
        let latest = dated.and_then(|dated| dated.range(..=at).next_back());
        latest.map_or(Medium::Paper, |(_, medium)| *medium)
    }
}

impl Snapshot {
    async fn load(store: &Store) -> Result<Self, Error> {
        let now = store.now().await?;
        let registry = registry::load(store).await?;
        let by_number: HashMap<i32, Arc<Participant>> = registry
            .participants
            .into_iter()
            .map(|(id, participant)| (id, Arc::new(participant)))
            .collect();
        let by_certificate = registry
            .certificates
            .into_iter()
            .filter_map(|(fingerprint, id)| Some((fingerprint, Arc::clone(by_number.get(&id)?))))
            .collect();
        let dated = |names: BTreeMap<DateTime<Utc>, String>| {
            names.into_iter().map(|(from, name)| (from, Arc::from(name))).collect()
        };
        let names = registry.institution_names.into_iter().map(|(id, names)| (id, dated(names)));
        let issuers = registry.issuers.into_iter().map(|(name, issuer)| (name, Arc::new(issuer)));
        Ok(Self {
            version: registry.version,
            now,
            by_certificate,
            by_number,
            names: names.collect(),
            prescribing: registry.prescribing,
            issuers: issuers.collect(),
        })
    }
}
