//! 規則の文言 — what the walk can find. A code is permanent: it is never reused and never
//! renamed.

use std::sync::LazyLock;

use kyoyu_domain::problem::{Category, Rule, Severity};

/// Declares the rules once, as statics and as one list.
macro_rules! rules {
    ($($name:ident = $code:literal, $issue_type:literal, $severity:ident,
        $japanese:literal, $english:literal, $repair_ja:literal, $repair_en:literal;)*) => {
        $(
            #[doc = concat!("The rule `", $code, "`.")]
            pub(crate) static $name: Rule = Rule {
                code: $code,
                number: None,
                category: Category::NotConformant,
                issue_type: $issue_type,
                severity: Severity::$severity,
                japanese: $japanese,
                english: $english,
                repair: ($repair_ja, $repair_en),
                since: "0.1.0",
            };
        )*

        /// Every rule of this list.
        pub(super) static LISTED: &[&Rule] = &[$(&$name),*];
    };
}

mod whole;

pub(crate) use self::whole::*;

/// Every rule of the walk, for documents and tests.
pub(crate) static ALL: LazyLock<Vec<&'static Rule>> =
    LazyLock::new(|| [LISTED, whole::LISTED].concat());

rules! {
    UNKNOWN_ELEMENT = "kyoyu-element-unknown", "structure", Error,
        "定義されていない要素「{}」があります",
        "the element \"{}\" is not defined here",
        "要素を削除するか、名前を確認してください",
        "remove the element or check its name";
    NOT_AN_ARRAY = "kyoyu-array-expected", "structure", Error,
        "配列でなければなりません",
        "this has to be an array",
        "値を [ ] で囲んでください",
        "put the value into an array";
    NOT_AN_OBJECT = "kyoyu-object-expected", "structure", Error,
        "オブジェクトでなければなりません",
        "this has to be an object",
        "オブジェクトを入れるか、要素を削除してください",
        "put an object here or remove the element";
    NOT_A_PRIMITIVE = "kyoyu-primitive-expected", "structure", Error,
        "単一の値でなければなりません",
        "this has to be a simple value",
        "文字列・数値・真偽値のいずれかを入れてください",
        "put a string, number or boolean here";
    NULL_IN_ARRAY = "kyoyu-array-null", "structure", Error,
        "拡張を伴わないnullが配列にあります",
        "the array holds a null without an extension beside it",
        "nullを削除してください",
        "remove the null";
    EMPTY_ARRAY = "kyoyu-array-empty", "structure", Error,
        "空の配列です",
        "the array is empty",
        "要素を削除してください",
        "remove the element";
    EMPTY_OBJECT = "kyoyu-object-empty", "structure", Error,
        "空のオブジェクトです",
        "the object is empty",
        "要素を削除するか、内容を入れてください",
        "remove the element or give it content";
    NO_CONTENT = "ele-1", "invariant", Error,
        "要素に値も子要素もありません",
        "the element has neither a value nor children",
        "要素を削除するか、内容を入れてください",
        "remove the element or give it content";
    EMPTY_STRING = "kyoyu-string-empty", "invalid", Error,
        "空の文字列です",
        "the value is empty",
        "要素を削除するか、値を入れてください",
        "remove the element or give it a value";
    BLANK_STRING = "kyoyu-string-blank", "invalid", Warning,
        "空白だけの値です",
        "the value is blank",
        "要素を削除するか、値を入れてください",
        "remove the element or give it a value";
    TOO_FEW = "kyoyu-element-missing", "required", Error,
        "必須の要素 {} がありません（または足りません）",
        "{} is required and missing, or there are too few",
        "要素を追加してください",
        "add the element";
    TOO_MANY = "kyoyu-element-repeated", "structure", Error,
        "要素 {} が多すぎます",
        "there are too many of {}",
        "余分な要素を削除してください",
        "remove what is too much";
    SLICE_MISSING = "kyoyu-slice-missing", "required", Error,
        "必須のスライス {} がありません",
        "the slice {} is required and missing",
        "このスライスに合う要素を追加してください",
        "add an element that fits the slice";
    NO_SLICE = "kyoyu-slice-none", "invalid", Error,
        "{} のどのスライスにも合いません。ほかのものは置けません",
        "this fits no slice of {}, and nothing else may stand here",
        "スライスの条件に合わせるか、要素を削除してください",
        "make it fit a slice or remove it";
    TWO_SLICES = "kyoyu-slice-several", "invalid", Error,
        "複数のスライスに合います（{}）",
        "this fits several slices ({})",
        "一つのスライスだけに合うようにしてください",
        "make it fit one slice only";
    SLICE_ORDER = "kyoyu-slice-order", "invalid", Error,
        "スライスの順序が定義と異なります",
        "the slices are not in the order of the definition",
        "定義の順序に並べ替えてください",
        "put them into the order of the definition";
    SLICE_UNTESTABLE = "kyoyu-slice-untestable", "processing", Error,
        "スライスの判別条件がプロファイルにありません",
        "the profile does not say what tells the slice apart",
        "プロファイルの提供者に連絡してください",
        "tell those who publish the profile";
    NAME_AMBIGUOUS = "kyoyu-name-ambiguous", "informational", Warning,
        "隣の選択要素の名前とも読めます",
        "the name also reads like that of a choice beside it",
        "このままで差し支えありません",
        "nothing needs to be done";
    FORBIDDEN_TYPE = "kyoyu-type-forbidden", "structure", Error,
        "プロファイルが許さない型です",
        "the profile does not allow this type",
        "許された型を使ってください",
        "use a type that is allowed";
    NO_PROFILE_HOLDS = "kyoyu-profile-none", "structure", Error,
        "許されたプロファイルのどれにも準拠していません",
        "this conforms to none of the profiles that are allowed",
        "いずれかのプロファイルに合わせてください",
        "make it conform to one of them";
    TYPE_PROFILE_UNKNOWN = "kyoyu-profile-of-type-unknown", "not-found", Error,
        "型のプロファイルが見つかりません",
        "the profile of the type is not known",
        "プロファイルのパッケージを追加してください",
        "add the package of the profile";
    FIXED_VALUE = "kyoyu-value-fixed", "value", Error,
        "値は「{}」でなければなりません",
        "the value has to be \"{}\"",
        "定められた値にしてください",
        "use the fixed value";
    FIXED_MISSING = "kyoyu-value-fixed-missing", "value", Error,
        "定められた値の要素 {} がありません",
        "the element {} of the fixed value is missing",
        "要素を追加してください",
        "add the element";
    FIXED_MORE = "kyoyu-value-fixed-more", "value", Error,
        "定められた値にない要素です",
        "the fixed value does not have this element",
        "要素を削除してください",
        "remove the element";
    FIXED_COUNT = "kyoyu-value-fixed-count", "value", Error,
        "定められた値の数（{}）と異なります",
        "the number differs from that of the fixed value ({})",
        "数を合わせてください",
        "make the numbers agree";
    PATTERN_MISSING = "kyoyu-value-pattern", "value", Error,
        "定められたパターンを含んでいません",
        "the pattern is not among the items",
        "パターンに合う項目を追加してください",
        "add an item that fits the pattern";
    TOO_LONG = "kyoyu-value-too-long", "invalid", Error,
        "文字数が上限（{}）を超えています",
        "the text is longer than {} characters",
        "短くしてください",
        "make it shorter";
    TOO_SMALL = "kyoyu-value-too-small", "invalid", Error,
        "値が下限より小さいです",
        "the value is below the least one",
        "範囲内の値にしてください",
        "use a value within the limits";
    TOO_GREAT = "kyoyu-value-too-great", "invalid", Error,
        "値が上限より大きいです",
        "the value is above the greatest one",
        "範囲内の値にしてください",
        "use a value within the limits";
    JSON_BOOLEAN = "kyoyu-json-boolean", "structure", Error,
        "JSONの真偽値でなければなりません",
        "this has to be a JSON boolean",
        "引用符を外してtrueまたはfalseにしてください",
        "write true or false without quotes";
    JSON_NUMBER_TYPE = "kyoyu-json-number-type", "structure", Error,
        "JSONの数値でなければなりません",
        "this has to be a JSON number",
        "引用符を外してください",
        "write it without quotes";
    JSON_STRING = "kyoyu-json-string", "structure", Error,
        "JSONの文字列でなければなりません",
        "this has to be a JSON string",
        "引用符で囲んでください",
        "put it into quotes";
    BOOLEAN = "kyoyu-boolean-form", "invalid", Error,
        "trueまたはfalseでなければなりません",
        "this has to be true or false",
        "trueまたはfalseにしてください",
        "write true or false";
    DATE = "kyoyu-date-form", "invalid", Error,
        "日付の書式または暦日が正しくありません",
        "this is no date of the calendar",
        "YYYY-MM-DDの形で暦にある日付にしてください",
        "write YYYY-MM-DD, a day that exists";
    DATE_TIME = "kyoyu-date-time-form", "invalid", Error,
        "日時の書式が正しくありません",
        "this is no date and time",
        "YYYY-MM-DDThh:mm:ss+09:00の形にしてください",
        "write YYYY-MM-DDThh:mm:ss+09:00";
    INSTANT = "kyoyu-instant-form", "invalid", Error,
        "時点（instant）の書式が正しくありません",
        "this is no instant",
        "YYYY-MM-DDThh:mm:ss+09:00の形にしてください",
        "write YYYY-MM-DDThh:mm:ss+09:00";
    TIME = "kyoyu-time-form", "invalid", Error,
        "時刻の書式が正しくありません",
        "this is no time",
        "hh:mm:ssの形にしてください",
        "write hh:mm:ss";
    CODE_FORM = "kyoyu-code-form", "invalid", Error,
        "コードの空白の使い方が正しくありません",
        "the blanks in this code are not allowed",
        "前後の空白と連続する空白を削除してください",
        "remove blanks at the ends and doubled ones";
    BASE64 = "kyoyu-base64-form", "invalid", Error,
        "base64の形が正しくありません",
        "this is no base64",
        "正しいbase64にしてください",
        "encode the data as base64";
    INTEGER = "kyoyu-integer-form", "invalid", Error,
        "32ビットの整数でなければなりません",
        "this has to be a whole number of 32 bits",
        "整数にしてください",
        "write a whole number";
    UNSIGNED = "kyoyu-unsigned-form", "invalid", Error,
        "0以上の整数でなければなりません",
        "this has to be a whole number, 0 or more",
        "0以上の整数にしてください",
        "write a whole number, 0 or more";
    POSITIVE = "kyoyu-positive-form", "invalid", Error,
        "1以上の整数でなければなりません",
        "this has to be a whole number, 1 or more",
        "1以上の整数にしてください",
        "write a whole number, 1 or more";
    DECIMAL = "kyoyu-decimal-form", "invalid", Error,
        "10進数でなければなりません",
        "this has to be a decimal number",
        "10進数にしてください",
        "write a decimal number";
    ID = "kyoyu-id-form", "invalid", Error,
        "idの形が正しくありません",
        "this is no id",
        "英数字・ハイフン・ピリオドの64文字以内にしてください",
        "use up to 64 letters, digits, hyphens and full stops";
    URI_BLANKS = "kyoyu-uri-blanks", "invalid", Error,
        "URIに空白があります",
        "a URI has no blanks",
        "空白を削除してください",
        "remove the blanks";
    URI_PREFIX = "kyoyu-uri-prefix", "invalid", Error,
        "URIの先頭が正しくありません",
        "the URI begins in the wrong way",
        "urn:oid: または urn:uuid: で始めてください",
        "let it begin with urn:oid: or urn:uuid:";
    CANONICAL_RELATIVE = "kyoyu-canonical-relative", "invalid", Error,
        "canonicalは絶対URLでなければなりません",
        "a canonical has to be an absolute URL",
        "絶対URLにしてください",
        "use an absolute URL";
    UUID = "kyoyu-uuid-form", "invalid", Error,
        "UUIDの形が正しくありません（小文字のみ）",
        "this is no UUID in small letters",
        "小文字のUUIDにしてください",
        "write the UUID in small letters";
    OID = "kyoyu-oid-form", "invalid", Error,
        "OIDの形が正しくありません",
        "this is no OID",
        "正しいOIDにしてください",
        "write a valid OID";
    HL7_URL_UNKNOWN = "kyoyu-url-hl7-unknown", "invalid", Error,
        "HL7の名前空間に定義のないURLです",
        "HL7 has not defined this URL",
        "定義のあるURLを使ってください",
        "use a URL that is defined";
    EXAMPLE_URL = "kyoyu-url-example", "informational", Information,
        "例示用ドメインのURLです",
        "this URL is of a domain for examples",
        "実在のURLにしてください",
        "use a URL that exists";
    CANONICAL_UNRESOLVED = "kyoyu-canonical-unresolved", "not-found", Error,
        "リソースの中に参照先がありません",
        "nothing in the resource has this id",
        "idを合わせてください",
        "make the ids agree";
    CODE_REQUIRED = "kyoyu-code-missing", "code-invalid", Error,
        "値集合からのコードが必要です {}",
        "a code from the value set is required {}",
        "コードを入れてください",
        "give a code";
    NOT_IN_VALUE_SET = "kyoyu-code-not-in-value-set", "code-invalid", Error,
        "コードが値集合 {} にありません",
        "the code is not in the value set {}",
        "値集合のコードを使ってください",
        "use a code of the value set";
    VALUE_SET_UNDECIDABLE = "kyoyu-code-undecidable", "not-found", Warning,
        "値集合 {} の内容がなく確認できません",
        "the content of the value set {} is not at hand, so this was not checked",
        "コードを確認してください",
        "check the code yourself";
    UNKNOWN_CODE = "kyoyu-code-unknown", "code-invalid", Error,
        "コード体系 {} にないコードです",
        "the code system {} has no such code",
        "コードを確認してください",
        "check the code";
    DISPLAY = "kyoyu-code-display", "invalid", Warning,
        "表示名がコード体系 {} のものと異なります",
        "the display is none of the names in {}",
        "コード体系の表示名にしてください",
        "use a name of the code system";
    NO_SYSTEM = "kyoyu-code-no-system", "code-invalid", Warning,
        "systemのないコードには意味がありません",
        "a code without system has no meaning",
        "systemを追加してください",
        "add the system";
    SYSTEM_RELATIVE = "kyoyu-code-system-relative", "code-invalid", Error,
        "コードのsystemは絶対URIでなければなりません",
        "the system of a code has to be absolute",
        "絶対URIにしてください",
        "use an absolute URI";
    SYSTEM_IS_VALUE_SET = "kyoyu-code-system-value-set", "code-invalid", Error,
        "systemが値集合を指しています",
        "the system is a value set",
        "コード体系のURIにしてください",
        "use the URI of the code system";
    SYSTEM_UNKNOWN = "kyoyu-code-system-unknown", "not-found", Warning,
        "コード体系 {} の定義がなく確認できません",
        "the code system {} is not at hand, so this was not checked",
        "systemを確認してください",
        "check the system";
    REFERENCE_BLANKS = "kyoyu-reference-blanks", "invalid", Error,
        "参照に空白があります",
        "a reference has no blanks",
        "空白を削除してください",
        "remove the blanks";
    REFERENCE_EMPTY = "kyoyu-reference-empty", "structure", Warning,
        "参照先も識別子も表示名もありません",
        "the reference has no target, identifier or display",
        "いずれかを追加してください",
        "add one of them";
    REFERENCE_UNRESOLVED = "kyoyu-reference-unresolved", "not-found", Error,
        "contained資源が見つかりません",
        "no contained resource has this id",
        "containedに追加するか、idを合わせてください",
        "add it to contained or make the ids agree";
    REFERENCE_AMBIGUOUS = "kyoyu-reference-ambiguous", "multiple-matches", Error,
        "参照に当てはまるエントリーが複数あります",
        "several entries answer to the reference",
        "fullUrlを一意にしてください",
        "make every fullUrl unique";
    REFERENCE_FORM = "kyoyu-reference-form", "invalid", Error,
        "相対参照は「型/id」の形でなければなりません",
        "a relative reference has the form Type/id",
        "「型/id」の形にしてください",
        "write Type/id";
    REFERENCE_TARGET = "kyoyu-reference-target", "structure", Error,
        "参照先が求められたプロファイルに準拠していません",
        "the target conforms to none of the profiles that are required",
        "参照先の誤りを直してください",
        "repair the target";
    RESOURCE_ID_EXTENDED = "kyoyu-resource-id-extended", "invalid", Error,
        "リソースのidに拡張は使えません",
        "the id of a resource has no extensions",
        "拡張を削除してください",
        "remove the extensions";
    REFERENCE_CONDITIONAL = "kyoyu-reference-conditional", "invalid", Error,
        "条件による参照はtransactionのBundleの中だけで使えます",
        "a conditional reference may stand in a transaction Bundle only",
        "参照先のidで参照してください",
        "refer to the target by its id";
    REFERENCE_TYPE = "kyoyu-reference-type", "structure", Error,
        "ここで許されていない型です（Reference.type）",
        "Reference.type names a type that is not allowed here",
        "許された型にしてください",
        "use a type that is allowed";
    REFERENCE_TYPE_DIFFERS = "kyoyu-reference-type-differs", "structure", Error,
        "Reference.typeが参照先の型と異なります",
        "Reference.type differs from the type of the target",
        "参照先の型に合わせてください",
        "make them agree";
    REFERENCE_AGGREGATION = "kyoyu-reference-aggregation", "structure", Error,
        "参照先が許された場所（contained・Bundle・外部）にありません",
        "the target does not stand where it may: in the resource, in the Bundle or elsewhere",
        "参照先を許された場所に置いてください",
        "put the target where it may stand";
    TARGET_TYPE = "kyoyu-reference-target-type", "structure", Error,
        "参照先の型（{}）はここでは許されません",
        "a target of type {} is not allowed here",
        "許された型を参照してください",
        "refer to a type that is allowed";
    TARGET_PROFILE_UNKNOWN = "kyoyu-reference-profile-unknown", "not-found", Error,
        "参照先に求められたプロファイルが見つかりません",
        "a profile that the target should conform to is not known",
        "プロファイルのパッケージを追加してください",
        "add the package of the profile";
    URN_NOT_FOUND = "kyoyu-reference-urn", "not-found", Warning,
        "URNの参照先がBundleにありません",
        "the Bundle has no entry with this URN",
        "参照先をBundleに含めてください",
        "put the target into the Bundle";
    IDENTIFIER_SYSTEM = "kyoyu-identifier-system", "code-invalid", Error,
        "Identifier.systemは絶対URIでなければなりません",
        "Identifier.system has to be absolute",
        "絶対URIにしてください",
        "use an absolute URI";
    IDENTIFIER_URI = "kyoyu-identifier-uri", "code-invalid", Error,
        "urn:ietf:rfc:3986の識別子はURIでなければなりません",
        "an identifier of urn:ietf:rfc:3986 is a URI",
        "URIにしてください",
        "use a URI";
    ATTACHMENT_DATA = "kyoyu-attachment-undecodable", "structure", Error,
        "添付のデータを復号できません",
        "the data of the attachment cannot be decoded",
        "正しいbase64にしてください",
        "encode the data as base64";
    ATTACHMENT_SIZE = "kyoyu-attachment-size", "structure", Error,
        "sizeがデータの長さと異なります",
        "the size differs from the length of the data",
        "sizeをデータの長さに合わせてください",
        "make the size that of the data";
    ATTACHMENT_HASH = "kyoyu-attachment-hash", "structure", Error,
        "hashがデータのSHA-1と異なります",
        "the hash is not the SHA-1 of the data",
        "データが変わっていないか確かめ、hashを直してください",
        "check that the data are unchanged, and correct the hash";
    ATTACHMENT_SIZE_FORM = "kyoyu-attachment-size-form", "structure", Error,
        "sizeは0以上の整数でなければなりません",
        "the size has to be a whole number, 0 or more",
        "0以上の整数にしてください",
        "write a whole number, 0 or more";
    EXTENSION_URL_MISSING = "kyoyu-extension-url", "invalid", Error,
        "拡張にurlがありません",
        "the extension has no url",
        "urlを追加してください",
        "add the url";
    EXTENSION_URL_RELATIVE = "kyoyu-extension-url-relative", "invalid", Error,
        "拡張のurlは絶対URLでなければなりません",
        "the url of an extension has to be absolute",
        "絶対URLにしてください",
        "use an absolute URL";
    EXTENSION_URL_VERSION = "kyoyu-extension-url-version", "invalid", Error,
        "拡張のurlに版を付けてはいけません",
        "the url of an extension has no version",
        "版を削除してください",
        "remove the version";
    EXTENSION_UNKNOWN = "kyoyu-extension-unknown", "structure", Error,
        "定義の見つからない拡張 {} です",
        "the extension {} is not known",
        "定義のある拡張を使うか、削除してください",
        "use an extension that is defined, or remove it";
    EXTENSION_INNER_UNKNOWN = "kyoyu-extension-inner-unknown", "invalid", Error,
        "この拡張の内側に定義されていない拡張です",
        "the extension around it does not define this one",
        "urlを確認してください",
        "check the url";
    EXTENSION_MODIFIER = "kyoyu-extension-modifier", "structure", Error,
        "modifierExtensionとextensionを取り違えています",
        "extension and modifierExtension are mixed up",
        "定義に合うほうを使ってください",
        "use the one that the definition says";
    EXTENSION_CONTEXT = "kyoyu-extension-context", "structure", Error,
        "拡張 {} はここに置けません",
        "the extension {} may not stand here",
        "定義の示す要素に移してください",
        "move it to an element that its definition names";
    EXTENSION_CONTEXT_INVARIANT = "kyoyu-extension-context-invariant", "structure", Error,
        "拡張 {} を置く要素が、拡張の定義の条件を満たしていません",
        "the element does not meet what the extension {} demands of where it stands",
        "拡張を削除するか、要素を定義の条件に合わせてください",
        "remove the extension, or let the element meet the condition of its definition";
    EXTENSION_VALUE_TYPE = "kyoyu-extension-value-type", "structure", Error,
        "拡張の値の型が定義と異なります",
        "the type of the extension's value is not allowed",
        "定義の型を使ってください",
        "use a type of the definition";
    EXTENSION_VALUE_MISSING = "kyoyu-extension-value", "structure", Error,
        "拡張に値がありません",
        "the extension has no value",
        "value[x]を追加してください",
        "add a value[x]";
}
