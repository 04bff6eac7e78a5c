//! 世代の適用 — puts what a generation changes into the definitions of JP-CLINS.

use std::sync::Arc;

use super::{Package, table};
use crate::{
    definition::{Definition, StructureKind},
    generation::{Change, ChangeKind, Generation},
};

impl Package {
    /// The package as a generation has it: its definitions carry the generation's version
    /// and what the table `fhir-profiles/generations.tsv` changes in them. Code systems stay.
    ///
    /// Shape: a package of differentials such as [`super::Shipped::clins`]; a definition that
    /// is a snapshot already is changed where it lists the element.
    #[must_use]
    pub fn revised(mut self, generation: Generation) -> Self {
        let former = std::mem::replace(&mut self.version, generation.version().to_owned());
        for definition in &mut self.definitions {
            if definition.version == former {
                generation.version().clone_into(&mut definition.version);
            }
            for change in generation.changes() {
                if concerns(change, definition) {
                    apply(change, definition);
                }
            }
        }
        self
    }
}

fn concerns(change: &Change, definition: &Definition) -> bool {
    if change.definition == "*" {
        return definition.is_profile && definition.kind == StructureKind::Resource;
    }
    definition.url.rsplit('/').next() == Some(change.definition)
}

fn apply(change: &Change, definition: &mut Definition) {
    match change.kind {
        ChangeKind::Number => table::restate_number(definition, change.path, change.value),
        ChangeKind::Types => table::restate_types(definition, change.path, change.value),
        ChangeKind::Without => table::remove(definition, change.path),
        ChangeKind::Expression => {
            let constraints = definition.elements.iter_mut().flat_map(|own| &mut own.constraints);
            for constraint in constraints.filter(|own| own.key == change.path) {
                Arc::make_mut(constraint).expression = Some(change.value.to_owned());
            }
        }
        // What Bundles are asked stands in no definition.
        ChangeKind::Rule | ChangeKind::Item => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{definition::Max, package::snapshot, validator::Guide};

    fn definition<'p>(package: &'p Package, name: &str) -> &'p Definition {
        package.definitions.iter().find(|own| own.name == name).expect("the package has it")
    }

    #[test]
    fn the_default_generation_changes_nothing() {
        let clins = Package::shipped().clins;
        assert_eq!(clins.clone().revised(Generation::V1_10), clins);
    }

    #[test]
    fn every_change_of_an_element_finds_its_definition_and_its_place() {
        for generation in [Generation::V1_11, Generation::V1_12] {
            let shipped = Package::shipped();
            let before = snapshot::complete(&shipped.clinical()).faults;
            let clins = shipped.clins.clone().revised(generation);
            for change in generation.changes() {
                let found = clins.definitions.iter().any(|own| concerns(change, own));
                assert!(found, "{change:?}");
            }
            let packages = [&shipped.r4, &shipped.jp_core, &clins];
            assert_eq!(snapshot::complete(&packages).faults, before);
            assert!(Guide::load(&packages).faults().is_empty());
        }
    }

    #[test]
    fn numbers_types_slices_and_invariants_are_those_of_the_generation() {
        let clins = Package::shipped().clins.revised(Generation::V1_11);
        let element = |name: &str, id: &str| {
            definition(&clins, name).elements.iter().find(|own| own.id == id).cloned()
        };
        let coding = element("JP_Condition_eCS", "Condition.verificationStatus.coding");
        let coding = coding.expect("it is restated");
        assert_eq!((coding.min, coding.max), (Some(1), Some(Max::Count(1))));
        let encounter = element("JP_Condition_eCS", "Condition.contained:encounter");
        assert_eq!(encounter.expect("the slice").types[0].profiles.len(), 2);
        let kys = "MedicationRequest.medication[x].coding:codingKYS";
        assert!(element("JP_MedicationRequest_eCS", kys).is_none());
        assert!(element("JP_MedicationRequest_eCS", &format!("{kys}.code")).is_none());
        let number = definition(&clins, "JP_eCS_InstitutionNumber");
        let mut constraints = number.elements.iter().flat_map(|own| &own.constraints);
        let expression = constraints.find_map(|own| own.expression.as_deref());
        assert!(expression.is_some_and(|own| own.contains("^[0-4]")));
        assert!(clins.definitions.iter().all(|own| own.version != "1.10.0"));
    }
}
