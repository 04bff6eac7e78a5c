//! 同梱 — what the product ships: R4, JP Core, JP-CLINS and eCheckup as tables.

mod files;

use super::{
    Package, snapshot,
    table::{self, Invariants},
};

/// The packages that the product ships.
#[derive(Debug)]
pub struct Shipped {
    /// FHIR R4 4.0.1.
    pub r4: Package,
    /// JP Core 1.1.2.
    pub jp_core: Package,
    /// JP-CLINS 1.10.0.
    pub clins: Package,
    /// eCheckup 1.5.0.
    pub checkup: Package,
}

/// The tables of one package.
struct Tables {
    name: &'static str,
    version: &'static str,
    definitions: &'static [&'static str],
    code_systems: &'static [&'static str],
    value_sets: &'static [&'static str],
    naming_systems: &'static [&'static str],
}

impl Shipped {
    /// The packages of the clinical guide, in the order of dependence.
    pub fn clinical(&self) -> [&Package; 3] {
        [&self.r4, &self.jp_core, &self.clins]
    }

    /// The packages of the checkup guide, in the order of dependence.
    pub fn checkup(&self) -> [&Package; 3] {
        [&self.r4, &self.jp_core, &self.checkup]
    }
}

impl Package {
    /// Reads the tables that are part of the program. What both guides build on is complete
    /// already.
    pub fn shipped() -> Shipped {
        let mut shipped = read_tables();
        snapshot::complete_package(&mut shipped.r4, &[]);
        snapshot::complete_package(&mut shipped.jp_core, &[&shipped.r4]);
        shipped
    }
}

fn read_tables() -> Shipped {
    let invariants = Invariants::read(files::INVARIANTS);
    let read = |tables: &Tables| package(tables, &invariants);
    // R4 is as much as all others together.
    let (r4, others) = std::thread::scope(|scope| {
        let others = scope.spawn(|| [&files::JP_CORE, &files::CLINS, &files::CHECKUP].map(read));
        (read(&files::R4), others.join().expect("reading does not panic"))
    });
    let [jp_core, clins, checkup] = others;
    Shipped { r4, jp_core, clins, checkup }
}

fn package(tables: &Tables, invariants: &Invariants<'static>) -> Package {
    let definitions = tables.definitions.iter();
    Package {
        name: tables.name.to_owned(),
        version: tables.version.to_owned(),
        definitions: definitions.flat_map(|text| table::definitions(text, invariants)).collect(),
        code_systems: tables.code_systems.iter().flat_map(|t| table::code_systems(t)).collect(),
        value_sets: tables.value_sets.iter().flat_map(|text| table::value_sets(text)).collect(),
        naming_systems: tables
            .naming_systems
            .iter()
            .flat_map(|t| table::naming_systems(t))
            .collect(),
    }
}

#[cfg(test)]
mod tests;
