//! 文書の規則の文言 — the rules that only documents have (S1.4 to S1.8, S9; design §6).

use super::declare::rules;

rules! {
    DOCUMENT_TYPE = "kyoyu-document-type", -, NotConformant, "value", Error,
        "最初のエントリは、共有する文書種別のCompositionでなければなりません",
        "the first entry must be a Composition of a document type that is shared",
        "Composition.typeを診療情報提供書・退院時サマリー・健康診断結果報告書・患者サマリーのいずれかにしてください",
        "use the type of a referral, discharge summary, checkup report or patient summary";
    DOCUMENT_PROFILE = "kyoyu-document-profile", -, NotConformant, "value", Error,
        "文書種別のプロファイル（{}）がBundle.meta.profileにありません",
        "Bundle.meta.profile does not claim the profile of the document type ({})",
        "Bundle.meta.profileに加えてください",
        "add it to Bundle.meta.profile";
    DOCUMENT_PATIENT = "kyoyu-document-patient", -, NotConformant, "business-rule", Error,
        "文書の患者は一人でなければなりません",
        "a document is about exactly one patient",
        "Patientを一つだけ含めてください",
        "include exactly one Patient";
    DOCUMENT_SUBJECT = "kyoyu-document-subject", -, NotConformant, "business-rule", Error,
        "{}が文書の患者を参照していません",
        "{} does not refer to the patient of the document",
        "PatientのエントリのfullUrlを参照してください",
        "refer to the fullUrl of the Patient's entry";
    DOCUMENT_INSTITUTION = "kyoyu-document-institution", -, NotConformant, "business-rule", Error,
        "リソースの医療機関コードがBundle識別子のものと異なります",
        "the institution number of the resource is not that of the Bundle identifier",
        "送信する医療機関のコードに揃えてください",
        "use the number of the institution that sends";
    DOCUMENT_AUTHOR = "kyoyu-document-author", -, NotConformant, "business-rule", Warning,
        "作成機関の医療機関コードがBundle識別子のものと異なります",
        "the institution number of the author is not that of the Bundle identifier",
        "送信する医療機関のコードに揃えてください（共有情報はBundle識別子の医療機関のものとして扱います）",
        "use the number of the institution that sends; shared data count as that institution's";
    ADDRESSEE = "kyoyu-addressee", -, NotConformant, "business-rule", Error,
        "紹介先（910）の医療機関は一つで、10桁の医療機関コードを持たなければなりません",
        "the addressee (section 910) is exactly one institution with a number of ten digits",
        "紹介先のOrganizationを一つにし、医療機関コードを確認してください",
        "name one Organization and check its institution number";
    LETTER_EMPTY = "kyoyu-letter-empty", -, NotConformant, "business-rule", Error,
        "構造情報に内容がありません（PDFだけの紹介状は受け付けません）",
        "the structured part says nothing; a letter that is only a PDF is not taken",
        "紹介目的・傷病名・現病歴などを記載し、PDFは添付にしてください",
        "write purpose, diagnoses and history, and attach the PDF beside them";
    DISCHARGE_ALONE = "kyoyu-discharge-alone", -, NotConformant, "business-rule", Error,
        "退院時サマリーは、紹介状に添付するか、先に送った紹介状を指定して送ります",
        "a discharge summary is attached to a referral or names the referral that it follows",
        "Composition.relatesTo（appends）のtargetIdentifierに紹介状のBundle識別子（{}）を入れてください",
        "put the referral's Bundle identifier ({}) into Composition.relatesTo (appends).targetIdentifier";
    NESTED_KIND = "kyoyu-nested-bundle", -, NotConformant, "business-rule", Error,
        "添付できるBundleは、紹介状の中の退院時サマリーだけです",
        "only a discharge summary may be nested, and only in a referral",
        "ほかのBundleは別に登録してください",
        "register other Bundles by themselves";
    NESTED_PATIENT = "kyoyu-nested-patient", -, NotConformant, "business-rule", Error,
        "添付された退院時サマリーの患者が紹介状の患者と異なります",
        "the nested discharge summary is about another patient",
        "同じ患者（被保険者番号・生年月日）であることを確認してください",
        "check that it is the same person: insured number and birth date";
    ATTACHMENT_TYPE = "kyoyu-attachment-type", -, NotConformant, "not-supported", Error,
        "この形式の添付は受け付けません",
        "attachments of this type are not taken",
        "PNG、JPEG、TIFF、PDFのいずれかにしてください",
        "use PNG, JPEG, TIFF or PDF";
    ATTACHMENT_DATA = "kyoyu-attachment-magic", -, NotConformant, "value", Error,
        "添付の内容が宣言された形式（contentType）ではありません",
        "the data of the attachment are not of the declared contentType",
        "contentTypeまたは内容を確認してください",
        "check contentType and data";
    ATTACHMENT_BASE64 = "kyoyu-attachment-base64", -, NotConformant, "value", Error,
        "添付のdataがbase64ではありません",
        "the data of the attachment are no base64",
        "base64で符号化してください",
        "encode the data as base64";
    ATTACHMENT_URL = "kyoyu-attachment-url", -, NotConformant, "not-supported", Error,
        "添付をURLで指すことはできません（取りに行くことはありません）",
        "an attachment cannot be named by a URL; nothing is fetched",
        "内容をdataに入れてください",
        "put the data into the document";
    ATTACHMENT_COUNT = "kyoyu-attachment-count", -, TooLarge, "too-long", Error,
        "添付が上限（{}件）を超えています",
        "there are more than {} attachments",
        "添付を減らすか、分けて送信してください",
        "send fewer attachments, or several letters";
    SUMMARY_FLAGGED = "kyoyu-summary-flagged", -, NotConformant, "business-rule", Error,
        "患者サマリーに未告知または未提供の情報を含めることはできません",
        "a patient summary must not hold what is flagged UNINFORMED or UNDELIVERED",
        "患者に示さない情報を除いてください",
        "leave out what the patient must not see";
    CHECKUP_PROGRAMME = "kyoyu-checkup-programme", -, NotConformant, "business-rule", Error,
        "市町村が行う検診（がん検診・肝炎検診）は対象外です",
        "screening programmes of municipalities (cancer, hepatitis) are out of scope",
        "この健診は登録しないでください",
        "do not register this checkup";
}
