//! Which element may stand in which.

/// An open element, with what is true of everything inside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open<'t> {
    pub(super) name: &'t str,
    /// Whether it is, or is inside, a `p`.
    in_paragraph: bool,
    /// Whether it is, or is inside, an element of running text.
    in_text: bool,
}

pub(super) fn opened<'t>(parent: Option<&Open<'t>>, name: &'t str) -> Open<'t> {
    Open {
        name,
        in_paragraph: name == "p" || parent.is_some_and(|parent| parent.in_paragraph),
        in_text: parent.is_some_and(|parent| parent.in_text) || is_text(name),
    }
}

/// Elements that hold running text, and so no blocks.
fn is_text(name: &str) -> bool {
    let is_heading = matches!(name, "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6");
    is_heading
        || is_style(name)
        || matches!(name, "pre" | "address" | "span" | "caption" | "dd" | "dt")
}

/// Elements that set a style, and do not stand in themselves.
fn is_style(name: &str) -> bool {
    matches!(
        name,
        "a" | "b"
            | "em"
            | "i"
            | "strong"
            | "small"
            | "big"
            | "sub"
            | "sup"
            | "code"
            | "tt"
            | "dfn"
            | "q"
            | "var"
            | "abbr"
            | "acronym"
            | "cite"
            | "bdo"
            | "kbd"
            | "samp"
    )
}

/// Whether an element may stand where these are open.
pub(super) fn may_stand_in(name: &str, open: &[Open<'_>]) -> bool {
    let Some(parent) = open.last() else { return true };
    // What is seldom true is asked first, so that the names are hardly ever compared.
    let breaks_text = parent.in_text && matches!(name, "div" | "pre" | "table" | "ul" | "ol")
        || parent.in_paragraph
            && matches!(name, "div" | "blockquote" | "table" | "ol" | "ul" | "p");
    let is_repeated = open.iter().any(|ancestor| ancestor.name == name) && is_style(name);
    !breaks_text
        && !is_repeated
        && parents(name).is_none_or(|parents| parents.contains(&parent.name))
        && children(parent.name).is_none_or(|children| children.contains(&name))
}

/// The only elements in which an element stands.
fn parents(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "tr" => &["table", "thead", "tfoot", "tbody"],
        "tbody" | "thead" | "tfoot" | "caption" | "colgroup" | "col" => &["table"],
        "th" | "td" => &["tr", "thead", "tfoot"],
        "li" => &["ul", "ol"],
        "dd" | "dt" => &["dl"],
        _ => return None,
    })
}

/// The only elements that an element holds.
fn children(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "table" => &["tbody", "tr", "caption", "thead", "tfoot", "col", "colgroup"],
        "tr" => &["td", "th"],
        "tbody" | "thead" | "tfoot" => &["tr"],
        "ul" | "ol" => &["li"],
        "dl" => &["dd", "dt"],
        "map" => &["area"],
        "br" | "img" | "hr" | "area" => &[],
        _ => return None,
    })
}

/// Whether an element that holds only certain others may hold text beside them.
pub(super) fn may_hold_text(name: &str) -> bool {
    children(name).is_none()
}
