//! 規則の文言 — every rule of this crate with its texts. A code is permanent: it is never
//! reused and never renamed. Rules of the published profiles keep the profile's own key.

use super::declare::rules;

// JSON.
rules! {
    JSON_EMPTY = "kyoyu-json-empty", -, Malformed, "structure", Error,
        "本文が空です",
        "the body is empty",
        "JSONを本文に入れてください",
        "put JSON into the body";
    JSON_UTF8 = "kyoyu-json-utf8", -, Malformed, "structure", Error,
        "UTF-8ではないバイトがあります",
        "a byte is not UTF-8",
        "UTF-8で送信してください",
        "send UTF-8";
    JSON_BOM = "kyoyu-json-bom", -, Malformed, "structure", Error,
        "先頭にバイト順マーク（BOM）があります",
        "the body begins with a byte order mark",
        "BOMなしのUTF-8で送信してください",
        "send UTF-8 without a byte order mark";
    JSON_TRUNCATED = "kyoyu-json-truncated", -, Malformed, "incomplete", Error,
        "JSONが途中で終わっています",
        "the JSON ends before it is complete",
        "全文を送信してください",
        "send the whole text";
    JSON_SYNTAX = "kyoyu-json-syntax", -, Malformed, "structure", Error,
        "JSONの構文が正しくありません",
        "the JSON is not well formed",
        "この位置の文字を確認してください",
        "check the character at this place";
    JSON_TRAILING = "kyoyu-json-trailing", -, Malformed, "structure", Error,
        "JSONの後に余分な文字があります",
        "something follows the JSON",
        "一つの本文には一つのJSONだけを入れてください",
        "put one JSON text into one body";
    JSON_DEPTH = "kyoyu-json-depth", -, Malformed, "too-costly", Error,
        "入れ子が深すぎます（上限 {}）",
        "objects and arrays are nested too deeply (limit {})",
        "入れ子を浅くしてください",
        "nest less deeply";
    JSON_NODES = "kyoyu-json-nodes", -, TooLarge, "too-costly", Error,
        "値の数が上限（{}）を超えています",
        "there are more than {} values",
        "分割して送信してください",
        "split what you send";
    JSON_FIELDS = "kyoyu-json-fields", -, TooLarge, "too-costly", Error,
        "一つのオブジェクトの要素が多すぎます（上限 {}）",
        "an object has too many fields (limit {})",
        "FHIRの要素だけを送ってください",
        "send FHIR elements only";
    JSON_STRING_LENGTH = "kyoyu-json-string-length", -, TooLarge, "too-long", Error,
        "文字列が長すぎます（上限 {} バイト）",
        "a string is too long (limit {} bytes)",
        "短くしてください",
        "shorten it";
    JSON_NUMBER = "kyoyu-json-number", -, Malformed, "structure", Error,
        "数値の書き方が正しくありません",
        "the number is not well formed",
        "先頭の0や+、末尾の小数点を除いてください",
        "remove leading zeros or plus signs and trailing points";
    JSON_NUMBER_RANGE = "kyoyu-json-number-range", -, Malformed, "value", Error,
        "数値が扱える範囲を超えています",
        "the number is out of range",
        "値を確認してください",
        "check the value";
    JSON_CONTROL_CHARACTER = "kyoyu-json-control-character", -, Malformed, "structure", Error,
        "文字列の中に制御文字があります",
        "a string holds a raw control character",
        "改行は \\n、タブは \\t と書き、その他の制御文字は除いてください",
        "write \\n and \\t; leave other control characters out";
    JSON_ESCAPE = "kyoyu-json-escape", -, Malformed, "structure", Error,
        "エスケープの書き方が正しくありません",
        "the escape is not well formed",
        "\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX のいずれかにしてください",
        "use one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX";
    JSON_SURROGATE = "kyoyu-json-surrogate", -, Malformed, "structure", Error,
        "サロゲートが対になっていません",
        "a surrogate stands alone",
        "文字を途中で切っていないか確認してください",
        "check that no character was cut in half";
    JSON_NUL = "kyoyu-json-nul", -, Malformed, "value", Error,
        "文字 \\u0000 は使えません",
        "the character \\u0000 is not allowed",
        "除いてください",
        "remove it";
    JSON_DUPLICATE_KEY = "kyoyu-json-duplicate-key", -, Malformed, "structure", Error,
        "同じ名前の要素（{}）が二度あります",
        "the key {} stands twice in one object",
        "繰り返す要素は配列にしてください",
        "write repeated elements as an array";

// Shape and limits.
    NOT_A_RESOURCE = "kyoyu-not-a-resource", -, Malformed, "structure", Error,
        "resourceType が {} のJSONオブジェクトが必要です",
        "a JSON object with the resourceType {} is needed",
        "送信先と本文を確認してください",
        "check the address and the body";
    ELEMENT_SHAPE = "kyoyu-element-shape", -, NotConformant, "structure", Error,
        "この要素のJSONの型は {} です",
        "the JSON type of this element must be {}",
        "配列・オブジェクト・文字列の別を確認してください",
        "check whether it is an array, an object or a string";
    ELEMENT_EMPTY = "kyoyu-element-empty", -, NotConformant, "structure", Error,
        "空の値やnullは書けません",
        "an element must not be empty or null",
        "値がなければ要素ごと省いてください",
        "leave the element out";
    ELEMENT_MODIFIER = "kyoyu-element-modifier", -, NotConformant, "not-supported", Error,
        "意味を変える要素 {} は解釈できません",
        "{} changes the meaning in a way that is not understood",
        "送らないでください",
        "do not send it";
    LIMIT_ENTRIES = "kyoyu-limit-entries", -, TooLarge, "too-costly", Error,
        "entryの数が上限（{}）を超えています",
        "there are more than {} entries",
        "Bundleを分けて送信してください",
        "send several Bundles";
    LIMIT_IDENTIFIERS = "kyoyu-limit-identifiers", -, TooLarge, "too-costly", Error,
        "identifierの数が上限（{}）を超えています",
        "there are more than {} identifiers",
        "必要なものだけにしてください",
        "send only those that are needed";
    LIMIT_TAGS = "kyoyu-limit-tags", -, TooLarge, "too-costly", Error,
        "meta.tagの数が上限（{}）を超えています",
        "there are more than {} tags",
        "必要なものだけにしてください",
        "send only those that are needed";
    LIMIT_CONTAINED = "kyoyu-limit-contained", -, TooLarge, "too-costly", Error,
        "containedの数が上限（{}）を超えています",
        "there are more than {} contained resources",
        "必要なものだけにしてください",
        "send only those that are needed";
    MORE_ISSUES = "kyoyu-more-issues", -, NotConformant, "informational", Information,
        "指摘が多いため、残り {} 件は省きました",
        "{} more issues are left out",
        "挙げたものを直してから再検査してください",
        "repair these and check again";

// The Bundle.
    BUNDLE_PROFILE = "bundle-profile-is-JP-Bundle-CLINS", "R0213", NotConformant, "invariant", Error,
        "Bundle.meta.profile に JP_Bundle_CLINS がありません",
        "Bundle.meta.profile does not name JP_Bundle_CLINS",
        "http://jpfhir.jp/fhir/clins/StructureDefinition/JP_Bundle_CLINS を入れてください",
        "add http://jpfhir.jp/fhir/clins/StructureDefinition/JP_Bundle_CLINS";
    PROFILE_VERSION = "kyoyu-profile-version", -, NotConformant, "not-supported", Error,
        "このプロファイルの版は受け付けていません（受け付ける版: {}）",
        "this version of the profile is not accepted (accepted: {})",
        "受け付ける版に合わせるか、版を省いてください",
        "conform to an accepted version, or leave the version out";
    TAG_EXISTS = "bundle-meta-tag-resourceType-exists", "R02141", NotConformant, "required", Error,
        "情報種別を示す meta.tag がありません",
        "the tag that names the resource type is missing",
        "meta.tag に BundleResourceType_CS のコードを一つ入れてください",
        "add one code of BundleResourceType_CS to meta.tag";
    TAG_VALID = "bundle-meta-tag-resourceType-valid", "R02142", NotConformant, "code-invalid", Error,
        "meta.tag の情報種別は AllergyIntolerance, Condition, Observation のいずれかです",
        "the tag must be AllergyIntolerance, Condition or Observation",
        "コードを確認してください（処方はこのBundleでは送れません）",
        "check the code; prescriptions are not sent in this Bundle";
    TAG_REPEATED = "kyoyu-bundle-tag-repeated", -, NotConformant, "structure", Error,
        "情報種別を示す meta.tag が二つ以上あります",
        "more than one tag names the resource type",
        "一つのBundleには一種類だけを入れてください",
        "send one type per Bundle";
    TAGGED_RESOURCE = "mustHaveOneMoreResources-with-designatedResourceType", "R02143",
        NotConformant, "invariant", Error,
        "meta.tag が示す種別のリソースが一つもありません",
        "no resource of the tagged type is in the Bundle",
        "登録済みの内容を無くすには POST /fhir/Bundle/$cancel で取消してください",
        "to empty what was registered, cancel it: POST /fhir/Bundle/$cancel";
    IDENTIFIER_SYSTEM = "valid-system-bundleIdenfifier", "R02151", NotConformant, "value", Error,
        "Bundle.identifier.system が正しくありません",
        "Bundle.identifier.system is not right",
        "http://jpfhir.jp/fhir/clins/bundle-identifier にしてください",
        "use http://jpfhir.jp/fhir/clins/bundle-identifier";
    IDENTIFIER_VALUE = "valid-value-bundleIdenfifier", "R2152", NotConformant, "value", Error,
        "Bundle.identifier.value の形が正しくありません",
        "Bundle.identifier.value has not the right form",
        "医療機関コード10桁^西暦4桁（2020～2039）^英数字とハイフン1～36文字",
        "institution (10 digits) ^ year 2020-2039 ^ 1 to 36 of A-Z a-z 0-9 -";
    IDENTIFIER_INSTITUTION = "kyoyu-bundle-identifier", -, NotConformant, "value", Error,
        "Bundle.identifier の医療機関コードは送信できるものではありません",
        "the institution number in Bundle.identifier cannot send",
        "都道府県 01～47、点数表区分 1 または 3 のコードにしてください",
        "use a number of prefecture 01-47 and 点数表区分 1 or 3";
    BUNDLE_TYPE = "kyoyu-bundle-type", -, NotConformant, "value", Error,
        "Bundle.type は collection です",
        "Bundle.type must be collection",
        "collection にしてください",
        "use collection";
    BUNDLE_TIMESTAMP = "kyoyu-bundle-timestamp", -, NotConformant, "value", Error,
        "Bundle.timestamp に時刻帯つきの日時が必要です",
        "Bundle.timestamp must be an instant with a zone",
        "例: 2026-04-01T09:00:00.000+09:00",
        "for example 2026-04-01T09:00:00.000+09:00";
    BUNDLE_LAST_UPDATED = "kyoyu-bundle-last-updated", -, NotConformant, "value", Error,
        "Bundle.meta.lastUpdated に時刻帯つきの日時が必要です",
        "Bundle.meta.lastUpdated must be an instant with a zone",
        "例: 2026-04-01T09:00:00.000+09:00",
        "for example 2026-04-01T09:00:00.000+09:00";
    BUNDLE_ENTRIES = "kyoyu-bundle-entries", -, NotConformant, "required", Error,
        "Bundle.entry がありません",
        "Bundle.entry is missing",
        "先頭にPatient、続けて共有するリソースを入れてください",
        "put the Patient first and then what is shared";

// Entries.
    FIRST_PATIENT = "first-bundle-entry-is-Patient", "R0211", NotConformant, "invariant", Error,
        "最初のentryがPatientではありません",
        "the first entry is not a Patient",
        "Patientを最初のentryにしてください",
        "make the Patient the first entry";
    ONE_PATIENT = "kyoyu-one-patient", -, NotConformant, "business-rule", Error,
        "Patientが二人以上あります",
        "there is more than one Patient",
        "一つのBundleは一人の患者だけにしてください",
        "send one patient per Bundle";
    BUNDLE_MIXED = "kyoyu-bundle-mixed", -, NotConformant, "business-rule", Error,
        "meta.tag が示す種別と異なるリソース（{}）があります",
        "a resource ({}) is not of the tagged type",
        "種別ごとにBundleを分けてください",
        "send each type in a Bundle of its own";
    MEDICATION_REQUEST = "kyoyu-medication-request", -, NotConformant, "not-supported", Error,
        "処方はこのBundleでは送れません",
        "prescriptions are not sent in this Bundle",
        "MedicationRequestを除いてください",
        "remove the MedicationRequest";
    RESOURCE_TYPE = "kyoyu-resource-type", -, NotConformant, "not-supported", Error,
        "このBundleに入れられないリソースです",
        "a resource of this type does not belong into this Bundle",
        "除くか、containedにしてください",
        "remove it, or make it a contained resource";
    ENTRY_RESOURCE = "kyoyu-entry-resource", -, NotConformant, "required", Error,
        "entryにリソースがありません",
        "the entry holds no resource",
        "resourceを入れるかentryを除いてください",
        "add the resource or remove the entry";
    ENTRY_EXTRA = "kyoyu-entry-extra", -, NotConformant, "structure", Error,
        "entryの {} は使えません",
        "the entry must not have {}",
        "除いてください",
        "remove it";
    FULL_URL = "kyoyu-full-url", -, NotConformant, "value", Error,
        "fullUrlは urn:uuid: で始まるUUIDです",
        "fullUrl must be urn:uuid: and a UUID",
        "送信ごとに新しいUUIDを付けてください",
        "make a new UUID for each send";
    FULL_URL_REPEATED = "kyoyu-full-url-repeated", -, NotConformant, "duplicate", Error,
        "fullUrlが重複しています",
        "the fullUrl stands twice",
        "entryごとに別のUUIDにしてください",
        "give each entry a UUID of its own";
    SUBJECT = "kyoyu-subject", -, NotConformant, "value", Error,
        "{}.reference が最初のentryのPatientを指していません",
        "{}.reference does not name the Patient of the first entry",
        "PatientのfullUrlをそのまま入れてください",
        "use the fullUrl of the Patient as it is";
    REFERENCE = "kyoyu-reference", -, NotConformant, "not-found", Error,
        "参照先がこのBundleにありません",
        "the reference leads to nothing in this Bundle",
        "PatientのfullUrl、または同じリソースのcontainedの #id だけを参照してください",
        "refer to the Patient's fullUrl or to a contained #id of the same resource";
    CONTAINED_NESTED = "dom-2", -, NotConformant, "invariant", Error,
        "containedの中にcontainedがあります",
        "a contained resource holds a contained resource",
        "入れ子にせず並べてください",
        "put them side by side";
    CONTAINED_ID = "kyoyu-contained-id", -, NotConformant, "value", Error,
        "containedには、そのリソースの中で一意なidが必要です",
        "a contained resource needs an id that is unique within its resource",
        "idを付けてください",
        "give it an id";
    RESOURCE_IDENTIFIER = "kyoyu-resource-identifier", -, NotConformant, "required", Error,
        "リソース識別子（resourceInstance-identifier）が一つ必要です",
        "exactly one resource identifier (resourceInstance-identifier) is needed",
        "identifierに一つ入れてください",
        "give identifier exactly one of this system";
    INSTITUTION_EXTENSION = "all-entries-needs-extension-of-institutionNumber", "R9011",
        NotConformant, "required", Error,
        "医療機関番号の拡張がありません",
        "the institution number extension is missing",
        "拡張 JP_eCS_InstitutionNumber を入れてください",
        "add the extension JP_eCS_InstitutionNumber";
    INSTITUTION_VALID = "all-entries-needs-valid-institutionNumber", "R9012",
        NotConformant, "value", Error,
        "医療機関番号の拡張の値が正しくありません",
        "the value of the institution number extension is not right",
        "valueIdentifier.value に10桁の医療機関コードを一つ入れてください",
        "put one ten-digit number into valueIdentifier.value";
    INSTITUTION_EQUAL = "kyoyu-institution-equal", -, NotConformant, "business-rule", Error,
        "医療機関番号がBundle.identifierのものと異なります",
        "the institution number differs from that of Bundle.identifier",
        "送信する医療機関の番号に揃えてください",
        "use the number of the sending institution everywhere";
    PATIENT_PROFILE = "patients-profile-is-JP-Patient-eCS", "R0212", NotConformant, "invariant", Error,
        "Patient.meta.profile に JP_Patient_eCS がありません",
        "Patient.meta.profile does not name JP_Patient_eCS",
        "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Patient_eCS を入れてください",
        "add http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Patient_eCS";
    ALLERGY_PROFILE = "validEntryProfile-AllergyIntolerance", -, NotConformant, "invariant", Error,
        "meta.profile に JP_AllergyIntolerance_eCS がありません",
        "meta.profile does not name JP_AllergyIntolerance_eCS",
        "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_AllergyIntolerance_eCS を入れてください",
        "add http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_AllergyIntolerance_eCS";
    CONDITION_PROFILE = "validEntryProfile-Condition", -, NotConformant, "invariant", Error,
        "meta.profile に JP_Condition_eCS がありません",
        "meta.profile does not name JP_Condition_eCS",
        "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Condition_eCS を入れてください",
        "add http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Condition_eCS";
    OBSERVATION_PROFILE = "validEntryProfile-ObservationLabResult", -, NotConformant, "invariant", Error,
        "meta.profile に JP_Observation_LabResult_eCS がありません",
        "meta.profile does not name JP_Observation_LabResult_eCS",
        "http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Observation_LabResult_eCS を入れてください",
        "add http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Observation_LabResult_eCS";

// The Patient.
    PATIENT_LOCAL_IDENTIFIER = "valid-system-local-patientID", "R1010", NotConformant, "value", Error,
        "施設内患者番号のsystemが正しくないか、二つ以上あります",
        "the local patient number has not the right system, or stands twice",
        "urn:oid:1.2.392.100495.20.3.51.1 に10桁の医療機関コードを続けてください",
        "use urn:oid:1.2.392.100495.20.3.51.1 followed by the ten-digit number";
    PATIENT_IDENTIFIER = "valid-system-insurance-patientIdentifier", "R1012",
        NotConformant, "required", Error,
        "被保険者個人識別子が一つ必要です",
        "exactly one insured-person identifier is needed",
        "JP_Insurance_memberID の識別子を一つ入れてください",
        "give exactly one identifier of the system JP_Insurance_memberID";
    PATIENT_IDENTIFIER_VALUE = "valid-value-insurance-patientIdentifier", "R1013",
        NotConformant, "value", Error,
        "被保険者個人識別子の形が正しくありません",
        "the insured-person identifier has not the right form",
        "保険者番号8桁:記号:番号:枝番2桁（なければ空）",
        "insurer (8 digits):symbol:number:branch (2 digits or empty)";
    PATIENT_NAME = "kanjiName-kanaName-donot-contain-ZenkakuKuuhaku", "R1113",
        NotConformant, "value", Error,
        "氏名に全角空白があります",
        "the name holds a full-width space",
        "半角空白にするか、続けて書いてください",
        "use a half-width space or none";
    BIRTH_DATE = "kyoyu-birth-date", -, NotConformant, "value", Error,
        "birthDateに年月日が必要です",
        "birthDate must be a full date",
        "例: 1970-01-31",
        "for example 1970-01-31";

// Conditions, allergies and observations.
    CONDITION_ENCOUNTER = "condition-needs-contained-of-Encounter", "R9013C",
        NotConformant, "required", Error,
        "containedにEncounter（JP_Encounter または JP_Encounter_eCS）がありません",
        "no Encounter with the profile JP_Encounter or JP_Encounter_eCS is contained",
        "meta.profileを版なしで一つだけ書いたEncounterをcontainedに入れてください",
        "contain an Encounter whose only profile is one of these, without version";
    CONDITION_DEPARTMENT = "condition-needs-extension-of-Department", "R9014C",
        NotConformant, "required", Error,
        "診療科の拡張がありません",
        "the department extension is missing",
        "拡張 http://jpfhir.jp/fhir/eCS/Extension/StructureDefinition/JP_eCS_Department を入れてください",
        "add http://jpfhir.jp/fhir/eCS/Extension/StructureDefinition/JP_eCS_Department";
    CONDITION_ONSET = "condition-needs-onsetDateTime", "R9013C", NotConformant, "required", Error,
        "onsetDateTimeがありません",
        "onsetDateTime is missing",
        "発症日を入れてください",
        "give the date of onset";
    OBSERVATION_ENCOUNTER = "observation-needs-contained-of-Encounter", "R9013O",
        NotConformant, "required", Error,
        "containedにEncounter（JP_Encounter または JP_Encounter_eCS）がありません",
        "no Encounter with the profile JP_Encounter or JP_Encounter_eCS is contained",
        "meta.profileを版なしで一つだけ書いたEncounterをcontainedに入れてください",
        "contain an Encounter whose only profile is one of these, without version";
    OBSERVATION_DEPARTMENT = "observation-needs-extension-of-Department", "R9014O",
        NotConformant, "required", Error,
        "診療科の拡張がありません",
        "the department extension is missing",
        "拡張 http://jpfhir.jp/fhir/eCS/Extension/StructureDefinition/JP_eCS_Department を入れてください",
        "add http://jpfhir.jp/fhir/eCS/Extension/StructureDefinition/JP_eCS_Department";
    OBSERVATION_HAS_ENCOUNTER = "observation-needs-encounter", "R9016O",
        NotConformant, "required", Error,
        "encounterがありません",
        "encounter is missing",
        "containedのEncounterを参照してください",
        "refer to the contained Encounter";
    OBSERVATION_PERFORMER = "observation-needs-performer", "R9017O",
        NotConformant, "required", Error,
        "performerがありません",
        "performer is missing",
        "containedのPractitionerを参照してください",
        "refer to the contained Practitioner";
    OBSERVATION_PRACTITIONER = "observation-needs-contained-of-Practitioner", "R9019O",
        NotConformant, "required", Error,
        "containedにPractitioner（JP_Practitioner または JP_Practitioner_eCS）がありません",
        "no Practitioner with the profile JP_Practitioner or JP_Practitioner_eCS is contained",
        "meta.profileを版なしで一つだけ書いたPractitionerをcontainedに入れてください",
        "contain a Practitioner whose only profile is one of these, without version";
    OBSERVATION_MEMBER = "observation-has-no-hasMember", "R6081", NotConformant, "structure", Error,
        "hasMemberは使えません",
        "hasMember must not be used",
        "検査項目を一つずつ独立したObservationにしてください",
        "send each item as an Observation of its own";
    OBSERVATION_LOCAL_CODE = "needs-localCode-observation-laboresult", "R6021",
        NotConformant, "required", Error,
        "ローカルコードのcodingがありません",
        "the coding with the local code is missing",
        "system http://jpfhir.jp/fhir/clins/CodeSystem/JP_CLINS_ObsLabResult_LocalCode_CS のcodingを入れてください",
        "add a coding of http://jpfhir.jp/fhir/clins/CodeSystem/JP_CLINS_ObsLabResult_LocalCode_CS";
    OBSERVATION_LONG_TERM = "check-LTS-MemberOf-infectionLabo", "R6031",
        NotConformant, "business-rule", Error,
        "長期保存等の表示区分は、感染症の検査項目のLTSだけに付けられます",
        "a flag needs LTS and the code of an infection item",
        "感染症以外の検査から表示区分を除いてください",
        "remove the flag from results that are no infection items";
    OBSERVATION_AMBIGUOUS = "kyoyu-observation-ambiguous", -, NotConformant, "business-rule", Error,
        "検査43項目と感染症5項目のコードが両方付いています",
        "both a laboratory and an infection code system are used",
        "どちらか一方のコードにしてください",
        "use codes of one of the two";
    ITEM_UNKNOWN = "kyoyu-item-unknown", -, NotConformant, "code-invalid", Error,
        "共有項目の表にないコードです（{}）",
        "the code is not in the table of shared items ({})",
        "コードを確認し、共有項目でなければ汎用のJLAC10または未標準化コードにしてください",
        "check the code; for other items use the general JLAC10 system or the uncoded code";
    ITEM_CONFLICT = "kyoyu-item-conflict", -, NotConformant, "business-rule", Error,
        "複数のcodingが異なる共有項目を意味しています",
        "codings mean different shared items",
        "一つのObservationは一つの項目にしてください",
        "send one item per Observation";
    FLAG_UNKNOWN = "kyoyu-flag-unknown", -, NotConformant, "code-invalid", Error,
        "表示区分は LTS, UNINFORMED, UNDELIVERED のいずれかです",
        "the flag must be LTS, UNINFORMED or UNDELIVERED",
        "コードを確認してください",
        "check the code";
    FLAG_SYSTEM = "kyoyu-flag-system", -, NotConformant, "value", Error,
        "表示区分のsystemが正しくありません",
        "the system of the flag is not right",
        "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication にしてください",
        "use http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication";
    FLAG_REPEATED = "kyoyu-flag-repeated", -, NotConformant, "duplicate", Error,
        "同じ表示区分が二度あります",
        "the same flag stands twice",
        "一つにしてください",
        "keep one";
    FLAG_NOT_ALLOWED = "kyoyu-flag-not-allowed", -, NotConformant, "business-rule", Error,
        "{} にはこの表示区分を付けられません",
        "{} must not carry this flag",
        "表示区分を除いてください",
        "remove the flag";
    DATE = "kyoyu-date", -, NotConformant, "value", Error,
        "日付または日時が正しくありません",
        "the date or time is not right",
        "年・年月・年月日、または時刻帯つきの日時（1850～2200年、24:00は不可）",
        "a year, month, day or a time with zone; years 1850-2200, no 24:00";
    OBSERVATION_DATE = "kyoyu-observation-date", -, NotConformant, "required", Error,
        "採取日時（effectiveDateTime）がありません",
        "the time of collection (effectiveDateTime) is missing",
        "検体の採取日時を入れてください",
        "give the time at which the specimen was collected";
    STATUS = "kyoyu-status", -, NotConformant, "code-invalid", Error,
        "{} のコードがないか、正しくありません",
        "the code of {} is missing or not right",
        "systemとcodeを確認してください",
        "check system and code";

// Small bodies.
    PARAMETER_UNKNOWN = "kyoyu-parameters-unknown", -, Malformed, "not-supported", Error,
        "本文の {} を解釈できません",
        "{} of the body is not understood",
        "説明にある要素だけを一度ずつ送ってください",
        "send the documented elements only, each once";
}
