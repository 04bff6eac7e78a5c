//! 規則の一覧 — every rule of the service itself; those of Bundles are in the crate
//! `kyoyu-profile`. A code is permanent: it is never reused and never renamed.

use crate::problem::{Category, Rule, Severity};

/// Declares the rules once, as constants and as one list.
macro_rules! rules {
    ($($name:ident = $code:literal, $category:ident, $issue_type:literal, $severity:ident,
        $japanese:literal, $english:literal, $repair_ja:literal, $repair_en:literal;)*) => {
        $(
            #[doc = $japanese]
            pub static $name: Rule = Rule {
                code: $code,
                number: None,
                category: Category::$category,
                issue_type: $issue_type,
                severity: Severity::$severity,
                japanese: $japanese,
                english: $english,
                repair: ($repair_ja, $repair_en),
                since: "0.1.0",
            };
        )*

        /// Every rule of the service itself.
        pub static ALL: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    INTERNAL = "kyoyu-internal", Internal, "exception", Error,
        "内部の障害です",
        "an internal fault",
        "時間をおいて同じ要求を再送してください",
        "send the same request again later";
    UNAVAILABLE = "kyoyu-unavailable", Unavailable, "transient", Error,
        "一時的に受け付けられません",
        "temporarily unavailable",
        "Retry-Afterの後に同じ要求を再送してください（二重登録にはなりません）",
        "send the same request again after Retry-After; it is never stored twice";
    THROTTLED = "kyoyu-throttled", Throttled, "throttled", Error,
        "要求が多すぎます",
        "too many requests",
        "Retry-Afterの秒数を待って再送してください",
        "wait for the seconds in Retry-After and send again";
    NOT_FOUND = "kyoyu-not-found", NotFound, "not-found", Error,
        "該当するものはありません",
        "nothing is found",
        "識別子と宛先を確認してください",
        "check the identifier and the address";
    GONE = "kyoyu-gone", Gone, "deleted", Error,
        "このBundleは保存期間の終了または取消により削除されました",
        "the Bundle was deleted at the end of its period or after its cancellation",
        "必要なら新しいBundle識別子で登録してください",
        "register under a new Bundle identifier if it is needed";
    PARTICIPANT_KNOWN = "kyoyu-participant-known", Conflict, "duplicate", Error,
        "この名前は別の役割で登録済みです",
        "the name is registered under another role",
        "別の名前にしてください",
        "choose another name";
    SUCCESSION = "kyoyu-succession", Conflict, "conflict", Error,
        "この医療機関番号の承継は登録できません",
        "the succession of these institution numbers cannot be registered",
        "承継元にすでに承継先がないか、承継元と承継先が逆でないかを確認してください",
        "check whether the predecessor has a successor already, and which of the two is which";
    CONSENT_EXISTS = "kyoyu-consent-exists", Conflict, "duplicate", Error,
        "この同意の識別子は別の内容で登録済みです",
        "the identifier of the consent is registered with other content",
        "変更は PUT /fhir/Consent?identifier=… で送信してください",
        "send a change: PUT /fhir/Consent?identifier=…";
    UNKNOWN_ADDRESS = "kyoyu-unknown-address", NotFound, "not-supported", Error,
        "このアドレスまたは操作はありません",
        "there is no such address or operation",
        "/fhir/metadata で提供している操作を確認してください",
        "see /fhir/metadata for what is offered";
    BODY_TOO_LARGE = "kyoyu-body-too-large", TooLarge, "too-long", Error,
        "本文が上限（{}バイト）を超えています",
        "the body exceeds the limit of {} bytes",
        "分割して送信してください",
        "split what you send";
    ADDRESS_TOO_LONG = "kyoyu-address-too-long", TooLarge, "too-long", Error,
        "URLまたはヘッダーが長すぎます",
        "the URL or a header is too long",
        "検索条件は POST _search の本文に入れてください",
        "put search parameters into the body of POST _search";
    BODY_INCOMPLETE = "kyoyu-body-incomplete", Malformed, "incomplete", Error,
        "本文の受信が途中で途切れました",
        "the body ended before it was complete",
        "同じ要求を再送してください",
        "send the same request again";
    BODY_TOO_SLOW = "kyoyu-body-too-slow", Malformed, "timeout", Error,
        "本文の送信が遅すぎます",
        "the body arrives too slowly",
        "回線を確認して再送してください",
        "check the line and send again";
    MEDIA_TYPE = "kyoyu-media-type", UnsupportedMedia, "not-supported", Error,
        "Content-Type は application/fhir+json または application/json です",
        "Content-Type must be application/fhir+json or application/json",
        "JSONで送信してください（XMLは受け付けません）",
        "send JSON; XML is not taken";
    CONTENT_ENCODING = "kyoyu-content-encoding", UnsupportedMedia, "not-supported", Error,
        "Content-Encoding は gzip を一度だけ使えます",
        "Content-Encoding may be gzip, once",
        "圧縮なし、またはgzipで送信してください",
        "send uncompressed or with gzip";
    METHOD = "kyoyu-method", UnsupportedMedia, "not-supported", Error,
        "このアドレスではそのHTTPメソッドを使えません",
        "the address does not take this HTTP method",
        "/fhir/metadata を確認してください",
        "see /fhir/metadata";
    CERTIFICATE_UNKNOWN = "kyoyu-certificate-unknown", Unauthenticated, "login", Error,
        "登録された参加者の証明書ではありません",
        "the certificate belongs to no registered participant",
        "参加者登録と証明書の指紋を確認してください",
        "check the participant's registration and the certificate's fingerprint";
    TOKEN_MISSING = "kyoyu-token-missing", Unauthenticated, "login", Error,
        "この操作にはトークンが必要です",
        "this operation needs a token",
        "Authorization: Bearer にトークンを付けてください",
        "send a token in Authorization: Bearer";
    TOKEN_INVALID = "kyoyu-token-invalid", Unauthenticated, "login", Error,
        "トークンが無効です（{}）",
        "the token is not valid: {}",
        "新しいトークンを取得してください",
        "get a new token";
    ROLE = "kyoyu-role", Forbidden, "forbidden", Error,
        "この参加者にはその操作の権限がありません",
        "the participant may not do this",
        "役割と権限を確認してください",
        "check the roles of the participant";
    INSTITUTION_FOREIGN = "kyoyu-institution-foreign", Forbidden, "forbidden", Error,
        "この参加者はその医療機関コードを代行できません",
        "the participant may not act for this institution number",
        "Bundle.identifier と Kyoyu-Institution の医療機関コードを確認してください",
        "check the institution number in Bundle.identifier and Kyoyu-Institution";
    INSTITUTION_MISSING = "kyoyu-institution-missing", Malformed, "required", Error,
        "どの医療機関として要求するかが分かりません",
        "the request does not say for which institution it acts",
        "Kyoyu-Institution ヘッダーに10桁の医療機関コードを付けてください",
        "send the ten-digit number in the header Kyoyu-Institution";
    CONSENT_REQUIRED = "kyoyu-consent-required", Forbidden, "suppressed", Error,
        "閲覧の同意がありません",
        "the consent for this read is not there",
        "資格確認端末で患者の同意を取得してください",
        "obtain the patient's consent at the card reader";
    CATEGORY_WITHHELD = "kyoyu-category-withheld", Forbidden, "suppressed", Information,
        "同意のない区分は含まれていません: {}",
        "categories without consent are left out: {}",
        "必要なら資格確認端末でその区分の同意を取得してください",
        "obtain the consent for these categories if you need them";
    PARAMETER_UNKNOWN = "kyoyu-parameter-unknown", Malformed, "not-supported", Error,
        "検索条件 {} は使えません",
        "the search parameter {} is not supported",
        "使える条件は /fhir/metadata にあります",
        "see /fhir/metadata for the parameters";
    PARAMETER_VALUE = "kyoyu-parameter-value", Malformed, "value", Error,
        "検索条件 {} の値が正しくありません",
        "the value of the parameter {} is not right",
        "値の形式を確認してください",
        "check the form of the value";
    PATIENT_REQUIRED = "kyoyu-patient-required", Malformed, "required", Error,
        "患者を一人指定してください",
        "name exactly one patient",
        "patient=Patient/<キー>、または POST _search で patient:identifier を指定してください",
        "give patient=Patient/<key>, or patient:identifier in POST _search";
    IDENTIFIER_IN_URL = "kyoyu-identifier-in-url", Malformed, "security", Error,
        "被保険者番号をURLに入れることはできません",
        "an insured number must not stand in a URL",
        "POST _search の本文に入れてください",
        "put it into the body of POST _search";
    CURSOR = "kyoyu-cursor", Malformed, "expired", Error,
        "続きの位置が無効です",
        "the position of the next page is not valid",
        "最初のページから検索し直してください",
        "search again from the first page";
    PARAMETERS_SHAPE = "kyoyu-parameters-shape", Malformed, "structure", Error,
        "要求の本文に {} が必要です",
        "the body of the request needs {}",
        "Parametersの形を確認してください",
        "check the shape of the Parameters";
    PERSON_UNKNOWN = "kyoyu-person-unknown", NotConformant, "not-found", Error,
        "被保険者個人識別子と生年月日に合う人がいません",
        "no person has this insured-person identifier and birth date",
        "資格確認で最新の記号・番号・枝番を取得してください",
        "fetch the current symbol, number and branch from the eligibility service";
    PERSON_IDENTIFIER_EXPIRED = "kyoyu-person-identifier-expired", NotConformant, "expired", Error,
        "被保険者個人識別子が現在有効ではありません",
        "the insured-person identifier is not valid now",
        "資格確認で現在の資格を取得してください",
        "fetch the current eligibility";
    PERSON_AMBIGUOUS = "kyoyu-person-ambiguous", NotConformant, "multiple-matches", Error,
        "枝番がないため一人に決まりません",
        "without its branch the identifier means more than one person",
        "二桁の枝番を付けてください",
        "add the two-digit branch";
    PERSON_CONFLICT = "kyoyu-person-conflict", Conflict, "conflict", Error,
        "この識別子の人は生年月日が異なります",
        "the person of the identifier is known with another birth date",
        "どちらの生年月日が正しいかを確認し、識別子ごとに訂正してから送信してください",
        "find out which birth date is right, and announce each identifier's person first";
    LOG_CLOSED = "kyoyu-log-closed", Forbidden, "forbidden", Error,
        "閲覧履歴は不開示とされています",
        "the access log is closed to disclosure",
        "加入している医療保険者に確認してください",
        "ask the insurer";
    BUNDLE_EXISTS = "kyoyu-bundle-exists", Conflict, "duplicate", Error,
        "このBundle識別子は別の内容で登録済みです",
        "the Bundle identifier is registered with other content",
        "変更は PUT /fhir/Bundle?identifier=… で送信してください",
        "send a change: PUT /fhir/Bundle?identifier=…";
    BUNDLE_CANCELLED = "kyoyu-bundle-cancelled", Conflict, "conflict", Error,
        "このBundleは取消されています",
        "the Bundle is cancelled",
        "取消UNDO（POST /fhir/Bundle/$undo-cancel）で戻してから変更してください",
        "restore it first: POST /fhir/Bundle/$undo-cancel";
    BUNDLE_USED = "kyoyu-bundle-used", Conflict, "duplicate", Error,
        "このBundle識別子は使用済みです",
        "the Bundle identifier is used up",
        "新しいBundle識別子で登録してください",
        "register under a new Bundle identifier";
    BUNDLE_FOREIGN = "kyoyu-bundle-foreign", Conflict, "conflict", Error,
        "このBundle識別子は使えません",
        "the Bundle identifier cannot be used",
        "この施設で未使用の識別子にしてください。患者の取り違えがないか確認してください",
        "use an identifier that is new at your institution; check for a mix-up of patients";
    BUNDLE_STALE = "kyoyu-bundle-stale", Conflict, "conflict", Error,
        "Bundle.timestamp が登録済みのものより新しくありません",
        "Bundle.timestamp is not newer than the one that is registered",
        "最新の内容を新しいtimestampで送信してください",
        "send the current content with a newer timestamp";
    BUNDLE_FUTURE = "kyoyu-bundle-future", NotConformant, "value", Error,
        "Bundle.timestamp が10分以上先です",
        "Bundle.timestamp is more than ten minutes ahead",
        "送信側の時計を確認してください",
        "check the sender's clock";
    PERSON_SWITCHED = "kyoyu-person-switched", Conflict, "conflict", Error,
        "変更で患者を入れ替えることはできません",
        "a change must not switch the patient",
        "誤った登録は取消し、正しい患者で新規登録してください",
        "cancel the wrong one and register anew for the right patient";
    UNDO_OVER = "kyoyu-undo-over", Conflict, "expired", Error,
        "取消UNDOの期間を過ぎています",
        "the time for undoing the cancellation is over",
        "新しいBundle識別子で登録してください",
        "register under a new Bundle identifier";
    NOT_CANCELLED = "kyoyu-not-cancelled", Conflict, "conflict", Error,
        "このBundleは取消されていません",
        "the Bundle is not cancelled",
        "状態を GET /fhir/Bundle/$submissions で確認してください",
        "ask for its state: GET /fhir/Bundle/$submissions";
    IDENTIFIER_MISMATCH = "kyoyu-identifier-mismatch", NotConformant, "value", Error,
        "URLのidentifierと本文のBundle.identifierが異なります",
        "the identifier in the URL differs from Bundle.identifier",
        "同じ識別子にしてください",
        "make them equal";
    KIND_CLOSED = "kyoyu-kind-closed", NotConformant, "business-rule", Error,
        "{} はまだ受け付けていません",
        "{} is not accepted yet",
        "開始日を確認してください",
        "see when it opens";
    LETTER_RECEIVED = "kyoyu-letter-received", Conflict, "conflict", Error,
        "紹介先が取得済の文書は、変更・取消・不同意にできません",
        "the addressee has received the letter; it cannot be changed, cancelled or refused",
        "新しい文書を登録し、元の文書を Composition.relatesTo で示してください",
        "register a new letter that relates to this one";
    LETTER_NOT_RECEIVED = "kyoyu-letter-not-received", Conflict, "conflict", Error,
        "この文書はまだ取得していません",
        "the letter has not been received yet",
        "POST /fhir/Bundle/<id>/$receive で取得してください（取得済になります）",
        "receive it: POST /fhir/Bundle/<id>/$receive";
    CONSENT_PATTERN = "kyoyu-consent-pattern", NotConformant, "not-supported", Error,
        "この同意の取得方法（{}）は使えません",
        "consent cannot be obtained in this way ({})",
        "consent=oral を指定するか、使える方法を /fhir/metadata で確認してください",
        "use consent=oral, or see /fhir/metadata for the ways that are open";
    ADDRESSEE_ABSENT = "kyoyu-addressee-absent", NotConformant, "not-found", Error,
        "紹介先の医療機関はこのサービスを利用していません",
        "the addressed institution does not take part",
        "GET /fhir/Organization?identifier=… で確認し、紙などで送ってください",
        "ask GET /fhir/Organization?identifier=… and send the letter on paper";
    REFERRAL_UNKNOWN = "kyoyu-referral-unknown", NotConformant, "not-found", Error,
        "退院時サマリーが指定した紹介状がありません",
        "the referral that the discharge summary follows is not there",
        "同じ患者の、取り消されていない自施設の紹介状のBundle識別子を指定してください",
        "name the Bundle identifier of your own, uncancelled referral of the same patient";
    CHECKUP_ATTACHMENT = "kyoyu-checkup-attachment", NotConformant, "not-supported", Error,
        "健診文書の添付は受け付けていません",
        "attachments of checkup reports are not taken",
        "添付を除いて送信してください",
        "send the report without attachments";
    PRESCRIPTIONS_UNASKED = "kyoyu-prescriptions-unasked", Unavailable, "incomplete", Information,
        "電子処方箋管理サービスの処方は含まれていません（照会先が設定されていません）",
        "prescriptions of the e-prescription service are not included: it is not configured",
        "処方は電子処方箋管理サービスで確認してください",
        "look prescriptions up in the e-prescription service";
    PRESCRIPTIONS_UNANSWERED = "kyoyu-prescriptions-unanswered", Unavailable, "transient", Warning,
        "電子処方箋管理サービスに照会できませんでした（{}）。処方がないという意味ではありません",
        "the e-prescription service could not be asked ({}); this does not mean that there are no prescriptions",
        "時間をおいて再度照会するか、電子処方箋管理サービスで確認してください",
        "ask again later, or look prescriptions up in the e-prescription service";
    PRESCRIPTIONS_WRITTEN = "kyoyu-prescriptions-written", Unavailable, "incomplete", Information,
        "文書からの処方は、診療情報提供書と退院時サマリーに項目として書かれたものだけです（文章や添付にだけ書かれたものは含みません）",
        "prescriptions out of documents are only those that letters and discharge summaries list as items; what stands in their prose or attachments only is not included",
        "お薬手帳や患者本人にも確認してください",
        "ask the patient and look at the medication record too";
    PRESCRIPTIONS_INCOMPLETE = "kyoyu-prescriptions-incomplete", Unavailable, "incomplete", Warning,
        "{} 件の文書からは処方の全ては抽出できていません",
        "the lists of {} documents could not be extracted whole",
        "元の文書で確認してください（completeness が incomplete の処方）",
        "look at the documents themselves (entries with completeness incomplete)";
    PRESCRIPTIONS_UNEXTRACTED = "kyoyu-prescriptions-unextracted", Unavailable, "incomplete", Information,
        "文書に書かれた処方は共有していません（抽出しない設定です）",
        "prescriptions written in documents are not shared: their extraction is switched off",
        "元の文書または電子処方箋管理サービスで確認してください",
        "see the documents, or the e-prescription service";
    PRESCRIPTIONS_ON_PAPER = "kyoyu-prescriptions-on-paper", Unavailable, "incomplete", Warning,
        "電子処方箋の利用が確認されていない医療機関の処方は、電子処方箋管理サービスにはありません: {}",
        "what these institutions prescribe is not in the e-prescription service, since they are not known to use electronic prescriptions: {}",
        "その医療機関、患者本人またはお薬手帳で確認してください",
        "ask these institutions or the patient, or look at the medication record";
    RANGE = "kyoyu-range", OutOfRange, "value", Error,
        "Rangeの指定が添付の範囲にありません",
        "the Range lies outside of the attachment",
        "bytes=開始-終了 を添付の大きさの中で指定してください",
        "ask for bytes=first-last within the size of the attachment";
    IMPORT_ASYNC = "kyoyu-import-async", Malformed, "required", Error,
        "一括登録は非同期でのみ受け付けます",
        "a bulk import is taken asynchronously only",
        "Prefer: respond-async ヘッダーを付けて送信してください",
        "send the header Prefer: respond-async";
    IMPORT_MEDIA_TYPE = "kyoyu-import-media-type", UnsupportedMedia, "not-supported", Error,
        "一括登録の Content-Type は application/fhir+ndjson です",
        "Content-Type of a bulk import must be application/fhir+ndjson",
        "一行に一つのBundleを置いたNDJSONで送信してください",
        "send NDJSON with one Bundle on each line";
    IMPORT_JOBS = "kyoyu-import-jobs", Conflict, "too-costly", Error,
        "未完了の一括登録が上限（{}件）に達しています",
        "there are {} open bulk imports already, which is the limit",
        "完了を待つか、不要なものを DELETE で取り消してください（一覧は GET /fhir/$import）",
        "wait for one to end or cancel one with DELETE; GET /fhir/$import lists them";
    IMPORT_LIMIT = "kyoyu-import-limit", TooLarge, "too-long", Error,
        "一件の一括登録の上限（{}）に達しました。それまでの行は受信済みです",
        "the bulk import has reached its limit of {}; the lines before are received",
        "この一括登録の送信を終了し、続きを新しい一括登録で送信してください",
        "end this one, and send the rest as a new one";
    IMPORT_POSITION = "kyoyu-import-position", Conflict, "conflict", Error,
        "この一括登録の続きは {} 行目からです",
        "the bulk import goes on at line {}",
        "from にその行番号を指定して、その行から送信してください",
        "name that line in from, and send from that line on";
    IMPORT_ENDED = "kyoyu-import-ended", Conflict, "conflict", Error,
        "この一括登録の送信は終了しています",
        "nothing more can be sent to this bulk import",
        "続きは新しい一括登録で送信してください",
        "send the rest as a new one";
    RESOURCE_REPEATED = "kyoyu-resource-repeated", NotConformant, "duplicate", Warning,
        "リソース識別子が同じBundleの中で重複しています（{}件）",
        "resource identifiers are repeated within the Bundle ({} times)",
        "リソースごとに一意な識別子を付けてください",
        "give each resource an identifier of its own";
    PREVIEW_SHOWN = "kyoyu-preview-shown", NotConformant, "informational", Information,
        "表示されます: {}",
        "shown: {}",
        "操作は不要です",
        "nothing to do";
    PREVIEW_UNLISTED = "kyoyu-preview-unlisted", NotConformant, "suppressed", Information,
        "共有項目外のため誰にも表示されません: {}",
        "outside the shared items and shown to nobody: {}",
        "共有項目のつもりなら、コードとコード体系を確認してください",
        "check codes and code systems if shared items were meant";
    PREVIEW_AUDIENCE = "kyoyu-preview-audience", NotConformant, "suppressed", Information,
        "この閲覧者には表示されない種類です: {}",
        "of a kind that this reader never sees: {}",
        "操作は不要です",
        "nothing to do";
    PREVIEW_CLOSED = "kyoyu-preview-closed", NotConformant, "suppressed", Information,
        "まだ閲覧が始まっていない種類です: {}",
        "of a kind that is not shown yet: {}",
        "開始日を確認してください",
        "see when it opens";
    PREVIEW_UNDELIVERED = "kyoyu-preview-undelivered", NotConformant, "suppressed", Information,
        "未提供（UNDELIVERED）のため表示されません: {}",
        "withheld as UNDELIVERED: {}",
        "表示するにはフラグを外してください",
        "take the flag away to have them shown";
    PREVIEW_UNINFORMED = "kyoyu-preview-uninformed", NotConformant, "suppressed", Information,
        "未告知（UNINFORMED）のため表示されません: {}",
        "withheld as UNINFORMED: {}",
        "告知後にフラグを外してください",
        "take the flag away when the patient has been told";
    PREVIEW_ENTERED_IN_ERROR = "kyoyu-preview-entered-in-error", NotConformant, "suppressed",
        Information,
        "誤登録（entered-in-error）のため表示されません: {}",
        "withheld as entered in error: {}",
        "誤りでなければ状態を直してください",
        "correct the status unless it is an error";
    PREVIEW_REFUTED = "kyoyu-preview-refuted", NotConformant, "suppressed", Information,
        "否定（refuted）のため表示されません: {}",
        "withheld as refuted: {}",
        "否定でなければverificationStatusを直してください",
        "correct verificationStatus unless it is refuted";
    OLDER_HIDDEN = "kyoyu-older-hidden", NotConformant, "informational", Information,
        "同じリソース識別子の、または同じ範囲の旧一覧にある以前の登録 {} 件は表示されなくなります",
        "{} earlier copies of the same resources or of older lists are hidden from now on",
        "操作は不要です",
        "nothing to do";
    SIGNATURE_VERIFIED = "kyoyu-signature-verified", NotConformant, "informational", Information,
        "電子署名を検証しました（署名者の資格: {}。署名日時は申告によるものです）",
        "the electronic signature is verified (role of the signer: {}; the signing time is claimed)",
        "操作は不要です",
        "nothing to do";
    SIGNATURE_NO_ROOTS = "kyoyu-signature-no-roots", NotConformant, "incomplete", Warning,
        "電子署名は検証されていません: 信頼するルート証明書が設定されていません",
        "the electronic signature is not verified: no root is configured",
        "運用者は signatures.roots_file を設定してください",
        "the operator sets signatures.roots_file";
    SIGNATURE_SIZE = "kyoyu-signature-size", NotConformant, "too-long", Warning,
        "電子署名は検証されていません: 署名が大きすぎるか、証明書が多すぎます",
        "the electronic signature is not verified: it is too large or has too many certificates",
        "署名者から上位の認証局までの証明書だけを入れてください",
        "include the certificates from the signer up to the authorities only";
    SIGNATURE_CONTAINER = "kyoyu-signature-container", NotConformant, "structure", Warning,
        "電子署名は検証されていません: 分離型JWSとしても分離型CMSとしても読めません",
        "the electronic signature is not verified: it is neither a detached JWS nor a detached CMS",
        "Signature.data に分離型JWSまたはDERの分離型CMS SignedDataを入れてください",
        "put a detached JWS or a detached CMS SignedData in DER into Signature.data";
    SIGNATURE_ALGORITHM = "kyoyu-signature-algorithm", NotConformant, "not-supported", Warning,
        "電子署名は検証されていません: 署名方式が対応しているものではありません",
        "the electronic signature is not verified: its algorithm is not one that is taken",
        "SHA-256以上のRSA（2048ビット以上）またはECDSAで署名してください",
        "sign with RSA (2048 bits or more) or ECDSA and SHA-256 or stronger";
    SIGNATURE_TIME = "kyoyu-signature-time", NotConformant, "value", Warning,
        "電子署名は検証されていません: 署名日時がないか、未来であるか、署名の中の日時と矛盾しています",
        "the electronic signature is not verified: no signing time, or one ahead or contradicted",
        "Signature.when と署名する端末の時計を確認してください",
        "check Signature.when and the clock of the machine that signs";
    SIGNATURE_MISMATCH = "kyoyu-signature-mismatch", NotConformant, "value", Warning,
        "電子署名は検証されていません: 署名がこの文書のバイト列のものではありません",
        "the electronic signature is not verified: it is not one of these bytes",
        "送信するバイト列から signature を除いたものに署名してください",
        "sign the very bytes that are sent, without the signature member";
    SIGNATURE_CERTIFICATE = "kyoyu-signature-certificate", NotConformant, "value", Warning,
        "電子署名は検証されていません: 署名者の証明書がないか、署名用ではありません",
        "the electronic signature is not verified: no signing certificate of the signer",
        "署名用証明書を署名に含めてください",
        "include the signer's certificate for signing";
    SIGNATURE_CHAIN = "kyoyu-signature-chain", NotConformant, "unknown", Warning,
        "電子署名は検証されていません: 証明書が信頼するルートに至りません",
        "the electronic signature is not verified: its certificate leads to no configured root",
        "中間認証局の証明書を署名に含めてください",
        "include the certificates of the intermediate authorities";
    SIGNATURE_EXPIRED = "kyoyu-signature-expired", NotConformant, "expired", Warning,
        "電子署名は検証されていません: 署名日時に証明書が有効期間外です",
        "the electronic signature is not verified: a certificate was not valid when it was signed",
        "有効期間内の証明書で署名し直してください",
        "sign again with a certificate that is valid";
    SIGNATURE_REVOKED = "kyoyu-signature-revoked", NotConformant, "security", Warning,
        "電子署名は検証されていません: 証明書が失効しています",
        "the electronic signature is not verified: a certificate is revoked",
        "失効していない証明書で署名し直してください",
        "sign again with a certificate that is not revoked";
    SIGNATURE_REVOCATION_UNKNOWN = "kyoyu-signature-revocation-unknown", NotConformant,
        "incomplete", Warning,
        "電子署名は検証されていません: 署名日時の失効状態が分かる失効リストがありません",
        "the electronic signature is not verified: no list tells of revocation at its time",
        "運用者は signatures.revocation_file を新しくしてください",
        "the operator renews signatures.revocation_file";
    CONSENT_SHAPE = "kyoyu-consent-shape", NotConformant, "invariant", Error,
        "Consentの {} を解釈できません",
        "{} of the Consent is not understood",
        "使える要素は /fhir/metadata の説明にあります。余分な要素は送らないでください",
        "send only the documented elements";
    ANNOUNCE_SHAPE = "kyoyu-announce-shape", NotConformant, "invariant", Error,
        "Patientの {} を解釈できません",
        "{} of the Patient is not understood",
        "identifier（system, value, period）、birthDate、gender を送ってください",
        "send identifier (system, value, period), birthDate and gender";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::ALL;

    #[test]
    fn codes_are_unique_and_ours() {
        let codes: HashSet<&str> = ALL.iter().map(|rule| rule.code).collect();
        assert_eq!(codes.len(), ALL.len());
        assert!(codes.iter().all(|code| code.starts_with("kyoyu-")));
    }

    #[test]
    fn every_rule_has_texts_and_repairs_in_both_languages() {
        for rule in ALL {
            let texts = [rule.japanese, rule.english, rule.repair.0, rule.repair.1];
            assert!(texts.iter().all(|text| !text.is_empty()), "{}", rule.code);
            assert_eq!(rule.japanese.contains("{}"), rule.english.contains("{}"), "{}", rule.code);
        }
    }
}
