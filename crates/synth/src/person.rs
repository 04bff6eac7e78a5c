//! 個人 — invented persons, made on demand from their index, in households.
//!
//! Eight consecutive indices share one cut into families, so that a person's family and
//! place in it follow from the index alone.
//!
//! Source: S7.1 (identifiers), S2.8 (what a Patient must hold).

use chrono::{Datelike, Days, NaiveDate};
use kyoyu_domain::identifiers::{InsurerNumber, PersonIdentifier, PersonIdentifierSystem};

use crate::{
    institution::Institution,
    insurer::{self, Scheme},
    names::{self, Name},
    places::{self, Prefecture},
    seed::{Dice, Purpose, Seed},
};

/// Ages, families and insurers are as on this day.
pub(crate) const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a real day");

/// More persons would repeat the numbers of families.
pub(crate) const MOST_PERSONS: u64 = 40_000_000;

const ELDER_YEARS: i32 = 75;

/// 個人 — a person.
#[derive(Debug, Clone)]
pub struct Person {
    /// The running number in the world.
    pub index: u64,
    /// The insured-person identifier that is valid now.
    pub identifier: PersonIdentifier,
    /// Every identifier, the earlier ones first.
    pub held: Vec<HeldIdentifier>,
    /// The insurer of [`Person::identifier`].
    pub insurer: InsurerNumber,
    /// The family name.
    pub family_name: Name,
    /// The given name.
    pub given_name: Name,
    /// The sex.
    pub sex: Sex,
    /// The birth date.
    pub birth_on: NaiveDate,
    /// The address.
    pub address: Address,
    /// A telephone number that cannot be assigned.
    pub phone: String,
    /// 世帯 — the same number for all members of a family.
    pub family: u64,
}

/// 期間つき識別子 — an identifier and its validity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldIdentifier {
    /// The identifier.
    pub identifier: PersonIdentifier,
    /// The first valid day.
    pub valid_from: NaiveDate,
    /// The last valid day; none: still valid.
    pub valid_through: Option<NaiveDate>,
}

/// 性別 — as the eligibility network knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// 男
    Male,
    /// 女
    Female,
}

impl Sex {
    /// The code of FHIR administrative gender.
    pub fn code(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
        }
    }
}

/// 住所 — an address in a municipality that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// 郵便番号
    pub postal_code: String,
    /// 都道府県
    pub state: &'static str,
    /// 市区町村
    pub city: &'static str,
    /// 町名番地
    pub line: String,
}

impl Address {
    /// The whole address.
    pub fn text(&self) -> String {
        format!("{}{}{}", self.state, self.city, self.line)
    }
}

impl Person {
    /// 漢字氏名 — family and given name, a half-width space between.
    pub fn kanji_name(&self) -> String {
        format!("{} {}", self.family_name.kanji, self.given_name.kanji)
    }

    /// カナ氏名 — the same in kana.
    pub fn kana_name(&self) -> String {
        format!("{} {}", self.family_name.kana, self.given_name.kana)
    }

    /// 年齢 — completed years on a day.
    pub fn age_on(&self, day: NaiveDate) -> i32 {
        let birth = self.birth_on;
        let had_birthday = (day.month(), day.day()) >= (birth.month(), birth.day());
        day.year() - birth.year() - i32::from(!had_birthday)
    }

    /// 患者番号 — the number that an institution gave the person; unique there.
    pub fn local_id_at(&self, institution: &Institution) -> String {
        let key = Seed(institution.seed.0 ^ institution.index << 32);
        let number = key.scattered(Purpose::LocalPatient, self.index, 100_000_000);
        match institution.habits.style {
            0 => format!("{number:08}"),
            1 => format!("{number:010}"),
            _ => format!("P{number:09}"),
        }
    }
}

/// The person with a running number below [`MOST_PERSONS`].
pub(crate) fn by_index(seed: Seed, index: u64) -> Person {
    let place = place_in_family(seed, index);
    let family = Family::of(seed, &place);
    let mut dice = seed.dice(Purpose::Person, &[index]);
    let sex = sex(&mut dice, &place, &family);
    let birth_on = birth(&mut dice, &place, &family);
    let given_name = match sex {
        Sex::Male => names::man(&mut dice, birth_on.year()),
        Sex::Female => names::woman(&mut dice, birth_on.year()),
    };
    let (insurer, held) = identifiers(&mut dice, &place, &family, birth_on, index);
    let phone = if dice.percent(60) {
        format!("0{}0-0{:03}-{:04}", dice.between(7, 9), dice.below(1_000), dice.below(10_000))
    } else {
        family.phone.clone()
    };
    let identifier = held
        .iter()
        .rev()
        .find(|held| held.identifier.system() == PersonIdentifierSystem::Insured)
        .map(|held| held.identifier.clone())
        .expect("everybody is insured");
    Person {
        index,
        identifier,
        held,
        insurer,
        family_name: family.name,
        given_name,
        sex,
        birth_on,
        address: family.address,
        phone,
        family: place.family,
    }
}

/// Where a person stands in the family.
#[derive(Debug, Clone, Copy)]
struct Place {
    family: u64,
    /// 0 is the householder.
    member: u64,
    size: u64,
}

fn place_in_family(seed: Seed, index: u64) -> Place {
    const CUTS: &[&[u64]] = &[
        &[1, 1, 2, 4],
        &[2, 3, 2, 1],
        &[1, 4, 1, 2],
        &[3, 1, 2, 2],
        &[5, 2, 1],
        &[1, 1, 1, 2, 3],
        &[2, 2, 1, 1, 1, 1],
        &[4, 1, 3],
    ];
    let block = index / 8;
    let cut = seed.dice(Purpose::Household, &[block]).pick(CUTS);
    let mut member = index % 8;
    let mut first = block * 8;
    for size in cut {
        if member < *size {
            return Place { family: first, member, size: *size };
        }
        member -= size;
        first += size;
    }
    unreachable!("every cut adds up to eight")
}

/// What the members of a family share.
#[derive(Debug)]
struct Family {
    seed: Seed,
    name: Name,
    head_sex: Sex,
    head_born_on: NaiveDate,
    prefecture: Prefecture,
    address: Address,
    phone: String,
    /// The present insurance and, where they changed it, the earlier one.
    insured: Insurance,
    earlier: Option<Insurance>,
    changed_on: NaiveDate,
}

impl Family {
    fn of(seed: Seed, place: &Place) -> Self {
        let mut dice = seed.dice(Purpose::Family, &[place.family]);
        let prefecture = places::any_prefecture(&mut dice);
        let head_years = match place.size {
            1 => dice.between(19, 96),
            2 => dice.between(27, 93),
            _ => dice.between(29, 58),
        };
        let men_of_a_hundred = if place.size == 1 { 48 } else { 72 };
        let number = 2 * seed.scattered(Purpose::FamilyNumber, place.family, 50_000_000);
        let changed = dice.percent(25);
        Self {
            seed,
            name: names::family(&mut dice),
            head_sex: if dice.percent(men_of_a_hundred) { Sex::Male } else { Sex::Female },
            head_born_on: days_before_today(head_years * 365 + dice.between(0, 364)),
            prefecture,
            address: address(&mut dice, prefecture),
            phone: format!(
                "{}-0{:03}-{:04}",
                prefecture.area_code,
                dice.below(1_000),
                dice.below(10_000)
            ),
            insured: Insurance::drawn(seed, &mut dice, prefecture, number),
            // Numbers of earlier insurances are odd, those of present ones even.
            earlier: changed.then(|| Insurance::drawn(seed, &mut dice, prefecture, number + 1)),
            changed_on: days_before_today(dice.between(700, 3_900)),
        }
    }
}

fn address(dice: &mut Dice, prefecture: Prefecture) -> Address {
    let street = format!(
        "{}{}-{}-{}",
        places::town(dice),
        dice.between(1, 8),
        dice.between(1, 32),
        dice.between(1, 20)
    );
    let line = if dice.percent(35) {
        format!(
            "{street} {}{}",
            places::house(dice),
            dice.between(1, 12) * 100 + dice.between(1, 9)
        )
    } else {
        street
    };
    Address {
        postal_code: format!("{:03}-{:04}", dice.below(1_000), dice.below(10_000)),
        state: prefecture.name,
        city: places::city(dice),
        line,
    }
}

/// Insurer, symbol and number: what a family shares of its identifiers.
#[derive(Debug)]
struct Insurance {
    insurer: InsurerNumber,
    symbol: String,
    number: String,
}

impl Insurance {
    fn drawn(seed: Seed, dice: &mut Dice, prefecture: Prefecture, number: u64) -> Self {
        let scheme = match dice.below(10) {
            0..=3 => Scheme::Employees,
            4..=6 => Scheme::Municipal,
            7 | 8 => Scheme::Fund,
            _ => Scheme::MutualAid,
        };
        let index = match scheme {
            Scheme::Fund | Scheme::MutualAid => dice.below(24),
            _ => prefecture.number - 1,
        };
        let insurer = insurer::member(seed, scheme, index).number;
        let (symbol, number) = symbol_and_number(dice, scheme, number);
        Self { insurer, symbol, number }
    }

    fn identifier(&self, branch: u64) -> PersonIdentifier {
        let Self { insurer, symbol, number } = self;
        insured(&format!("{}:{symbol}:{number}:{branch:02}", insurer.as_str()))
    }
}

/// Symbol and number are all half-width or all full-width (S7.1).
fn symbol_and_number(dice: &mut Dice, scheme: Scheme, number: u64) -> (String, String) {
    const WORDS: &[&str] = &["国若", "国緑", "公立", "あおば", "すみれ", "共済北", "みどり"];
    let half = number.to_string();
    match scheme {
        Scheme::Employees => (dice.between(10_000_000, 99_999_999).to_string(), half),
        Scheme::Fund if dice.percent(70) => (dice.between(1, 4_999).to_string(), half),
        Scheme::Municipal if dice.percent(30) => (String::new(), half),
        _ => (dice.pick(WORDS).to_owned(), full_width(&half)),
    }
}

fn full_width(digits: &str) -> String {
    digits
        .bytes()
        .map(|digit| char::from_u32(u32::from('０') + u32::from(digit - b'0')).unwrap_or('０'))
        .collect()
}

fn sex(dice: &mut Dice, place: &Place, family: &Family) -> Sex {
    let other = match family.head_sex {
        Sex::Male => Sex::Female,
        Sex::Female => Sex::Male,
    };
    match place.member {
        0 => family.head_sex,
        1 if dice.percent(90) => other,
        _ if dice.percent(51) => Sex::Male,
        _ => Sex::Female,
    }
}

fn birth(dice: &mut Dice, place: &Place, family: &Family) -> NaiveDate {
    let head_days = (TODAY - family.head_born_on).num_days();
    match place.member {
        0 => family.head_born_on,
        1 => days_before_today((head_days + dice.between(-2_500, 2_000)).max(19 * 365)),
        _ => days_before_today(
            (head_days - dice.between(24 * 365, 36 * 365)).max(dice.between(1, 900)),
        ),
    }
}

fn identifiers(
    dice: &mut Dice,
    place: &Place,
    family: &Family,
    birth_on: NaiveDate,
    index: u64,
) -> (InsurerNumber, Vec<HeldIdentifier>) {
    let elder_on = birthday(birth_on, ELDER_YEARS);
    let branch = place.member + 1;
    let mut held = Vec::with_capacity(2);
    if let Some(earlier) = &family.earlier
        && birth_on < family.changed_on
        && family.changed_on < elder_on
    {
        held.push((earlier.identifier(branch), birth_on.max(days_before_today(6_500))));
    }
    let mut insurer = family.insured.insurer.clone();
    if elder_on > TODAY || elder_on > days_before_today(3_650) {
        let since = if held.is_empty() { days_before_today(6_300) } else { family.changed_on };
        held.push((family.insured.identifier(branch), birth_on.max(since)));
    }
    if elder_on <= TODAY {
        let own = insurer::member(family.seed, Scheme::Elders, family.prefecture.number - 1);
        insurer = own.number;
        held.push((elder_identifier(family.seed, &insurer, index), elder_on));
    }
    let mut held = one_after_the_other(held);
    if dice.percent(4) {
        held.push(public_payer(dice, family, index, birth_on));
    }
    (insurer, held)
}

/// Each identifier ends the day before the next one begins.
fn one_after_the_other(starts: Vec<(PersonIdentifier, NaiveDate)>) -> Vec<HeldIdentifier> {
    let ends: Vec<Option<NaiveDate>> = starts
        .iter()
        .skip(1)
        .map(|(_, next)| *next - Days::new(1))
        .map(Some)
        .chain([None])
        .collect();
    starts
        .into_iter()
        .zip(ends)
        .map(|((identifier, valid_from), valid_through)| HeldIdentifier {
            identifier,
            valid_from,
            valid_through,
        })
        .collect()
}

/// 後期高齢者 — from 75 on everybody has a number of one's own, and no branch.
fn elder_identifier(seed: Seed, insurer: &InsurerNumber, index: u64) -> PersonIdentifier {
    let number = seed.scattered(Purpose::ElderNumber, index, 100_000_000);
    insured(&format!("{}::{number:08}:", insurer.as_str()))
}

/// 公費 — an identifier of a public payer, such as for intractable diseases.
fn public_payer(
    dice: &mut Dice,
    family: &Family,
    index: u64,
    birth_on: NaiveDate,
) -> HeldIdentifier {
    /// The numbers one office can give, seven digits.
    const RECIPIENTS: u64 = 10_000_000;

    let law = dice.pick(&[54, 21, 15, 12, 52]);
    let office = 601 + index / RECIPIENTS;
    let body = format!("{law:02}{:02}{office:03}", family.prefecture.number);
    // Scattered, so that the persons of two worlds in one database do not meet.
    let recipient = family.seed.scattered(Purpose::RecipientNumber, index % RECIPIENTS, RECIPIENTS);
    let value = format!("{body}{}::{recipient:07}:", insurer::check_digit(&body));
    HeldIdentifier {
        identifier: PersonIdentifier::new(PersonIdentifierSystem::PublicPayer, &value)
            .expect("eight digits, nothing, seven digits and nothing were written"),
        valid_from: birth_on.max(days_before_today(dice.between(100, 900))),
        valid_through: None,
    }
}

fn insured(value: &str) -> PersonIdentifier {
    PersonIdentifier::new(PersonIdentifierSystem::Insured, value)
        .expect("the four parts were written as S7.1 says")
}

fn days_before_today(days: i64) -> NaiveDate {
    TODAY - Days::new(days.unsigned_abs())
}

/// The birthday in a later year; that of 29 February may be on 1 March.
fn birthday(birth_on: NaiveDate, years: i32) -> NaiveDate {
    let year = birth_on.year() + years;
    birth_on
        .with_year(year)
        .or_else(|| NaiveDate::from_ymd_opt(year, 3, 1))
        .expect("every year has a 1 March")
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    const SEED: Seed = Seed(11);

    fn persons(count: u64) -> impl Iterator<Item = Person> {
        (0..count).map(|index| by_index(SEED, index))
    }

    #[test]
    fn no_two_persons_share_an_identifier() {
        let mut seen = HashSet::new();
        for person in persons(60_000) {
            for held in &person.held {
                assert!(seen.insert(held.identifier.digest()), "person {}", person.index);
            }
        }
    }

    #[test]
    fn a_family_shares_symbol_and_number_and_differs_by_branch() {
        let mut families: HashMap<u64, Vec<Person>> = HashMap::new();
        for person in persons(8_000) {
            families.entry(person.family).or_default().push(person);
        }
        let mut larger = 0;
        for members in families.values().filter(|members| members.len() > 1) {
            let young: Vec<&Person> =
                members.iter().filter(|member| !member.identifier.lacks_branch()).collect();
            let shared: HashSet<[u8; 16]> =
                young.iter().map(|member| member.identifier.family_digest()).collect();
            assert!(shared.len() <= 1);
            let own: HashSet<[u8; 16]> =
                young.iter().map(|member| member.identifier.digest()).collect();
            assert_eq!(own.len(), young.len());
            larger += usize::from(young.len() > 1);
        }
        assert!(larger > 1_000, "{larger} families of several members");
    }

    #[test]
    fn who_lacks_a_branch_shares_the_number_with_nobody() {
        let mut elders = HashSet::new();
        for person in persons(20_000).filter(|person| person.identifier.lacks_branch()) {
            assert!(person.birth_on < days_before_today(75 * 365));
            assert!(elders.insert(person.identifier.family_digest()));
        }
        assert!(elders.len() > 1_000, "{}", elders.len());
    }

    #[test]
    fn insured_identifiers_follow_each_other_without_a_gap_from_birth_at_the_earliest() {
        let (mut changed, mut public) = (0, 0);
        for person in persons(5_000) {
            let insured: Vec<&HeldIdentifier> = person
                .held
                .iter()
                .filter(|held| held.identifier.system() == PersonIdentifierSystem::Insured)
                .collect();
            assert!(person.held.iter().all(|held| held.valid_from >= person.birth_on));
            assert!(person.birth_on < TODAY);
            for pair in insured.windows(2) {
                assert_eq!(pair[0].valid_through, pair[1].valid_from.pred_opt());
                assert!(pair[0].valid_from <= pair[0].valid_through.expect("ended"));
            }
            let last = insured.last().expect("everybody is insured");
            assert_eq!((&last.identifier, last.valid_through), (&person.identifier, None));
            assert!(last.identifier.value().expose().starts_with(person.insurer.as_str()));
            changed += usize::from(insured.len() > 1);
            public += person.held.len() - insured.len();
        }
        assert!(changed > 500 && public > 100, "{changed} {public}");
    }

    #[test]
    fn the_local_number_is_unique_at_the_institution() {
        let institution = crate::institution::by_index(SEED, 3);
        let ids: HashSet<String> =
            persons(20_000).map(|person| person.local_id_at(&institution)).collect();
        assert_eq!(ids.len(), 20_000);
    }

    #[test]
    fn a_birthday_completes_a_year() {
        let born = NaiveDate::from_ymd_opt(2000, 5, 10).expect("a day");
        let person = Person { birth_on: born, ..by_index(SEED, 0) };
        let age =
            |month, day| person.age_on(NaiveDate::from_ymd_opt(2026, month, day).expect("a day"));
        assert_eq!((age(5, 9), age(5, 10)), (25, 26));
    }

    #[test]
    fn names_and_addresses_hold_no_full_width_space() {
        for person in persons(2_000) {
            let all = person.kanji_name() + &person.kana_name() + &person.address.text();
            assert!(!all.contains('\u{3000}'));
        }
    }
}
