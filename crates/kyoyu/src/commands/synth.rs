//! `kyoyu synth`

use std::{io::Write, process::ExitCode};

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, ValueEnum};
use kyoyu_synth::{DocumentKind, Seed, SynthBundle, World, WorldSize};

/// Writes synthetic Bundles as NDJSON; every person in them is invented.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The same seed writes the same Bundles.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many.
    #[arg(long, default_value_t = 10)]
    bundles: u64,
    /// What they carry.
    #[arg(long, value_enum, default_value_t = Kind::Collection)]
    kind: Kind,
    /// Resources in each collection; the realistic mix when not given.
    #[arg(long)]
    resources: Option<usize>,
    /// Persons to choose from.
    #[arg(long, default_value_t = 1000)]
    persons: u64,
    /// When the first is sent (RFC 3339); each next one a minute later.
    #[arg(long, default_value = "2026-04-01T09:00:00+09:00")]
    from: DateTime<Utc>,
}

/// 種類 — what `--kind` may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Laboratory results, diseases or allergies.
    Collection,
    /// 診療情報提供書: letters, some with attachments or a nested discharge summary.
    Referral,
    /// 退院時サマリー
    DischargeSummary,
    /// 患者サマリー
    PatientSummary,
    /// 健康診断結果報告書
    Checkup,
}

impl Kind {
    /// The document; none for collections.
    fn document(self) -> Option<DocumentKind> {
        match self {
            Self::Collection => None,
            Self::Referral => Some(DocumentKind::Referral),
            Self::DischargeSummary => Some(DocumentKind::DischargeSummary),
            Self::PatientSummary => Some(DocumentKind::PatientSummary),
            Self::Checkup => Some(DocumentKind::Checkup),
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let size = WorldSize { institutions: 50, persons: arguments.persons };
    let world = World::new(Seed(arguments.seed), size);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut write = |bundle: SynthBundle| writeln!(out, "{}", bundle.json);
    let at = |index: u64| arguments.from + TimeDelta::minutes(index as i64);
    if let Some(kind) = arguments.kind.document() {
        for index in 0..arguments.bundles {
            write(world.document(kind, index, at(index)).bundle)?;
        }
    } else if let Some(resources) = arguments.resources {
        for index in 0..arguments.bundles {
            write(world.bundle(index, resources, at(index)).1)?;
        }
    } else {
        let until = at(arguments.bundles);
        for sent in world.submissions(0, (arguments.from, until), arguments.bundles) {
            write(sent.bundle)?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
