//! 場面 — the steps of the story, in order; one file each.

mod access_log;
mod announce;
mod bulk;
mod cancel;
mod change;
mod consent;
mod expire;
mod letter;
mod mix_up;
mod portal;
mod register;
mod revoke;
mod summaries;

use std::str::FromStr;

use anyhow::{Context, Result};

use super::scene::Scene;

/// 場面 — a step of the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// 舞台 — persons are announced.
    Announce,
    /// 登録 — a hospital sends; what is wrong is refused with its repair.
    Register,
    /// 同意 — no consent, partial consent, full consent.
    Consent,
    /// 本人 — the patient reads without what must stay hidden.
    Portal,
    /// 取り違え — another person's data is out of reach.
    MixUp,
    /// 変更 — a correction, to the last digit.
    Change,
    /// 取消 — cancelled and restored.
    Cancel,
    /// 紹介状 — held, permitted, received.
    Letter,
    /// 健診文書・患者サマリー — each read by those whom it is for.
    Summaries,
    /// 一括登録 — years of checkups in one file, over a connection that breaks.
    Bulk,
    /// 撤回 — the consent is revoked.
    Revoke,
    /// 期限 — invisible on the day, deleted without remains.
    Expire,
    /// 閲覧履歴 — who looked.
    AccessLog,
}

impl Step {
    /// Every step, in order.
    pub const ALL: &[Self] = &[
        Self::Announce,
        Self::Register,
        Self::Consent,
        Self::Portal,
        Self::MixUp,
        Self::Change,
        Self::Cancel,
        Self::Letter,
        Self::Summaries,
        Self::Bulk,
        Self::Revoke,
        Self::Expire,
        Self::AccessLog,
    ];

    /// The step's name on a command line.
    pub fn code(self) -> &'static str {
        match self {
            Self::Announce => "announce",
            Self::Register => "register",
            Self::Consent => "consent",
            Self::Portal => "portal",
            Self::MixUp => "mix-up",
            Self::Change => "change",
            Self::Cancel => "cancel",
            Self::Letter => "letter",
            Self::Summaries => "summaries",
            Self::Bulk => "bulk",
            Self::Revoke => "revoke",
            Self::Expire => "expire",
            Self::AccessLog => "access-log",
        }
    }

    /// What happens, in Japanese and English.
    pub fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::Announce => ("登場人物と資格情報", "the cast, and persons announced"),
            Self::Register => ("病院が登録する", "a hospital registers"),
            Self::Consent => ("同意の範囲で医師が読む", "a doctor reads within consent"),
            Self::Portal => ("本人がマイナポータルで読む", "the patient reads through the portal"),
            Self::MixUp => ("患者の取り違えは通らない", "a mix-up does not pass"),
            Self::Change => ("検査値を訂正する", "a result is corrected"),
            Self::Cancel => ("取消と取消UNDO", "cancelled, then restored"),
            Self::Letter => ("紹介状が届く", "a letter arrives"),
            Self::Summaries => ("健診文書と患者サマリー", "a checkup report, a patient summary"),
            Self::Bulk => ("過去五年分を一括登録する", "five years of checkups come in bulk"),
            Self::Revoke => ("同意を撤回する", "the consent is revoked"),
            Self::Expire => ("期限が来て削除される", "the day comes and the data goes"),
            Self::AccessLog => ("だれが見たか", "who looked"),
        }
    }
}

impl FromStr for Step {
    type Err = anyhow::Error;

    fn from_str(code: &str) -> Result<Self> {
        let step = Self::ALL.iter().copied().find(|step| step.code() == code);
        step.with_context(|| {
            let codes: Vec<&str> = Self::ALL.iter().map(|step| step.code()).collect();
            format!("there is no step {code}; the steps are {}", codes.join(", "))
        })
    }
}

/// Plays one step.
pub(super) async fn play(step: Step, scene: &mut Scene<'_, '_, '_>) -> Result<()> {
    match step {
        Step::Announce => announce::play(scene).await,
        Step::Register => register::play(scene).await,
        Step::Consent => consent::play(scene).await,
        Step::Portal => portal::play(scene).await,
        Step::MixUp => mix_up::play(scene).await,
        Step::Change => change::play(scene).await,
        Step::Cancel => cancel::play(scene).await,
        Step::Letter => letter::play(scene).await,
        Step::Summaries => summaries::play(scene).await,
        Step::Bulk => bulk::play(scene).await,
        Step::Revoke => revoke::play(scene).await,
        Step::Expire => expire::play(scene).await,
        Step::AccessLog => access_log::play(scene).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_found_by_its_code_and_numbered_in_order() {
        for (position, step) in Step::ALL.iter().enumerate() {
            assert_eq!(step.code().parse::<Step>().expect("a step"), *step);
            assert_eq!(*step as usize, position);
        }
        assert!("curtain".parse::<Step>().is_err());
    }
}
