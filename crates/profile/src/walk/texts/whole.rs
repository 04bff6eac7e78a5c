//! What can be wrong with resources and Bundles as a whole, with narratives and claims.

use kyoyu_domain::problem::{Category, Rule, Severity};

rules! {
    NO_RESOURCE_TYPE = "kyoyu-resource-type-missing", "invalid", Error,
        "resourceTypeがありません",
        "there is no resourceType",
        "resourceTypeを追加してください",
        "add the resourceType";
    UNKNOWN_RESOURCE_TYPE = "kyoyu-resource-type-unknown", "invalid", Error,
        "FHIR R4にないresourceTypeです",
        "FHIR R4 has no such resourceType",
        "resourceTypeを確認してください",
        "check the resourceType";
    RESOURCE_TYPE_NOT_ALLOWED = "kyoyu-resource-type-not-allowed", "structure", Error,
        "ここでは許されないリソース型です",
        "a resource of this type may not stand here",
        "許された型にしてください",
        "use a type that is allowed";
    RESOURCE_ID = "kyoyu-resource-id", "invalid", Error,
        "リソースのidの形が正しくありません",
        "the id of the resource is malformed",
        "英数字・ハイフン・ピリオドの64文字以内にしてください",
        "use up to 64 letters, digits, hyphens and full stops";
    CONTAINED_ID = "kyoyu-contained-no-id", "required", Error,
        "containedのリソースにidがありません",
        "a contained resource needs an id",
        "idを追加してください",
        "add an id";
    CONTAINED_ID_REPEATED = "kyoyu-contained-id-repeated", "duplicate", Error,
        "containedのidが重複しています",
        "two contained resources have this id",
        "idを一意にしてください",
        "make the ids unique";
    CONTAINED_UNREFERENCED = "dom-3", "invalid", Error,
        "どこからも参照されていないcontainedのリソースです",
        "nothing refers to this contained resource",
        "参照を追加するか、削除してください",
        "refer to it or remove it";
    PROFILE_UNKNOWN = "kyoyu-profile-claimed-unknown", "not-found", Error,
        "プロファイル {} が見つからず、検査していません",
        "the profile {} is not known and was not checked",
        "プロファイルのURLと版を確認してください",
        "check the profile's URL and version";
    PROFILE_OF_OTHER_TYPE = "kyoyu-profile-other-type", "invalid", Error,
        "プロファイル {} は別の型のものです",
        "the profile {} is of another type",
        "この型のプロファイルにしてください",
        "use a profile of this type";
    ELEMENT_ID_REPEATED = "kyoyu-element-id-repeated", "duplicate", Error,
        "要素のidがリソースの中で重複しています",
        "another element of the resource has this id",
        "idを一意にするか、削除してください",
        "make the ids unique or remove them";
    CONTENT_NOT_PRESENT = "kyoyu-code-system-content", "invalid", Error,
        "contentがnot-presentのCodeSystemに概念があります",
        "a CodeSystem whose content is not present has no concepts",
        "contentを直すか、概念を削除してください",
        "correct the content or remove the concepts";
    CONCEPT_COUNT = "kyoyu-code-system-count", "invalid", Error,
        "countが概念の数と異なります",
        "the count is not the number of concepts",
        "数を合わせてください",
        "make them agree";
    CONCEPT_REPEATED = "kyoyu-code-system-code-repeated", "duplicate", Error,
        "同じコードの概念が複数あります",
        "two concepts have the same code",
        "コードを一意にしてください",
        "make the codes unique";
    PROPERTY = "kyoyu-code-system-property", "business-rule", Error,
        "propertyの定義の重複、相対URI、または値の型の不一致があります",
        "a property is declared twice or with a relative URI, or has no value of its type",
        "propertyの定義と値を直してください",
        "correct the declarations and the values";
    SUPPLEMENT_OF_NOTHING = "kyoyu-code-system-supplement-missing", "business-rule", Error,
        "contentがsupplementのCodeSystemにsupplementsがありません",
        "a CodeSystem that is a supplement says of which one",
        "supplementsを追加してください",
        "add supplements";
    SUPPLEMENT_CONTENT = "kyoyu-code-system-supplement", "business-rule", Error,
        "supplementsのあるCodeSystemのcontentはsupplementでなければなりません",
        "a CodeSystem with supplements has the content supplement",
        "contentをsupplementにしてください",
        "write supplement";
    SUPPLEMENT_CASE = "kyoyu-code-system-supplement-case", "business-rule", Error,
        "補足のCodeSystemにcaseSensitiveは書けません",
        "a CodeSystem that supplements another one does not state caseSensitive",
        "caseSensitiveを削除してください",
        "remove caseSensitive";
    PROFILE_OF_PARAMETERS = "kyoyu-operation-profile", "invalid", Error,
        "操作の入出力のプロファイルはParametersのものでなければなりません",
        "the profile of an operation's input or output has to be one of Parameters",
        "Parametersのプロファイルを指定してください",
        "name a profile of Parameters";
    MEASURE_LIBRARY = "kyoyu-measure-library", "not-found", Warning,
        "CQLの基準が指すライブラリがありません",
        "the library that a criterion in CQL names is not at hand",
        "ライブラリを指定するか、ほかの言語で書いてください",
        "name a library that is known, or write it in another language";
    GUIDE_DEPENDENCY = "kyoyu-guide-dependency", "business-rule", Error,
        "依存先がImplementationGuideのURLまたはパッケージの名前になっていません",
        "a dependency is the URL of an ImplementationGuide and the name of a package",
        "uriとpackageIdを確認してください",
        "check uri and packageId";
    INCLUDED_SYSTEM = "kyoyu-value-set-system", "invalid", Error,
        "ValueSetのコード体系は、版を含まないコード体系の絶対URIでなければなりません",
        "the system of a part of a ValueSet has to be the absolute URI of a code system, without version",
        "コード体系のURIを入れてください",
        "put the URI of the code system there";
    VALUE_SET_FILTER = "kyoyu-value-set-filter", "invalid", Error,
        "ValueSetの絞り込みの演算子または値が、そのプロパティに合いません",
        "the operator or the value of the filter does not fit its property",
        "演算子と値を確認してください",
        "check the operator and the value";
    VALUE_SET_FILTER_UNKNOWN = "kyoyu-value-set-filter-unknown", "not-found", Warning,
        "絞り込みのコードを確かめられません",
        "the code of the filter could not be checked",
        "コードを確認してください",
        "check the code";
    MAPPED_CODE = "kyoyu-concept-map-code", "code-invalid", Error,
        "コード体系にないコードの対応です",
        "the code that is mapped is not in its code system",
        "コードを確認してください",
        "check the code";
    MAP_NAME = "kyoyu-structure-map-name", "invalid", Error,
        "StructureMapの名前は英字で始まる英数字でなければなりません",
        "the names of a StructureMap are letters and digits, a letter first",
        "名前を直してください",
        "correct the name";
    EXTENSION_URL_FIXED = "kyoyu-extension-definition-url", "invalid", Error,
        "拡張の定義がExtension.urlをそのURLに固定していません",
        "the definition of an extension has to fix Extension.url to its own URL",
        "differentialのExtension.urlにfixedUriを入れてください",
        "put fixedUri at Extension.url of the differential";
    ENABLE_WHEN_UNKNOWN = "kyoyu-enable-when-unknown", "business-rule", Error,
        "表示条件の質問がありません",
        "the question that the item hangs on does not exist",
        "enableWhen.questionのlinkIdを確認してください",
        "check the linkId in enableWhen.question";
    ENABLE_WHEN_WITHIN = "kyoyu-enable-when-within", "business-rule", Error,
        "表示条件の質問がその項目自身かその中にあります",
        "the question that the item hangs on is the item itself or within it",
        "ほかの項目を条件にしてください",
        "let it hang on another item";
    SECURITY_REPEATED = "kyoyu-security-repeated", "business-rule", Error,
        "セキュリティラベルが重複しています",
        "the security label is repeated",
        "重複を削除してください",
        "remove the repetition";
    BUNDLE_FIRST = "kyoyu-bundle-first", "invalid", Error,
        "最初のエントリーのリソースがありません",
        "the first entry or its resource is missing",
        "最初のエントリーを追加してください",
        "add the first entry";
    BUNDLE_FIRST_TYPE = "kyoyu-bundle-first-type", "invalid", Error,
        "最初のリソースは{}でなければなりません",
        "the first resource has to be a {}",
        "先頭に置いてください",
        "put it first";
    FULL_URL_MISSING = "kyoyu-full-url-missing", "invalid", Error,
        "fullUrlがありません",
        "the fullUrl is missing",
        "fullUrlを追加してください",
        "add the fullUrl";
    FULL_URL_RELATIVE = "kyoyu-full-url-relative", "invalid", Error,
        "fullUrlは絶対URLでなければなりません",
        "the fullUrl has to be absolute",
        "絶対URLにしてください",
        "use an absolute URL";
    FULL_URL_DIFFERS = "kyoyu-full-url-differs", "invalid", Error,
        "fullUrlの末尾がリソースの型とidに一致しません",
        "the fullUrl does not end with the resource's type and id",
        "型とidに合わせてください",
        "make them agree";
    LINK_RELATION = "kyoyu-link-relation", "invalid", Error,
        "このBundleでは使えないlink.relationです",
        "this relation of a link is not allowed here",
        "linkを削除してください",
        "remove the link";
    LINK_REPEATED = "kyoyu-link-repeated", "invalid", Error,
        "link.relationが重複しています",
        "the relation of a link is repeated",
        "重複を削除してください",
        "remove the repetition";
    SEARCH_RESOURCE = "kyoyu-search-resource", "invalid", Error,
        "検索結果のエントリーにリソースがありません",
        "an entry of a search result has no resource",
        "リソースを追加してください",
        "add the resource";
    SEARCH_ID = "kyoyu-search-id", "invalid", Error,
        "検索結果のリソースにidがありません",
        "a resource of a search result has no id",
        "idを追加してください",
        "add the id";
    SEARCH_TYPE = "kyoyu-search-type", "invalid", Error,
        "検索した型と異なるリソースがmatchになっています",
        "a match is of another type than the search",
        "modeまたはself linkを確認してください",
        "check the mode or the self link";
    SEARCH_OUTCOME = "kyoyu-search-outcome", "invalid", Error,
        "outcomeのエントリーはOperationOutcomeでなければなりません",
        "an entry of mode outcome is an OperationOutcome",
        "modeを確認してください",
        "check the mode";
    TARGET_REPEATED = "kyoyu-document-target-repeated", "invalid", Error,
        "参照先のfullUrlがBundleに複数あります",
        "several entries have the fullUrl that this refers to",
        "fullUrlを一意にしてください",
        "make every fullUrl unique";
    TARGET_BY_ID_ONLY = "kyoyu-document-target-by-id", "invalid", Error,
        "参照はidだけが一致し、fullUrlからは導けません",
        "the reference fits an id but not the fullUrl",
        "fullUrlで参照してください",
        "refer to the fullUrl";
    TARGET_MISSING = "kyoyu-document-target-missing", "not-found", Error,
        "参照先が文書の中にありません",
        "the target is not in the document",
        "参照先をBundleに含めてください",
        "put the target into the Bundle";
    ENTRY_UNREACHED = "kyoyu-document-unreached", "informational", Error,
        "Compositionからたどれないエントリーです",
        "the entry cannot be reached from the Composition",
        "参照を追加するか、エントリーを削除してください",
        "refer to it or remove the entry";
    ENTRY_UNREACHED_MESSAGE = "kyoyu-message-unreached", "informational", Warning,
        "MessageHeaderからたどれないエントリーです",
        "the entry cannot be reached from the MessageHeader",
        "参照を追加してください",
        "refer to it";
    ENTRY_BACKWARDS = "kyoyu-document-backwards", "invalid", Warning,
        "Compositionから順方向にはたどれないエントリーです",
        "the entry is reached backwards only",
        "Compositionから参照してください",
        "refer to it from the Composition";
    XHTML_MALFORMED = "kyoyu-xhtml-malformed", "invalid", Error,
        "XHTMLとして読めません",
        "this is no well-formed XHTML",
        "正しいXHTMLにしてください",
        "write well-formed XHTML";
    XHTML_ENTITY = "kyoyu-xhtml-entity", "invalid", Error,
        "XHTMLで使えない実体参照です",
        "the entity {} is not allowed",
        "数値文字参照にしてください",
        "use a numeric reference";
    XHTML_ROOT = "kyoyu-xhtml-root", "invalid", Error,
        "名前空間を宣言したdivでなければなりません",
        "this has to be a div that declares the namespace",
        "xmlnsのあるdivで囲んでください",
        "put it into a div with xmlns";
    XHTML_INSTRUCTION = "kyoyu-xhtml-instruction", "invalid", Error,
        "文書型宣言や処理命令は使えません",
        "document types and instructions are not allowed",
        "削除してください",
        "remove it";
    XHTML_ELEMENT = "kyoyu-xhtml-element", "invalid", Error,
        "使えない要素「{}」があります",
        "the element \"{}\" is not allowed",
        "要素を削除してください",
        "remove the element";
    XHTML_ATTRIBUTE = "kyoyu-xhtml-attribute", "invalid", Error,
        "使えない属性「{}」があります",
        "the attribute \"{}\" is not allowed",
        "属性を削除してください",
        "remove the attribute";
    XHTML_URL = "kyoyu-xhtml-url", "invalid", Error,
        "リンクまたは画像のURLが正しくありません",
        "the URL of a link or image is not allowed",
        "URLを確認してください",
        "check the URL";
    XHTML_NESTING = "kyoyu-xhtml-nesting", "invalid", Error,
        "ここに置けない要素「{}」があります",
        "the element \"{}\" may not stand here",
        "入れ子を直してください",
        "repair the nesting";
    NARRATIVE_EMPTY = "txt-2", "invariant", Error,
        "説明文に内容がありません",
        "the narrative says nothing",
        "内容を入れるか、textを削除してください",
        "give it content or remove the text";
    XHTML_IMAGE = "kyoyu-xhtml-image", "invalid", Error,
        "画像の参照先が資源の中にありません",
        "the image refers to nothing in the resource",
        "参照先のidを確認してください",
        "check the id that it refers to";
    XHTML_LINK = "kyoyu-xhtml-link", "invalid", Error,
        "リンクの参照先が資源の中にありません",
        "the link refers to nothing in the resource",
        "参照先のidを確認してください",
        "check the id that it refers to";
    BUNDLE_CLAIM = "kyoyu-claim-bundle", "business-rule", Error,
        "Bundleが既知のプロファイルを宣言していません",
        "the Bundle claims no profile that is known",
        "meta.profileに種類のプロファイルを入れてください",
        "put the profile of the kind into meta.profile";
    ENTRY_CLAIM = "kyoyu-claim-entry", "business-rule", Error,
        "エントリーのリソースが既知のプロファイルを宣言していません",
        "the resource of an entry claims no profile that is known",
        "meta.profileに種類のプロファイルを入れてください",
        "put the profile of the kind into meta.profile";
}
