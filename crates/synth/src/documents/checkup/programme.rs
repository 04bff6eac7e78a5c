//! 健診プログラム — what a programme is called, and what its report holds.
//!
//! Source: S2.20 (codes 1.2.392.200119.6.1002), S9.4.

use chrono::{Datelike, NaiveDate};

use super::items::Where;
use crate::person::Person;

/// 健診プログラム — the law or contract under which a checkup is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Programme {
    /// 010 特定健康診査
    Specific,
    /// 020 広域連合の保健事業
    RegionalUnion,
    /// 030 事業者健診
    Occupational,
    /// 040 学校健診 (of the staff)
    School,
    /// 070 保険者以外が行う特定健診等に相当する健診
    Equivalent,
    /// 080 保険者が実施する特定健診等以外の健診
    InsurerOther,
}

/// What a programme is called and how its report is divided.
pub(super) struct Rows {
    pub(super) code: (&'static str, &'static str),
    pub(super) category: (&'static str, &'static str),
    pub(super) results: (&'static str, &'static str),
    pub(super) questions: (&'static str, &'static str),
}

impl Programme {
    /// Every programme, by its code.
    pub const ALL: [Self; 6] = [
        Self::Specific,
        Self::RegionalUnion,
        Self::Occupational,
        Self::School,
        Self::Equivalent,
        Self::InsurerOther,
    ];

    /// The programme that a person goes to: 広域連合 from the 75th birthday on, 特定健診 from
    /// the fiscal year on in which one becomes 40, the employer's before.
    pub fn usual_for(person: &Person, on: NaiveDate) -> Self {
        if person.age_on(on) >= 75 {
            Self::RegionalUnion
        } else if person.age_on(fiscal_year_end(on)) >= 40 {
            Self::Specific
        } else {
            Self::Occupational
        }
    }

    /// The three-digit code.
    pub fn code(self) -> &'static str {
        self.rows().code.0
    }

    /// The displays of sections are those of the profile, which for two programmes are not
    /// those of the code list.
    pub(super) fn rows(self) -> Rows {
        let other = ("99", "そのほか");
        match self {
            Self::Specific => Rows {
                code: ("010", "特定健康診査"),
                category: ("10", "特定健診情報"),
                results: ("01011", "特定健診検査結果セクション"),
                questions: ("01012", "特定健診問診結果セクション"),
            },
            Self::RegionalUnion => Rows {
                code: ("020", "広域連合の保健事業"),
                category: other,
                results: ("01021", "広域連合保健事業検査結果セクション"),
                questions: ("01022", "広域連合保健事業問診結果セクション"),
            },
            Self::Occupational => Rows {
                code: ("030", "事業者健診"),
                category: ("41", "事業者健診"),
                results: ("01031", "事業者健診検査結果セクション"),
                questions: ("01032", "事業者健診問診結果セクション"),
            },
            Self::School => Rows {
                code: ("040", "学校健診"),
                category: other,
                results: ("01041", "学校職員健診検査結果セクション"),
                questions: ("01042", "学校職員健診問診結果セクション"),
            },
            Self::Equivalent => Rows {
                code: ("070", "保険者以外が行う特定健診等に相当する健診"),
                category: ("70", "保険者以外が行う特定健診等に相当する健診"),
                results: ("01071", "その他健診検査結果セクション"),
                questions: ("01072", "その他健診問診結果セクション"),
            },
            Self::InsurerOther => Rows {
                code: ("080", "保険者が実施する特定健診等以外の健診"),
                category: ("80", "保険者が実施する特定健診等以外の健診"),
                results: ("01081", "保険者の実施するその他健診検査結果セクション"),
                questions: ("01082", "保険者の実施するその他健診問診結果セクション"),
            },
        }
    }

    /// Whether the results section has the items of a place.
    pub(super) fn has(self, place: Where) -> bool {
        let at_work = matches!(self, Self::Occupational | Self::School | Self::InsurerOther);
        match place {
            Where::All => true,
            Where::More | Where::Work => at_work,
            Where::Ask => self != Self::RegionalUnion,
            Where::Elder => self == Self::RegionalUnion,
        }
    }
}

/// 年度末 — the last day of the fiscal year.
fn fiscal_year_end(on: NaiveDate) -> NaiveDate {
    let year = on.year() + i32::from(on.month() >= 4);
    NaiveDate::from_ymd_opt(year, 3, 31).expect("every year has a 31 March")
}
