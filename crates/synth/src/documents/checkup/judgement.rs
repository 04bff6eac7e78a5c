//! 判定 — what follows from the values: metabolic syndrome, guidance, the doctor's words.

use super::values::{Measured, Risks};
use crate::lab_value::Mark;

/// メタボリックシンドローム判定 — code and display of list 1008.
pub(super) fn metabolic(risks: Risks) -> (&'static str, &'static str) {
    let Risks { wide, pressure, lipids, sugar, .. } = risks;
    let count = [pressure, lipids, sugar].into_iter().filter(|risk| *risk).count();
    match (wide, count) {
        (true, 2..) => ("1", "基準該当"),
        (true, 1) => ("2", "予備群該当"),
        _ => ("3", "非該当"),
    }
}

/// 保健指導レベル — code and display of list 3001.
pub(super) fn guidance(risks: Risks, age: i32) -> (&'static str, &'static str) {
    let Risks { wide, heavy, pressure, lipids, some_sugar, .. } = risks;
    let count = [pressure, lipids, some_sugar].into_iter().filter(|risk| *risk).count();
    let active = (wide && count >= 2) || (heavy && count >= 3);
    let motivating = (wide || heavy) && count >= 1;
    match (active, motivating) {
        (true, _) if age < 65 => ("1", "積極的支援"),
        (true, _) | (_, true) => ("2", "動機付け支援"),
        _ => ("3", "なし(情報提供)"),
    }
}

/// 医師の診断 — names what is out of its range.
pub(super) fn words<'a>(measured: impl Iterator<Item = &'a Measured>) -> String {
    let out = |one: &&Measured| matches!(one.mark, Some(Mark::High | Mark::Low));
    let mut families: Vec<&str> = measured.filter(out).filter_map(family).collect();
    families.dedup();
    if families.is_empty() {
        return "今回の検査では異常を認めません。".to_owned();
    }
    let advice = if families.len() > 2 {
        "医療機関の受診をお勧めします。"
    } else {
        "生活習慣の改善をお勧めします。"
    };
    format!("{}に異常を認めます。{advice}", families.join("・"))
}

/// 項目群 — what an item is told under.
fn family(one: &Measured) -> Option<&'static str> {
    let family = match &one.measure.item.code[..3] {
        "9N0" => "体格",
        "9A7" => "血圧",
        "3F0" => "脂質",
        "3B0" => "肝機能",
        "3D0" => "血糖",
        "2A0" => "血液",
        "3C0" | "8A0" => "腎機能",
        _ => return None,
    };
    Some(family)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Risks = Risks {
        wide: false,
        heavy: false,
        pressure: false,
        lipids: false,
        sugar: false,
        some_sugar: false,
    };

    #[test]
    fn a_wide_waist_and_two_risks_make_the_syndrome() {
        let pressed = Risks { wide: true, pressure: true, ..NONE };
        assert_eq!(metabolic(Risks { lipids: true, ..pressed }).1, "基準該当");
        assert_eq!(metabolic(pressed).1, "予備群該当");
        assert_eq!(metabolic(Risks { wide: false, ..pressed }).1, "非該当");
    }

    #[test]
    fn active_guidance_ends_at_65() {
        let risks = Risks { wide: true, pressure: true, lipids: true, ..NONE };
        assert_eq!(guidance(risks, 64).1, "積極的支援");
        assert_eq!(guidance(risks, 65).1, "動機付け支援");
        assert_eq!(guidance(NONE, 50).1, "なし(情報提供)");
    }
}
