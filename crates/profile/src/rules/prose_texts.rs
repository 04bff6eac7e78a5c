//! 文章だけの規則の文言 — the rules that only the guide's text states (S3 to S5, S7, S13).
//!
//! An error is what makes the Bundle wrong by a sentence of the guide that nothing
//! contradicts; everything else is a warning or for information.

use super::declare::rules;

// Names of laboratory items.
rules! {
    TEXT_HALF_WIDTH_KANA = "kyoyu-text-half-width-kana", -, NotConformant, "value", Warning,
        "検査項目の名称に半角カタカナ（{}）があります",
        "the name of a laboratory item holds half-width katakana ({})",
        "全角カタカナにしてください",
        "use full-width katakana";
    TEXT_FULL_WIDTH_SPACE = "kyoyu-text-full-width-space", -, NotConformant, "value", Warning,
        "検査項目の名称に全角空白（{}）があります",
        "the name of a laboratory item holds a full-width space ({})",
        "半角空白にしてください",
        "use a half-width space";
    TEXT_CONTROL = "kyoyu-text-control", -, NotConformant, "value", Warning,
        "検査項目の名称に制御文字（{}）があります",
        "the name of a laboratory item holds a control character ({})",
        "除いてください",
        "remove it";
    TEXT_FULL_WIDTH_ASCII = "kyoyu-text-full-width-ascii", -, NotConformant, "value", Warning,
        "検査項目の名称に全角の英数字または記号（{}）があります",
        "the name of a laboratory item holds a full-width letter, digit or sign ({})",
        "半角にしてください",
        "use half-width characters";
    TEXT_VENDOR = "kyoyu-text-vendor", -, NotConformant, "value", Warning,
        "検査項目の名称に外字または機種依存文字（{}）があります",
        "the name of a laboratory item holds a character of a vendor ({})",
        "一般の文字に書き換えてください",
        "write it with common characters";

// Codes.
    CODING_FORM = "kyoyu-coding-form", -, NotConformant, "code-invalid", Warning,
        "コードの形がコード体系（{}）のものではありません",
        "the code does not have the form of its system ({})",
        "桁数と文字を確認してください",
        "check its length and characters";
    RESERVED_DISPLAY = "kyoyu-reserved-display", -, NotConformant, "value", Warning,
        "コードと表示名が対になっていません（表示名「{}」）",
        "code and display do not belong together (display \"{}\")",
        "コードまたは表示名を表の組に揃えてください",
        "use the code and the display that belong to each other";
    CODE_NOT_USED = "kyoyu-code-not-used", -, NotConformant, "code-invalid", Warning,
        "このコード体系では {} 以外を使いません",
        "of this system only {} is used",
        "使われるコードに置き換えるか、codingを除いてください",
        "use one of these codes or remove the coding";
    MISPRINT = "kyoyu-uri-misprinted", -, NotConformant, "value", Warning,
        "URIが誤植または旧版のものです（正: {}）",
        "the URI is a misprint or of a former edition (right: {})",
        "正しいURIにしてください",
        "use the right URI";

// Laboratory and infection items.
    OBSERVATION_UNCODED = "kyoyu-observation-uncoded", -, NotConformant, "required", Error,
        "ローカルコードのほかに、共有項目・汎用JLAC10・未標準化のいずれのコードもありません",
        "beside the local code there is no shared, general or uncoded code",
        "標準コードがなければ JP_CLINS_ObsLabResult_Uncoded_CS の 99999999999999999 を付けてください",
        "where there is no standard code, add 99999999999999999 of JP_CLINS_ObsLabResult_Uncoded_CS";
    UNCODED_BESIDE = "kyoyu-uncoded-beside-code", -, NotConformant, "business-rule", Warning,
        "標準コードがあるのに未標準化コードも付いています",
        "the uncoded code stands beside a standard code",
        "未標準化コードを除いてください",
        "remove the uncoded code";
    ITEM_DISPLAY = "kyoyu-item-display", -, NotConformant, "value", Warning,
        "共有項目のコードの表示名がないか、項目の名称（{}）と異なります",
        "the display of the shared item's code is missing or not its name ({})",
        "displayを項目の識別名にしてください",
        "use the item's name as the display";
    ITEM_ONLY_GENERAL = "kyoyu-item-only-general", -, NotConformant, "business-rule", Warning,
        "共有項目の検査ですが、共有項目のコードがありません（共有画面に表示されません）",
        "the test is a shared item without the code of one, and will not be shown",
        "同じ17桁を共有項目のコード体系でも付けてください",
        "add the same 17 digits of the system of shared items";
    ITEM_GENERAL_DIFFERS = "kyoyu-item-general-differs", -, NotConformant, "business-rule", Warning,
        "汎用JLAC10コードが共有項目のコードと別の項目を意味しています",
        "the general JLAC10 code means another item than the shared code",
        "コードを確認してください",
        "check the codes";
    ITEM_VALUE_TYPE = "kyoyu-item-value-type", -, NotConformant, "value", Warning,
        "この項目の値は {} で送ります",
        "a value of this item is sent as {}",
        "値の型を項目に合わせてください",
        "use the type of value of the item";
    ITEM_RESULT_CODES = "kyoyu-item-result-codes", -, NotConformant, "code-invalid", Warning,
        "結果コードがこの項目の体系のものではありません（{}）",
        "the result code is not of the item's system ({})",
        "項目の結果コード体系にしてください",
        "use the item's system of result codes";

// Status and value.
    VALUE_FORBIDDEN = "kyoyu-value-forbidden", -, NotConformant, "business-rule", Error,
        "結果のない状態（registered, cancelled）に値があります",
        "a result that is registered or cancelled has a value",
        "値を除きdataAbsentReasonに理由を入れるか、statusを改めてください",
        "remove the value and give the reason in dataAbsentReason, or correct the status";
    VALUE_MISSING = "kyoyu-value-missing", -, NotConformant, "required", Error,
        "値も、値がない理由（dataAbsentReason）もありません",
        "there is neither a value nor the reason for its absence (dataAbsentReason)",
        "値、またはdataAbsentReason.textを入れてください",
        "give a value or dataAbsentReason.text";
    STATUS_UNUSED = "kyoyu-status-unused", -, NotConformant, "code-invalid", Warning,
        "このstatusは使いません",
        "this status is not used",
        "registered, preliminary, final, corrected, cancelled のいずれかにしてください",
        "use registered, preliminary, final, corrected or cancelled";
    CONDITION_STANDING = "kyoyu-condition-standing", -, NotConformant, "business-rule", Warning,
        "臨床状態・確からしさ・終了日の組が決まりのものではありません",
        "clinical status, verification status and end date do not go together",
        "継続中は終了日なし、治癒（resolved）・軽快（remission）は終了日ありにしてください",
        "an active disease has no end date; a resolved or remitted one has";
    ALLERGEN_CATEGORY = "kyoyu-allergen-category", -, NotConformant, "business-rule", Warning,
        "categoryがアレルゲンのコード体系と合いません（{}）",
        "the category does not fit the list of the allergen's code ({})",
        "薬剤アレルギー等はmedication、食品はfoodにしてください",
        "use medication for drugs and food for food";

// Persons, institutions and references.
    INSURED_WIDTH = "kyoyu-insured-width", -, NotConformant, "value", Warning,
        "被保険者の記号・番号に半角と全角が混ざっています",
        "symbol and number of the insured person mix half-width and full-width characters",
        "すべて半角、またはすべて全角に揃えてください",
        "use one of the two throughout";
    BRANCH_MISSING = "kyoyu-branch-missing", -, NotConformant, "informational", Information,
        "被保険者の枝番がありません",
        "the branch number of the insured person is missing",
        "資格確認で枝番が得られれば入れてください",
        "give it where the eligibility check knows one";
    PUBLIC_PAYER = "kyoyu-public-payer", -, NotConformant, "value", Error,
        "公費負担者番号・受給者番号の識別子の形が正しくありません",
        "the identifier of public assistance has not the right form",
        "公費負担者番号8桁::受給者番号7桁: にしてください",
        "payer (8 digits)::recipient (7 digits):";
    LOCAL_INSTITUTION = "kyoyu-local-institution", -, NotConformant, "business-rule", Warning,
        "施設内番号の体系が、送信した医療機関のものではありません",
        "the system of the local number is not that of the sending institution",
        "OIDの末尾を送信する医療機関の10桁にしてください",
        "end the OID with the number of the sending institution";
    NAME_SPACE = "kyoyu-name-full-width-space", -, NotConformant, "value", Warning,
        "氏名に全角空白があります",
        "the name holds a full-width space",
        "半角空白にするか、続けて書いてください",
        "use a half-width space or none";
    CONTAINED_PATIENT = "kyoyu-contained-patient", -, NotConformant, "business-rule", Error,
        "containedにPatientがあります",
        "a Patient is contained",
        "最初のentryのPatientだけを参照してください",
        "refer to the Patient of the first entry only";
    REFERENCE_LOGICAL = "kyoyu-reference-logical", -, NotConformant, "business-rule", Warning,
        "識別子だけの参照は使いません",
        "references by identifier alone are not used",
        "containedの #id、またはPatientのfullUrlで参照してください",
        "refer to a contained #id or to the Patient's fullUrl";
    RESOURCE_IDENTIFIER_URI = "kyoyu-resource-identifier-uri", -, NotConformant, "value", Warning,
        "URI形式のリソース識別子に、URIに使えない文字があります",
        "the resource identifier is a URI with characters that a URI cannot have",
        "RFC 3986に従ってエンコードしてください",
        "encode them as RFC 3986 says";
    ALLERGY_DEPARTMENT = "kyoyu-allergy-department", -, NotConformant, "required", Warning,
        "診療科の拡張がありません",
        "the department extension is missing",
        "拡張 http://jpfhir.jp/fhir/eCS/Extension/StructureDefinition/JP_eCS_Department を入れてください",
        "add http://jpfhir.jp/fhir/eCS/Extension/StructureDefinition/JP_eCS_Department";
    DEPARTMENT_NAME = "kyoyu-department-name", -, NotConformant, "required", Warning,
        "診療科の名称（valueCodeableConcept.text）がありません",
        "the department's name (valueCodeableConcept.text) is missing",
        "施設で使う診療科名を入れてください",
        "give the name that the institution uses";
}
