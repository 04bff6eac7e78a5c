//! `kyoyu participant`

use std::{collections::BTreeSet, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Args, Subcommand};
use kyoyu_domain::{
    identifiers::{InstitutionNumber, InsurerNumber},
    participant::{Fingerprint, Issuer, IssuerKey, Role, SignatureAlgorithm},
    prescription::Medium,
};
use kyoyu_service::{NewParticipant, Service};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use sha2::{Digest, Sha256};

use crate::{config::Config, output};

/// Registers participants, their certificates, and token issuers.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    /// Who acts; stands in the audit records.
    #[arg(long, global = true, default_value = "operator")]
    operator: String,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Registers a participant, or adds certificates and institutions to a known one.
    Add {
        /// Its name.
        name: String,
        /// institution, checkup-centre, patient-portal, insurer, eligibility-network,
        /// prescription-service or operator.
        #[arg(long)]
        role: Role,
        /// A client certificate, PEM; several for a rotation.
        #[arg(long = "certificate")]
        certificates: Vec<PathBuf>,
        /// A ten-digit institution number that it acts for; several for an EHR service.
        #[arg(long = "institution")]
        institutions: Vec<InstitutionNumber>,
        /// The eight-digit number of an insurer.
        #[arg(long)]
        insurer: Option<InsurerNumber>,
    },
    /// Lists participants.
    List,
    /// Takes a participant's rights away, at once.
    Disable {
        /// Its name.
        name: String,
    },
    /// Takes one certificate out of use, at once.
    RemoveCertificate {
        /// The certificate, PEM.
        certificate: PathBuf,
    },
    /// Names an institution from now on.
    Name {
        /// Its ten-digit number.
        institution: InstitutionNumber,
        /// Its name.
        name: String,
    },
    /// Lets an institution manage the Bundles of the one that it has succeeded: ask for their
    /// state, change and cancel them.
    Succeed {
        /// The ten-digit number that goes on.
        institution: InstitutionNumber,
        /// The ten-digit number that ended.
        predecessor: InstitutionNumber,
    },
    /// Notes how an institution prescribes from now on. One of which nobody has said anything
    /// counts as prescribing on paper.
    Prescribes {
        /// Its ten-digit number.
        institution: InstitutionNumber,
        /// electronic or paper.
        medium: String,
    },
    /// Registers a token issuer and one of its keys.
    Issuer {
        /// The `iss` of its tokens.
        name: String,
        /// The role of its tokens.
        #[arg(long)]
        role: Role,
        /// The `kid` of the key.
        #[arg(long)]
        kid: String,
        /// ES256 or EdDSA.
        #[arg(long, default_value = "ES256")]
        algorithm: String,
        /// The public key, PEM.
        #[arg(long)]
        public_key: PathBuf,
        /// An institution that its tokens may name.
        #[arg(long = "institution")]
        institutions: Vec<InstitutionNumber>,
    },
}

pub(super) async fn run(
    config: &Config,
    name: &str,
    arguments: Arguments,
) -> anyhow::Result<ExitCode> {
    let (service, connection) = super::open(config, name).await?;
    let done = act(&service, &arguments.operator, arguments.verb).await;
    service.close().await;
    connection.close().await?;
    done.map(|()| ExitCode::SUCCESS)
}

async fn act(service: &Service, operator: &str, verb: Verb) -> anyhow::Result<()> {
    match verb {
        Verb::Add { name, role, certificates, institutions, insurer } => {
            let certificates =
                certificates.iter().map(fingerprint).collect::<anyhow::Result<Vec<_>>>()?;
            let institutions = institutions.into_iter().collect();
            let new = NewParticipant { name, role, insurer, institutions, certificates };
            service.add_participant(operator, &new).await.map_err(refused)?;
            output::line("registered")?;
        }
        Verb::List => list(service).await?,
        Verb::Disable { name } => {
            service.disable_participant(operator, &name).await.map_err(refused)?;
            output::line("disabled")?;
        }
        Verb::RemoveCertificate { certificate } => {
            let fingerprint = fingerprint(&certificate)?;
            service.remove_certificate(operator, &fingerprint).await.map_err(refused)?;
            output::line("removed")?;
        }
        Verb::Name { institution, name } => {
            service.name_institution(operator, institution, &name).await.map_err(refused)?;
            output::line("named")?;
        }
        Verb::Succeed { institution, predecessor } => {
            service.succeed(operator, institution, predecessor).await.map_err(refused)?;
            output::line("noted")?;
        }
        Verb::Prescribes { institution, medium } => {
            let medium =
                Medium::from_code(&medium).context("the medium must be electronic or paper")?;
            service.set_prescribing(operator, institution, medium).await.map_err(refused)?;
            output::line("noted")?;
        }
        Verb::Issuer { name, role, kid, algorithm, public_key, institutions } => {
            let algorithm = SignatureAlgorithm::from_code(&algorithm)
                .context("the algorithm must be ES256 or EdDSA")?;
            let public_pem = std::fs::read_to_string(&public_key)?;
            let institutions: BTreeSet<_> = institutions.into_iter().collect();
            let keys = vec![IssuerKey { kid, algorithm, public_pem }];
            let issuer = Issuer { name, role, keys, institutions };
            service.add_issuer(operator, &issuer).await.map_err(refused)?;
            output::line("registered")?;
        }
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn refused(problem: kyoyu_domain::problem::Problem) -> anyhow::Error {
    output::problem(&problem)
}

/// The SHA-256 of the first certificate in a PEM file.
fn fingerprint(file: &PathBuf) -> anyhow::Result<Fingerprint> {
    let pem = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let leaf = CertificateDer::from_pem_slice(&pem)
        .map_err(|_| anyhow::anyhow!("{} holds no certificate", file.display()))?;
    Ok(Fingerprint(Sha256::digest(&leaf).into()))
}

async fn list(service: &Service) -> anyhow::Result<()> {
    for participant in service.participants().await.map_err(refused)? {
        let institutions: Vec<&str> =
            participant.institutions.iter().map(InstitutionNumber::as_str).collect();
        let until = participant.ends_at.map_or(String::new(), |at| format!(", until {at}"));
        output::line(&format!(
            "{:>5}  {}  {}  {}{until}",
            participant.id,
            participant.role.code(),
            participant.name,
            institutions.join(" "),
        ))?;
    }
    Ok(())
}
