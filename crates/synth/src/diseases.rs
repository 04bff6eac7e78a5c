//! 傷病名の素材 — the diseases that people have.

use std::sync::LazyLock;

use crate::lab_tests::rows;

/// 傷病名 — a disease with its codes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disease {
    pub(crate) key_number: &'static str,
    pub(crate) exchange: &'static str,
    pub(crate) icd10: &'static str,
    pub(crate) icd10_display: &'static str,
    pub(crate) who: Who,
    /// An acute one has usually ended.
    pub(crate) acute: bool,
    /// It may carry a side.
    pub(crate) sided: bool,
    pub(crate) name: &'static str,
}

/// Who may have a disease, or which institutions treat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    All,
    Men,
    Women,
    Dental,
}

pub(crate) static DISEASES: LazyLock<Vec<Disease>> =
    LazyLock::new(|| rows(include_str!("../data/diseases.tsv")).map(|row| disease(&row)).collect());

fn disease(row: &[&'static str]) -> Disease {
    let [key_number, exchange, icd10, icd10_display, who, course, side, name] = *row else {
        panic!("diseases.tsv: not eight columns: {row:?}");
    };
    Disease {
        key_number,
        exchange,
        icd10,
        icd10_display,
        who: match who {
            "m" => Who::Men,
            "f" => Who::Women,
            "d" => Who::Dental,
            _ => Who::All,
        },
        acute: course == "acute",
        sided: side == "sided",
        name,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::DISEASES;

    #[test]
    fn key_numbers_are_unique_and_have_eight_digits() {
        let numbers: HashSet<&str> = DISEASES.iter().map(|disease| disease.key_number).collect();
        assert_eq!(numbers.len(), DISEASES.len());
        for disease in DISEASES.iter() {
            assert_eq!((disease.key_number.len(), disease.exchange.len()), (8, 4));
            assert!(disease.key_number.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }
}
