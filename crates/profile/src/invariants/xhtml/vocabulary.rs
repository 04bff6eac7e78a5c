//! The names that a narrative may use.

/// Sorted.
pub(super) const ELEMENTS: [&str; 53] = [
    "a",
    "abbr",
    "acronym",
    "address",
    "area",
    "b",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "kbd",
    "li",
    "map",
    "ol",
    "p",
    "pre",
    "q",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "ul",
    "var",
];

/// At every element; sorted.
pub(super) const ATTRIBUTES: [&str; 21] = [
    "abbr",
    "accesskey",
    "align",
    "axis",
    "char",
    "charoff",
    "class",
    "colspan",
    "dir",
    "headers",
    "id",
    "lang",
    "rowspan",
    "scope",
    "span",
    "style",
    "tabindex",
    "title",
    "valign",
    "width",
    "xml:lang",
];

/// At one element only.
const OF_ELEMENT: [(&str, &[&str]); 9] = [
    ("a", &["charset", "coords", "href", "hreflang", "name", "rel", "rev", "shape", "type"]),
    ("area", &["alt", "coords", "href", "nohref", "shape"]),
    ("blockquote", &["cite"]),
    ("img", &["alt", "border", "height", "ismap", "longdesc", "src", "usemap"]),
    ("map", &["name"]),
    ("pre", &["space"]),
    ("q", &["cite"]),
    ("table", &["border", "cellpadding", "cellspacing", "frame", "rules", "summary"]),
    ("td", &["nowrap"]),
];

pub(super) fn is_element(name: &str) -> bool {
    // Tables are most of what narratives are made of.
    matches!(name, "td" | "tr" | "p" | "br" | "th" | "div" | "span")
        || ELEMENTS.binary_search(&name).is_ok()
}

pub(super) fn is_attribute(element: &str, name: &str) -> bool {
    name.starts_with("xmlns")
        || name == "xml:space"
        || ATTRIBUTES.binary_search(&name).is_ok()
        || OF_ELEMENT.iter().any(|(own, names)| *own == element && names.contains(&name))
}

/// Whether a link may be followed, or an image shown.
pub(super) fn is_url(url: &str) -> bool {
    if let Some(data) = url.strip_prefix("data:") {
        return is_data(data);
    }
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_script = ["javascript", "vbscript"].iter().any(|own| scheme.eq_ignore_ascii_case(own));
    let is_known =
        |letter: char| letter.is_alphanumeric() || ";?:@&=+$.,/%-_~#[]!'()*|".contains(letter);
    !url.is_empty() && url.chars().all(is_known) && !is_script
}

/// Whether a `data:` URL holds data: a type, which may be left out, and behind one comma the
/// data, as base64 where it says so.
fn is_data(url: &str) -> bool {
    let mut parts = url.split(',');
    let (Some(kind), Some(data), None) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let is_base64 = |data: &str| {
        data.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
    };
    !data.is_empty() && (!kind.ends_with(";base64") || is_base64(data))
}
