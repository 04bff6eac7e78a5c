//! アレルゲンの素材 — what people are allergic to.

use std::sync::LazyLock;

use crate::{
    allergies::AllergyKind,
    lab_tests::{alternatives, rows},
};

/// アレルゲン — an allergen with its JFAGY code.
#[derive(Debug)]
pub(crate) struct Allergen {
    pub(crate) kind: AllergyKind,
    pub(crate) code: &'static str,
    pub(crate) display: &'static str,
    pub(crate) texts: Vec<&'static str>,
}

impl Allergen {
    /// The code list, told by the code's first letters (S5.1).
    pub(crate) fn system(&self) -> &'static str {
        match &self.code[..3] {
            "GCM" => "http://jpfhir.jp/fhir/core/CodeSystem/GCM/JP_JfagyMedicationAllergen_CS",
            "YCM" | "D9M" => {
                "http://jpfhir.jp/fhir/core/CodeSystem/YCM/JP_JfagyMedicationAllergen_CS"
            }
            "J9F" | "D9F" => "http://jpfhir.jp/fhir/core/CodeSystem/JP_JfagyFoodAllergen_CS",
            _ => "http://jpfhir.jp/fhir/core/CodeSystem/JP_JfagyNonFoodNonMedicationAllergen_CS",
        }
    }

    /// ダミーコード — the code says nothing, only the text does.
    pub(crate) fn is_uncoded(&self) -> bool {
        self.code.starts_with("D9")
    }
}

pub(crate) static ALLERGENS: LazyLock<Vec<Allergen>> = LazyLock::new(|| {
    rows(include_str!("../data/allergens.tsv")).map(|row| allergen(&row)).collect()
});

fn allergen(row: &[&'static str]) -> Allergen {
    let [kind, code, display, texts] = *row else {
        panic!("allergens.tsv: not four columns: {row:?}");
    };
    Allergen {
        kind: match kind {
            "drug" => AllergyKind::Drug,
            "food" => AllergyKind::Food,
            _ => AllergyKind::Other,
        },
        code,
        display,
        texts: alternatives(texts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_shape_of_their_list() {
        for allergen in ALLERGENS.iter() {
            let (letters, bytes) = match allergen.kind {
                AllergyKind::Drug if allergen.is_uncoded() => ("D9M", 12),
                AllergyKind::Drug if allergen.code.starts_with("YCM") => ("YCM", 15),
                AllergyKind::Drug => ("GCM", 15),
                AllergyKind::Food if allergen.is_uncoded() => ("D9F", 12),
                AllergyKind::Food => ("J9F", 12),
                AllergyKind::Other if allergen.is_uncoded() => ("D9N", 12),
                AllergyKind::Other => ("J9N", 12),
            };
            assert!(allergen.code.starts_with(letters), "{}", allergen.code);
            assert_eq!(allergen.code.len(), bytes, "{}", allergen.code);
            assert_eq!(allergen.code.ends_with("ZZZ"), letters == "GCM", "{}", allergen.code);
        }
    }
}
