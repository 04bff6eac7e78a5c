//! 監査記録 — who did what, for whom, why, and how it ended.
//!
//! Every call leaves exactly one record; refusals too. Source: design §1.

use crate::{
    catalogue::Kind,
    coded::coded,
    identifiers::{InstitutionNumber, PersonKey},
    policy::Purpose,
};

/// 操作 — what was asked for. The code is permanent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// 登録
    Register,
    /// 変更
    Change,
    /// 取消
    Cancel,
    /// 取消UNDO
    Undo,
    /// 検査
    Validate,
    /// 試読
    Preview,
    /// 照会
    Status,
    /// 一括登録の受付
    Import,
    /// 一括登録の照会
    ImportStatus,
    /// 一括登録の取消
    CancelImport,
    /// 検索
    Search,
    /// 一件の閲覧
    Read,
    /// 文書の取得
    Receive,
    /// 添付の閲覧
    ReadAttachment,
    /// 文書の同意・不同意
    AnswerLetter,
    /// 利用状況確認
    LookUp,
    /// 個人の閲覧
    ReadPatient,
    /// 個人の通知
    Announce,
    /// 同意の登録・撤回
    Consent,
    /// 提供機能の照会
    Metadata,
    /// 削除
    Purge,
    /// 参加者・方針の管理
    Administer,
    /// 監査記録の閲覧
    ReadAudit,
    /// Nothing that the service offers.
    Unknown,
}

impl Action {
    /// Every action with its code and how a patient reads it.
    pub const ALL: &[(Self, &str, &str)] = &[
        (Self::Register, "register", "登録"),
        (Self::Change, "change", "変更"),
        (Self::Cancel, "cancel", "取消"),
        (Self::Undo, "undo", "取消の取りやめ"),
        (Self::Validate, "validate", "検査"),
        (Self::Preview, "preview", "登録前の表示確認"),
        (Self::Status, "status", "登録状況の照会"),
        (Self::Import, "import", "一括登録の受付"),
        (Self::ImportStatus, "import-status", "一括登録の照会"),
        (Self::CancelImport, "cancel-import", "一括登録の取消"),
        (Self::Search, "search", "閲覧"),
        (Self::Read, "read", "閲覧（一件）"),
        (Self::Receive, "receive", "文書の取得"),
        (Self::ReadAttachment, "read-attachment", "添付の閲覧"),
        (Self::AnswerLetter, "answer-letter", "文書の同意・不同意"),
        (Self::LookUp, "look-up", "医療機関の利用状況確認"),
        (Self::ReadPatient, "read-patient", "本人情報の閲覧"),
        (Self::Announce, "announce", "資格情報の通知"),
        (Self::Consent, "consent", "同意の登録・撤回"),
        (Self::Metadata, "metadata", "提供機能の照会"),
        (Self::Purge, "purge", "保存期間による削除"),
        (Self::Administer, "administer", "管理操作"),
        (Self::ReadAudit, "read-audit", "閲覧履歴の照会"),
        (Self::Unknown, "unknown", "不明な操作"),
    ];
}

coded!(Action);

/// 結果 — how the call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was done; how many resources were shown, stored or deleted.
    Done {
        /// How many.
        resources: u32,
    },
    /// It was refused by the rule with this code.
    Refused {
        /// The rule's code.
        rule: &'static str,
        /// How many refusals the record stands for: throttled calls share one.
        times: u32,
    },
}

/// 操作者 — who called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Actor {
    /// The participant; none when the certificate is nobody's.
    pub participant: Option<i32>,
    /// The institution that it acted for.
    pub institution: Option<InstitutionNumber>,
    /// The person at the terminal, as the token names one.
    pub user: Option<String>,
    /// The person's qualification, as the token names it.
    pub qualification: Option<String>,
    /// Why.
    pub purpose: Option<Purpose>,
}

/// 監査記録 — one record, before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Who.
    pub actor: Actor,
    /// For whom.
    pub person: Option<PersonKey>,
    /// What.
    pub action: Action,
    /// Which kinds.
    pub kinds: Vec<&'static Kind>,
    /// How it ended.
    pub outcome: Outcome,
}

impl AuditEvent {
    /// The record of something done.
    pub fn done(actor: &Actor, action: Action, resources: usize) -> Self {
        let resources = u32::try_from(resources).unwrap_or(u32::MAX);
        Self {
            actor: actor.clone(),
            person: None,
            action,
            kinds: Vec::new(),
            outcome: Outcome::Done { resources },
        }
    }

    /// The record of a refusal.
    pub fn refused(actor: &Actor, action: Action, rule: &'static str) -> Self {
        Self {
            actor: actor.clone(),
            person: None,
            action,
            kinds: Vec::new(),
            outcome: Outcome::Refused { rule, times: 1 },
        }
    }

    /// Names the patient.
    #[must_use]
    pub fn about(mut self, person: PersonKey) -> Self {
        self.person = Some(person);
        self
    }

    /// Names the kinds.
    #[must_use]
    pub fn of_kinds(mut self, kinds: Vec<&'static Kind>) -> Self {
        self.kinds = kinds;
        self
    }
}
