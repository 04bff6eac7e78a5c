//! 規則 — what can be wrong with a collection Bundle, and the functions that find it.
//!
//! [`RULES`] is a table: a rule, the published invariant that it is (profile canonical and
//! key) and a plain function. The engine that reads the profiles binds its invariants to
//! these functions by (canonical, key); the prose rules that no profile expresses are rows
//! like any other.
//!
//! Source: JP-CLINS 1.10.0 (S2.1, S2.21) and its prose (S1.2, S1.3, S4, S5, S7).

mod bundle;
mod catalogue;
mod characters;
mod codes;
mod codings;
mod declare;
mod document_texts;
mod documents;
mod entries;
mod findings;
mod institution;
mod items;
mod limits;
mod patient;
mod profiles;
mod prose_texts;
mod references;
mod resources;
mod shape;
mod standings;
mod surroundings;
mod tables;
mod texts;

use std::sync::LazyLock;

use kyoyu_domain::{problem::Rule, rules::RESOURCE_REPEATED};

pub(crate) use self::resources::{department, resource_identifier};
pub use self::{
    catalogue::{Listed, Source, as_csv, as_markdown, catalogue},
    document_texts::*,
    findings::Findings,
    prose_texts::*,
    texts::*,
};
use crate::view::BundleView;

/// One check: looks at a Bundle and reports where the row's rule is broken.
pub type Check = for<'d> fn(&BundleView<'d>, &mut Findings<'d>);

/// 規則の行 — a rule bound to the function that checks it.
#[derive(Debug, Clone, Copy)]
pub struct BoundRule {
    /// What is reported.
    pub rule: &'static Rule,
    /// The profile that states it; a prose rule names the Bundle profile.
    pub canonical: &'static str,
    /// The key of the published invariant; a prose rule has its code here.
    pub key: &'static str,
    /// The function.
    pub check: Check,
}

/// The canonical of the collection Bundle's profile.
pub const BUNDLE_PROFILE_URL: &str =
    "http://jpfhir.jp/fhir/clins/StructureDefinition/JP_Bundle_CLINS";
/// The canonical of the Patient's profile.
pub const PATIENT_PROFILE_URL: &str =
    "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Patient_eCS";
/// The versions of these two that are accepted.
pub const PROFILE_VERSIONS: &[&str] = &["1.10.0", "1.11.0", "1.12.0"];

const fn of(rule: &'static Rule, canonical: &'static str, check: Check) -> BoundRule {
    BoundRule { rule, canonical, key: rule.code, check }
}

const fn on_bundle(rule: &'static Rule, check: Check) -> BoundRule {
    of(rule, BUNDLE_PROFILE_URL, check)
}

const fn on_patient(rule: &'static Rule, check: Check) -> BoundRule {
    of(rule, PATIENT_PROFILE_URL, check)
}

/// 空の送信 — what refuses a Bundle with the Patient only (S1.3); a policy may waive it.
pub static EMPTY_SET: &[&Rule] = &[&TAGGED_RESOURCE];

/// Every rule of a collection Bundle.
pub static RULES: &[BoundRule] = &[
    on_bundle(&ELEMENT_SHAPE, shape::types),
    on_bundle(&ELEMENT_EMPTY, shape::nothing_empty),
    on_bundle(&ELEMENT_MODIFIER, shape::no_modifiers),
    on_bundle(&LIMIT_IDENTIFIERS, limits::identifiers),
    on_bundle(&LIMIT_TAGS, limits::tags),
    on_bundle(&LIMIT_CONTAINED, limits::contained),
    on_bundle(&BUNDLE_PROFILE, profiles::bundle),
    on_bundle(&PROFILE_VERSION, profiles::versions),
    on_bundle(&TAG_EXISTS, bundle::tag_exists),
    on_bundle(&TAG_VALID, bundle::tag_is_valid),
    on_bundle(&TAG_REPEATED, bundle::tag_is_single),
    on_bundle(&TAGGED_RESOURCE, bundle::has_tagged_resource),
    on_bundle(&IDENTIFIER_SYSTEM, bundle::identifier_system),
    on_bundle(&IDENTIFIER_VALUE, bundle::identifier_value),
    on_bundle(&IDENTIFIER_INSTITUTION, bundle::identifier_institution),
    on_bundle(&BUNDLE_TYPE, bundle::type_is_collection),
    on_bundle(&BUNDLE_TIMESTAMP, bundle::timestamp),
    on_bundle(&BUNDLE_LAST_UPDATED, bundle::last_updated),
    on_bundle(&BUNDLE_ENTRIES, bundle::has_entries),
    on_bundle(&FIRST_PATIENT, entries::first_is_patient),
    on_bundle(&ONE_PATIENT, entries::one_patient),
    on_bundle(&BUNDLE_MIXED, entries::not_mixed),
    on_bundle(&MEDICATION_REQUEST, entries::no_medication_request),
    on_bundle(&RESOURCE_TYPE, entries::known_types),
    on_bundle(&ENTRY_RESOURCE, entries::have_resources),
    on_bundle(&ENTRY_EXTRA, entries::nothing_extra),
    on_bundle(&FULL_URL, entries::full_urls),
    on_bundle(&FULL_URL_REPEATED, entries::full_urls_are_unique),
    on_bundle(&PATIENT_PROFILE, profiles::patient),
    on_bundle(&ALLERGY_PROFILE, profiles::allergies),
    on_bundle(&CONDITION_PROFILE, profiles::conditions),
    on_bundle(&OBSERVATION_PROFILE, profiles::observations),
    on_bundle(&SUBJECT, references::subjects),
    on_bundle(&REFERENCE, references::resolve),
    on_bundle(&CONTAINED_NESTED, references::contained_is_flat),
    on_bundle(&CONTAINED_ID, references::contained_has_ids),
    on_bundle(&RESOURCE_IDENTIFIER, resources::have_identifiers),
    on_bundle(&RESOURCE_REPEATED, resources::identifiers_repeat),
    on_bundle(&INSTITUTION_EXTENSION, institution::extension),
    on_bundle(&INSTITUTION_VALID, institution::valid),
    on_bundle(&INSTITUTION_EQUAL, institution::equal),
    on_patient(&PATIENT_LOCAL_IDENTIFIER, patient::local_identifier),
    on_patient(&PATIENT_IDENTIFIER, patient::insured_identifier),
    on_patient(&PATIENT_IDENTIFIER_VALUE, patient::insured_identifier_value),
    on_patient(&PATIENT_NAME, patient::names),
    on_patient(&BIRTH_DATE, patient::birth_date_is_full),
    on_bundle(&CONDITION_ENCOUNTER, resources::condition_encounter),
    on_bundle(&CONDITION_DEPARTMENT, resources::condition_department),
    on_bundle(&CONDITION_ONSET, resources::condition_onset),
    on_bundle(&OBSERVATION_ENCOUNTER, resources::observation_encounter),
    on_bundle(&OBSERVATION_DEPARTMENT, resources::observation_department),
    on_bundle(&OBSERVATION_HAS_ENCOUNTER, resources::observation_has_encounter),
    on_bundle(&OBSERVATION_PERFORMER, resources::observation_performer),
    on_bundle(&OBSERVATION_PRACTITIONER, resources::observation_practitioner),
    on_bundle(&OBSERVATION_MEMBER, resources::observation_members),
    on_bundle(&OBSERVATION_LOCAL_CODE, codes::local_code),
    on_bundle(&OBSERVATION_LONG_TERM, codes::long_term_infection),
    on_bundle(&OBSERVATION_AMBIGUOUS, codes::one_system),
    on_bundle(&ITEM_UNKNOWN, codes::known_items),
    on_bundle(&ITEM_CONFLICT, codes::one_item),
    on_bundle(&FLAG_UNKNOWN, codes::flag_codes),
    on_bundle(&FLAG_SYSTEM, codes::flag_systems),
    on_bundle(&FLAG_REPEATED, codes::flags_once),
    on_bundle(&FLAG_NOT_ALLOWED, codes::flags_allowed),
    on_bundle(&DATE, resources::dates),
    on_bundle(&OBSERVATION_DATE, resources::observation_date),
    on_bundle(&STATUS, resources::statuses),
    on_bundle(&TEXT_HALF_WIDTH_KANA, characters::half_width_kana),
    on_bundle(&TEXT_FULL_WIDTH_SPACE, characters::full_width_space),
    on_bundle(&TEXT_CONTROL, characters::control),
    on_bundle(&TEXT_FULL_WIDTH_ASCII, characters::full_width_ascii),
    on_bundle(&TEXT_VENDOR, characters::vendor),
    on_bundle(&CODING_FORM, codings::forms),
    on_bundle(&RESERVED_DISPLAY, codings::reserved_displays),
    on_bundle(&CODE_NOT_USED, codings::used_codes),
    on_bundle(&MISPRINT, codings::misprints),
    on_bundle(&OBSERVATION_UNCODED, items::standard_code),
    on_bundle(&UNCODED_BESIDE, items::uncoded_alone),
    on_bundle(&ITEM_DISPLAY, items::displays),
    on_bundle(&ITEM_ONLY_GENERAL, items::only_general),
    on_bundle(&ITEM_GENERAL_DIFFERS, items::general_differs),
    on_bundle(&ITEM_VALUE_TYPE, items::value_types),
    on_bundle(&ITEM_RESULT_CODES, items::result_codes),
    on_bundle(&VALUE_FORBIDDEN, standings::value_forbidden),
    on_bundle(&VALUE_MISSING, standings::value_or_reason),
    on_bundle(&STATUS_UNUSED, standings::unused_status),
    on_bundle(&CONDITION_STANDING, standings::conditions),
    on_bundle(&ALLERGEN_CATEGORY, standings::allergens),
    on_patient(&INSURED_WIDTH, surroundings::insured_width),
    on_patient(&BRANCH_MISSING, surroundings::branch),
    on_patient(&PUBLIC_PAYER, surroundings::public_payer),
    on_bundle(&LOCAL_INSTITUTION, surroundings::local_institution),
    on_patient(&NAME_SPACE, surroundings::name_spaces),
    on_bundle(&CONTAINED_PATIENT, surroundings::contained_patient),
    on_bundle(&REFERENCE_LOGICAL, surroundings::logical_references),
    on_bundle(&RESOURCE_IDENTIFIER_URI, surroundings::resource_identifier_uris),
    on_bundle(&ALLERGY_DEPARTMENT, surroundings::allergy_department),
    on_bundle(&DEPARTMENT_NAME, surroundings::department_names),
];

const fn on_document(rule: &'static Rule, check: Check) -> BoundRule {
    of(rule, "http://hl7.org/fhir/StructureDefinition/Bundle", check)
}

/// Every rule of a document Bundle. What its profiles say is not said again: they demand more
/// of documents than of collections.
pub static DOCUMENT_RULES: &[BoundRule] = &[
    on_document(&LIMIT_IDENTIFIERS, limits::identifiers),
    on_document(&LIMIT_TAGS, limits::tags),
    on_document(&LIMIT_CONTAINED, limits::contained),
    on_document(&ATTACHMENT_COUNT, documents::attachment_count),
    on_document(&DOCUMENT_TYPE, documents::composition_type),
    on_document(&DOCUMENT_PROFILE, documents::profile),
    on_document(&IDENTIFIER_SYSTEM, bundle::identifier_system),
    on_document(&IDENTIFIER_VALUE, bundle::identifier_value),
    on_document(&IDENTIFIER_INSTITUTION, bundle::identifier_institution),
    on_document(&BUNDLE_TIMESTAMP, bundle::timestamp),
    on_document(&ENTRY_RESOURCE, entries::have_resources),
    on_document(&FULL_URL_REPEATED, entries::full_urls_are_unique),
    on_document(&DOCUMENT_PATIENT, documents::one_patient),
    on_document(&DOCUMENT_SUBJECT, documents::subjects),
    on_document(&PATIENT_IDENTIFIER, patient::insured_identifier),
    on_document(&PATIENT_IDENTIFIER_VALUE, patient::insured_identifier_value),
    on_document(&BIRTH_DATE, patient::birth_date_is_full),
    on_document(&INSURED_WIDTH, surroundings::insured_width),
    on_document(&BRANCH_MISSING, surroundings::branch),
    on_document(&DOCUMENT_INSTITUTION, documents::institutions),
    on_document(&DOCUMENT_AUTHOR, documents::authors),
    on_document(&FLAG_UNKNOWN, codes::flag_codes),
    on_document(&FLAG_SYSTEM, codes::flag_systems),
    on_document(&FLAG_REPEATED, codes::flags_once),
    on_document(&FLAG_NOT_ALLOWED, codes::flags_allowed),
    on_document(&ADDRESSEE, documents::one_addressee),
    on_document(&LETTER_EMPTY, documents::has_content),
    on_document(&DISCHARGE_ALONE, documents::follows_referral),
    on_document(&NESTED_KIND, documents::nested_kind),
    on_document(&NESTED_PATIENT, documents::nested_patient),
    on_document(&ATTACHMENT_TYPE, documents::attachment_types),
    on_document(&ATTACHMENT_DATA, documents::attachment_data),
    on_document(&ATTACHMENT_BASE64, documents::attachment_base64),
    on_document(&ATTACHMENT_URL, documents::attachment_urls),
    on_document(&SUMMARY_FLAGGED, documents::summary_flags),
    on_document(&CHECKUP_PROGRAMME, documents::checkup_programme),
];

/// Every rule of this module, those of reading JSON included, for documents and tests.
pub static ALL: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
    let declared = [texts::DECLARED, prose_texts::DECLARED, document_texts::DECLARED];
    declared.into_iter().flatten().copied().collect()
});

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{ALL, DOCUMENT_RULES, RULES};

    #[test]
    fn codes_are_unique_and_not_those_of_the_service() {
        let codes: HashSet<&str> = ALL.iter().map(|rule| rule.code).collect();
        assert_eq!(codes.len(), ALL.len());
        assert!(kyoyu_domain::rules::ALL.iter().all(|rule| !codes.contains(rule.code)));
    }

    #[test]
    fn every_rule_has_texts_and_repairs_in_both_languages() {
        for rule in ALL.iter() {
            let texts = [rule.japanese, rule.english, rule.repair.0, rule.repair.1];
            assert!(texts.iter().all(|text| !text.is_empty()), "{}", rule.code);
            assert_eq!(rule.japanese.contains("{}"), rule.english.contains("{}"), "{}", rule.code);
        }
    }

    #[test]
    fn the_table_binds_each_rule_once() {
        for rules in [RULES, DOCUMENT_RULES] {
            let keys: HashSet<_> = rules.iter().map(|row| (row.canonical, row.key)).collect();
            assert_eq!(keys.len(), rules.len());
        }
    }
}
