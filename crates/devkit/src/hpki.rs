//! 開発用HPKI — a healthcare PKI for development: a root, an intermediate authority, signing
//! certificates that name a qualification, revocation lists, and signatures of documents.
//!
//! Its shape follows HPKI: the signer's certificate is for non-repudiation only, names no
//! extended usage, has a critical policy and carries hcRole in
//! `subjectDirectoryAttributes` (ISO 17090).

mod authority;
mod card;
mod cms;
mod document;

pub use self::{
    authority::{Hpki, RevocationDates, RevokedCard},
    card::{CardKey, CardPlan, SigningCard},
    cms::{CmsDraft, CmsHash, Padding},
    document::{Container, MemberPlace, Signing, sign_document},
};
