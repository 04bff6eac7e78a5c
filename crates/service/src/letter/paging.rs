//! 頁送り — where a page of a list of letters begins, and where the next one does.

use chrono::{DateTime, Utc};
use kyoyu_domain::{identifiers::PersonKey, letter::Letter, rules};
use kyoyu_store::letter;
use uuid::Uuid;

use super::query::InboxQuery;
use crate::{
    Caller,
    cursor::{self, Binding, Position},
    failure::Failure,
};

/// 頁送り — holds for one caller, one query, and one person where only that person's letters are
/// listed.
pub(super) struct Paging<'a> {
    key: &'a [u8; 32],
    wanted: &'a InboxQuery,
    binding: Binding,
    now: DateTime<Utc>,
}

impl<'a> Paging<'a> {
    pub(super) fn new(
        key: &'a [u8; 32],
        caller: &Caller,
        (wanted, person): (&'a InboxQuery, Option<PersonKey>),
        now: DateTime<Utc>,
    ) -> Self {
        let institution = caller.actor().institution.map(|number| number.to_string());
        let person = person.map(|person| person.to_string());
        let binding = Binding::of(&[
            b"DocumentReference",
            &caller.participant.id.to_be_bytes(),
            institution.as_deref().unwrap_or_default().as_bytes(),
            person.as_deref().unwrap_or_default().as_bytes(),
            wanted.bound.as_bytes(),
        ]);
        Self { key, wanted, binding, now }
    }

    /// The place behind which the page begins.
    ///
    /// # Errors
    /// [`rules::CURSOR`] for one of another list.
    pub(super) fn after(&self) -> Result<Option<letter::Position>, Failure> {
        let Some(cursor) = &self.wanted.cursor else { return Ok(None) };
        let found = cursor::read(self.key, &self.binding, cursor, self.now)?;
        let at = DateTime::from_timestamp_micros(found.at_micros).ok_or(&rules::CURSOR)?;
        Ok(Some((at, Uuid::from_u128(found.tie))))
    }

    /// How many letters to look for: one more than are shown tells whether more follow.
    pub(super) fn limit(&self) -> i64 {
        self.wanted.count as i64 + 1
    }

    /// Cuts what was found to a page; the cursor of the next one, if there is more. `sorted_by`
    /// is the instant that the list goes by.
    pub(super) fn cut(
        &self,
        letters: &mut Vec<Letter>,
        sorted_by: impl FnOnce(&Letter) -> Option<DateTime<Utc>>,
    ) -> Option<String> {
        let more = letters.len() > self.wanted.count;
        letters.truncate(self.wanted.count);
        let last = letters.last().filter(|_| more)?;
        let at_micros = sorted_by(last)?.timestamp_micros();
        let position = Position { at_micros, tie: last.submission.uuid.as_u128() };
        Some(cursor::write(self.key, &self.binding, position, self.now))
    }
}
