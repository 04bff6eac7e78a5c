//! 削除証明書 — what a run deleted, signed; it names no patient and holds no content.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use kyoyu_domain::rules;
use kyoyu_store::{
    Tx,
    purge::{self, Plan, Tombstone},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::failure::Failure;

/// 証明鍵 — the Ed25519 key that signs certificates; never printed.
#[derive(Clone)]
pub struct CertificateKey(SigningKey);

impl CertificateKey {
    /// A key from its 32 secret bytes.
    pub fn from_bytes(secret: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// The public part, for those who check certificates.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }
}

impl fmt::Debug for CertificateKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("CertificateKey(<redacted>)")
    }
}

/// A certificate and its signature.
pub(super) struct Certificate {
    pub(super) text: String,
    pub(super) signature: [u8; 64],
}

/// 根 — what a certificate says of the tombstones: each batch's, in the order of their
/// versions, hashed onto those of the batches before it. Who has the tombstones of a run, by
/// the instants of their deletion, can compute it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Root([u8; 32]);

impl Root {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The root after one more batch.
    pub(super) fn after(self, stones: &[Tombstone]) -> Self {
        let mut hash = Sha256::new_with_prefix(self.0);
        for stone in stones {
            hash.update(stone.submission.bucket.number().to_be_bytes());
            hash.update(stone.submission.uuid.as_bytes());
            hash.update(&stone.sha256);
            hash.update((stone.counts.len() as u64).to_be_bytes());
            hash.update(&stone.counts);
            hash.update([u8::from(stone.complete)]);
        }
        Self(hash.finalize().into())
    }
}

/// Writes the certificate of a run that has done its last batch.
pub(super) async fn write(
    tx: &mut Tx,
    run: Uuid,
    plan: &Plan,
    key: &CertificateKey,
) -> Result<Certificate, Failure> {
    let done = purge::find_run(tx, run).await?.ok_or(&rules::INTERNAL)?;
    let text = format!(
        "{{\"run\":\"{run}\",\"plan\":\"{}\",\"policyVersion\":{},\"dueThrough\":\"{}\",\
         \"endedAt\":\"{}\",\"resources\":{},\"segments\":{},\
         \"tombstones\":{},\"planned\":\"{}\",\"root\":\"{}\"}}",
        plan.plan,
        plan.policy_version,
        plan.due_through,
        tx.now().to_rfc3339(),
        done.resources,
        done.segments,
        done.tombstones,
        plan.counts,
        hex(&done.root),
    );
    let signature = key.0.sign(text.as_bytes()).to_bytes();
    Ok(Certificate { text, signature })
}

/// Whether a certificate was signed by the key with this public part.
pub fn certificate_is_signed_by(public: &[u8; 32], text: &str, signature: &[u8]) -> bool {
    let Ok(public) = VerifyingKey::from_bytes(public) else { return false };
    let Ok(signature) = Signature::from_slice(signature) else { return false };
    public.verify(text.as_bytes(), &signature).is_ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_certificate_is_not_signed() {
        let key = CertificateKey::from_bytes(&[3; 32]);
        let signature = key.0.sign(b"18 resources").to_bytes();
        assert!(certificate_is_signed_by(&key.public(), "18 resources", &signature));
        assert!(!certificate_is_signed_by(&key.public(), "19 resources", &signature));
        assert!(!certificate_is_signed_by(&[9; 32], "18 resources", &signature));
    }
}
