//! 世代ごとの実装ガイド — one guide in every generation that a claim may name.
//!
//! The generation that counts where none is named is compiled at the start, the others when
//! the first claim names them: most services never see them, and each costs as much as the
//! first one. They share its terminology.

use std::{fmt, sync::OnceLock};

use super::Guide;
use crate::{generation::Generation, json::Value, package::Package};

/// The packages of a guide, R4 core first and the guide itself, as published, last.
pub type Packages = Box<dyn Fn() -> Vec<Package> + Send + Sync>;

/// 世代ごとの実装ガイド — a guide, in one or in every generation.
pub struct Generations {
    first: Guide,
    first_is: Generation,
    /// In the order of [`Generation::ALL`]; the first one's place stays empty.
    others: [OnceLock<Guide>; Generation::ALL.len()],
    /// None: there is only the first.
    again: Option<Packages>,
}

impl Generations {
    /// A guide that judges every claim, whichever version it names.
    pub fn only(guide: Guide) -> Self {
        Self::new(guide, Generation::default(), None)
    }

    /// JP-CLINS in every generation. `packages` are compiled now, in the generation that
    /// counts where none is named; `again` is asked for them when a claim names another one.
    pub fn load(packages: &[&Package], unnamed: Generation, again: Packages) -> Self {
        Self::new(Guide::load_generation(packages, unnamed), unnamed, Some(again))
    }

    /// Whether a package is the one whose later generations are known.
    pub fn are_of(package: &Package) -> bool {
        package.name == "jp-eCSCLINS.r4" && package.version == Generation::default().version()
    }

    fn new(first: Guide, first_is: Generation, again: Option<Packages>) -> Self {
        Self { first, first_is, others: Default::default(), again }
    }

    /// The guide as it is where no generation is named.
    pub fn unnamed(&self) -> &Guide {
        &self.first
    }

    /// The guide in the generation that a document names.
    pub(super) fn guide_for(&self, root: Value<'_>) -> &Guide {
        let Some(again) = &self.again else { return &self.first };
        let generation = Generation::named(root).unwrap_or(self.first_is);
        if generation == self.first_is {
            return &self.first;
        }
        self.others[generation as usize].get_or_init(|| {
            let packages = again();
            self.first.in_generation(&packages.iter().collect::<Vec<_>>(), generation)
        })
    }
}

impl fmt::Debug for Generations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = self.others.iter().filter(|own| own.get().is_some()).count();
        let mut text = formatter.debug_struct("Generations");
        text.field("first_is", &self.first_is).field("others", &others).finish_non_exhaustive()
    }
}
