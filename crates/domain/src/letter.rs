//! 文書授受 — the exchange of letters: who may see one, and how its state moves.
//!
//! A letter has exactly one addressee. It becomes readable (閲覧可) by the patient's consent,
//! waits for it (閲覧保留), and is received (取得済) once and for ever.
//!
//! Source: S10.3; design §6.

use chrono::{DateTime, Utc};

use crate::{
    catalogue::Kind,
    coded::coded,
    identifiers::{BundleIdentifier, InstitutionNumber, PersonKey, SubmissionId},
    problem::Rule,
    retention, rules,
};

/// 同意の取得方法 — how the patient's consent to a letter is obtained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConsentPattern {
    /// 口頭同意 — orally where the letter is written; it comes with the registration.
    Oral,
    /// マイナポータル — later, in the patient portal.
    Portal,
    /// 顔認証付きカードリーダー — at the addressee's card reader.
    CardReader,
}

impl ConsentPattern {
    /// Every pattern with its code.
    pub const ALL: &[(Self, &str)] =
        &[(Self::Oral, "oral"), (Self::Portal, "portal"), (Self::CardReader, "card-reader")];

    /// The code.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|row| row.0 == self).expect("every pattern has a row").1
    }

    /// The pattern of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == code).map(|row| row.0)
    }
}

/// 授受状態 — where a letter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LetterState {
    /// 閲覧保留 — the patient has not answered.
    Held,
    /// 閲覧保留（不同意）— the patient has refused; the answer can be changed.
    Refused,
    /// 閲覧可 — the addressee may receive it.
    Readable,
    /// 取得済 — the addressee has received it.
    Received,
}

impl LetterState {
    /// Every state with its code and the name that the service has for it.
    pub const ALL: &[(Self, &str, &str)] = &[
        (Self::Held, "held", "閲覧保留"),
        (Self::Refused, "refused", "閲覧保留（不同意）"),
        (Self::Readable, "readable", "閲覧可"),
        (Self::Received, "received", "取得済"),
    ];

    /// The first state of a letter: an oral consent opens it at once.
    pub fn first(pattern: Option<ConsentPattern>) -> Self {
        if pattern == Some(ConsentPattern::Oral) { Self::Readable } else { Self::Held }
    }

    /// What an event makes of the state.
    ///
    /// # Errors
    /// [`rules::LETTER_RECEIVED`] for everything that would take a received letter back;
    /// [`rules::NOT_FOUND`] for receiving what is not readable: the addressee must not learn
    /// that it exists.
    pub fn after(self, event: LetterEvent) -> Result<Self, &'static Rule> {
        match (self, event) {
            (Self::Readable | Self::Received, LetterEvent::Receive) => Ok(Self::Received),
            (Self::Held | Self::Refused, LetterEvent::Receive) => Err(&rules::NOT_FOUND),
            (Self::Received, _) => Err(&rules::LETTER_RECEIVED),
            (_, LetterEvent::Permit) => Ok(Self::Readable),
            (_, LetterEvent::Refuse) => Ok(Self::Refused),
            (state, LetterEvent::Replace | LetterEvent::Cancel) => Ok(state),
        }
    }
}

coded!(LetterState);

/// 出来事 — what can happen to a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LetterEvent {
    /// 同意 — the patient permits.
    Permit,
    /// 不同意 — the patient refuses.
    Refuse,
    /// 取得 — the addressee receives it.
    Receive,
    /// 変更 — the sender replaces it.
    Replace,
    /// 取消 — the sender cancels it.
    Cancel,
}

/// 文書の授受 — what the service knows of a letter beside its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The version of the Bundle.
    pub submission: SubmissionId,
    /// About whom.
    pub person: PersonKey,
    /// Referral or discharge summary.
    pub kind: &'static Kind,
    /// The Bundle identifier; its first part is the sender.
    pub identifier: BundleIdentifier,
    /// 紹介先
    pub addressee: InstitutionNumber,
    /// The referral that a discharge summary follows.
    pub belongs_to: Option<SubmissionId>,
    /// How consent is to be obtained, where the sender has said so.
    pub pattern: Option<ConsentPattern>,
    /// Where it stands.
    pub state: LetterState,
    /// When it was registered.
    pub registered_at: DateTime<Utc>,
    /// Since when the addressee may see it.
    pub visible_at: Option<DateTime<Utc>>,
    /// When the addressee received it.
    pub received_at: Option<DateTime<Utc>>,
    /// When the sender cancelled it, if it is cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
}

impl Letter {
    /// 紹介元
    pub fn sender(&self) -> InstitutionNumber {
        self.identifier.institution()
    }

    /// Whether it is there at `now`: neither cancelled nor at its end.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.cancelled_at.is_none()
            && !retention::is_over(self.kind, self.registered_at, self.received_at, now)
    }

    /// Whether its addressee sees it at `now`.
    pub fn is_visible(&self, now: DateTime<Utc>) -> bool {
        self.is_live(now) && matches!(self.state, LetterState::Readable | LetterState::Received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_states_move_as_the_table_says_and_no_other_way() {
        use LetterEvent::{Cancel, Permit, Receive, Refuse, Replace};
        use LetterState::{Held, Readable, Received, Refused};
        let (not_found, received) = (Err(&rules::NOT_FOUND), Err(&rules::LETTER_RECEIVED));
        let table = [
            (Held, [(Permit, Ok(Readable)), (Refuse, Ok(Refused)), (Receive, not_found)]),
            (Refused, [(Permit, Ok(Readable)), (Refuse, Ok(Refused)), (Receive, not_found)]),
            (Readable, [(Permit, Ok(Readable)), (Refuse, Ok(Refused)), (Receive, Ok(Received))]),
            (Received, [(Permit, received), (Refuse, received), (Receive, Ok(Received))]),
        ];
        for (state, moves) in table {
            for (event, expected) in moves {
                assert_eq!(state.after(event), expected, "{state:?} {event:?}");
            }
            let taken_back = if state == Received { received } else { Ok(state) };
            for event in [Replace, Cancel] {
                assert_eq!(state.after(event), taken_back, "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn only_an_oral_consent_opens_a_letter_at_once() {
        assert_eq!(LetterState::first(Some(ConsentPattern::Oral)), LetterState::Readable);
        for pattern in [None, Some(ConsentPattern::Portal), Some(ConsentPattern::CardReader)] {
            assert_eq!(LetterState::first(pattern), LetterState::Held);
        }
    }
}
