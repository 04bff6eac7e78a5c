//! 医療保険者 — invented insurers with well-formed numbers.
//!
//! Source: S7.1; the check digit is that of 保険者番号 (modulus 10, weight 2).

use kyoyu_domain::identifiers::InsurerNumber;

use crate::{
    places::{self, PREFECTURES, Prefecture},
    seed::{Purpose, Seed},
};

/// 医療保険者 — an insurer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insurer {
    /// 保険者番号 — the eight digits.
    pub number: InsurerNumber,
    /// Its invented name.
    pub name: String,
}

/// The kinds of insurers; the number's first two digits tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// 被用者保険 — small employers, one branch per prefecture.
    Employees,
    /// 国民健康保険 — one municipality per prefecture.
    Municipal,
    /// 組合健保 — funds of large employers.
    Fund,
    /// 共済組合 — public servants and teachers.
    MutualAid,
    /// 後期高齢者医療 — from 75 on, one per prefecture.
    Elders,
}

const SCHEMES: &[(Scheme, u64, u64)] = &[
    (Scheme::Employees, 1, PREFECTURES),
    (Scheme::Municipal, 0, PREFECTURES),
    (Scheme::Fund, 6, FUNDS.len() as u64),
    (Scheme::MutualAid, 34, 6),
    (Scheme::Elders, 39, PREFECTURES),
];

/// How many insurers a world has.
pub(crate) fn count() -> u64 {
    SCHEMES.iter().map(|(_, _, members)| members).sum()
}

/// The insurer with a running number below [`count`].
pub(crate) fn by_index(seed: Seed, mut index: u64) -> Insurer {
    for (scheme, _, members) in SCHEMES {
        if index < *members {
            return member(seed, *scheme, index);
        }
        index -= members;
    }
    member(seed, Scheme::Employees, 0)
}

/// The insurer with a number.
pub(crate) fn by_number(seed: Seed, number: &InsurerNumber) -> Option<Insurer> {
    (0..count()).map(|index| by_index(seed, index)).find(|insurer| insurer.number == *number)
}

/// The scheme's member with a running number; for schemes by prefecture its number - 1.
pub(crate) fn member(seed: Seed, scheme: Scheme, index: u64) -> Insurer {
    let (_, digits, members) =
        SCHEMES.iter().find(|row| row.0 == scheme).expect("every scheme has a row");
    let index = index % members;
    let mut dice = seed.dice(Purpose::Insurer, &[*digits, index]);
    let place = match scheme {
        Scheme::Fund | Scheme::MutualAid => places::any_prefecture(&mut dice),
        _ => places::prefecture(index + 1),
    };
    // The last digit of three is the index, so that no two funds of a prefecture meet.
    let office = 100 + dice.below(8) * 100 + index % 100;
    let body = format!("{digits:02}{:02}{office:03}", place.number);
    let number = format!("{body}{}", check_digit(&body));
    Insurer {
        number: number.parse().expect("eight digits were written"),
        name: name(scheme, index, place, places::city(&mut dice)),
    }
}

fn name(scheme: Scheme, index: u64, place: Prefecture, city: &str) -> String {
    match scheme {
        Scheme::Employees => format!("みらい健康保険協会{}支部", place.name),
        Scheme::Municipal => format!("{}{city}国民健康保険", place.name),
        Scheme::Fund => format!("{}健康保険組合", FUNDS[index as usize]),
        Scheme::MutualAid => format!("第{}ひばり共済組合", index + 1),
        Scheme::Elders => format!("{}ことぶき医療広域連合", place.name),
    }
}

/// 検証番号 — the last digit of insurer and institution numbers.
pub(crate) fn check_digit(body: &str) -> u32 {
    let sum: u32 = body
        .bytes()
        .rev()
        .zip([2, 1].into_iter().cycle())
        .map(|(digit, weight)| {
            let product = u32::from(digit - b'0') * weight;
            product / 10 + product % 10
        })
        .sum();
    (10 - sum % 10) % 10
}

const FUNDS: &[&str] = &[
    "青空電機",
    "若葉製薬",
    "はやぶさ運輸",
    "みなと造船",
    "ひかり通信",
    "大樹建設",
    "つばめ鉄道",
    "白鷺銀行",
    "三日月食品",
    "北斗化学",
    "銀河放送",
    "もみじ百貨店",
    "川辺製紙",
    "雷鳥航空",
    "あかつき精機",
    "すずらん印刷",
    "千年瓦斯",
    "朝凪水産",
    "虹色出版",
    "岩清水飲料",
    "くろしお物産",
    "かえで保険",
    "望月硝子",
    "うぐいす繊維",
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn insurer_numbers_are_unique_and_end_in_their_check_digit() {
        let insurers: Vec<Insurer> = (0..count()).map(|index| by_index(Seed(1), index)).collect();
        let numbers: HashSet<&str> =
            insurers.iter().map(|insurer| insurer.number.as_str()).collect();
        assert_eq!(numbers.len() as u64, count());
        for number in numbers {
            let (body, check) = number.split_at(7);
            assert_eq!(check_digit(body).to_string(), check);
        }
    }

    #[test]
    fn the_check_digit_follows_the_published_rule() {
        // 2*1 + 1*3 + 2*8 + 1*2 + 2*0 + 1*0 + 2*2 = 2 + 3 + 7 + 2 + 0 + 0 + 4 = 18.
        assert_eq!(check_digit("1382002"), 2);
    }
}
