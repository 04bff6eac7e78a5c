//! 用語 — codes, codings and concepts against code systems and value sets.

use std::borrow::Cow;

use kyoyu_domain::problem::Severity;

use super::{
    finding::{Broken, Finding},
    object::NAMES,
    texts,
    unit::Walk,
    uris,
};
use crate::{
    definition::Strength,
    few::Few,
    json::Value,
    schema::{Bound, ElementNode, PrimitiveKind},
    terminology::{Display, Knowledge, Membership, ValueSetId},
    validator::Mode,
};

impl<'d> Walk<'_, '_, 'd> {
    /// A Coding outside a CodeableConcept, or one whose element has a binding of its own.
    pub(super) fn coding(&mut self, value: Value<'d>, node: &ElementNode) {
        // The codings of a concept are looked at with the concept, unless they are bound.
        let is_in_concept = node.is_in_concept;
        if is_in_concept && node.binding.is_none() {
            return;
        }
        if let Some(system) = value.field(NAMES.system).and_then(Value::as_str)
            && value.field(NAMES.code).is_some()
        {
            self.system(&system, value);
        }
        if !is_in_concept {
            self.code_and_system(value);
        }
        // A Coding without code says nothing that a binding could be asked about.
        let bound = node.binding.as_deref().filter(|_| value.field(NAMES.code).is_some());
        if let Some(bound) = bound {
            let answer = self.member(value, bound);
            self.binding(answer, bound, value);
        }
    }

    /// A CodeableConcept: each coding by itself, then one of them against the binding.
    pub(super) fn concept(&mut self, value: Value<'d>, node: &ElementNode) {
        let codings = || value.field(NAMES.coding).into_iter().flat_map(one_or_items);
        for coding in codings() {
            self.code_and_system(coding);
        }
        let Some(bound) = node.binding.as_deref() else { return };
        if codings().next().is_none() {
            if bound.strength == Strength::Required && bound.value_set.is_some() {
                self.broken_with(&texts::CODE_REQUIRED, value, &bound.canonical);
            }
            return;
        }
        let mut best = Membership::NotMember;
        for coding in codings() {
            match self.member(coding, bound) {
                Membership::Member => best = Membership::Member,
                Membership::Undecidable if best == Membership::NotMember => {
                    best = Membership::Undecidable;
                }
                _ => {}
            }
        }
        self.binding(best, bound, value);
    }

    /// The code of a Quantity's unit.
    pub(super) fn quantity(&mut self, value: Value<'d>, node: &ElementNode) {
        let system = value.field(NAMES.system).and_then(Value::as_str);
        let code = value.field(NAMES.code).and_then(Value::as_str);
        let (Some(system), Some(code)) = (system, code) else { return };
        self.system(&system, value);
        self.known_code(&system, &code, value, value);
        if let Some(bound) = node.binding.as_deref() {
            let answer = self.member(value, bound);
            self.binding(answer, bound, value);
        }
    }

    /// A primitive with a binding.
    pub(super) fn primitive_binding(
        &mut self,
        kind: PrimitiveKind,
        node: &ElementNode,
        text: &str,
        value: Value<'d>,
    ) {
        use PrimitiveKind as P;

        let Some(bound) = node.binding.as_deref() else { return };
        if !matches!(kind, P::Code | P::String | P::Uri | P::Url | P::Canonical) {
            return;
        }
        let answer = match bound.value_set {
            Some(set) => self.bare_code(set, text),
            None => Membership::Undecidable,
        };
        self.binding(answer, bound, value);
    }

    /// A code without system. The reference validator has to find the system first, and of a
    /// value set that is nothing but systems that are not at hand it finds none.
    fn bare_code(&self, set: ValueSetId, code: &str) -> Membership {
        let terminology = self.check.guide.terminology();
        match terminology.contains(set, None, code) {
            Membership::Member if self.is_untranslatable => Membership::NotMember,
            Membership::Undecidable
                if self.check.mode == Mode::Reference && terminology.is_elsewhere(set) =>
            {
                Membership::NotMember
            }
            answer => answer,
        }
    }

    /// System and code of a Coding by themselves.
    fn code_and_system(&mut self, coding: Value<'d>) {
        let system = coding.field(NAMES.system);
        let code = coding.field(NAMES.code);
        let system_text = system.and_then(Value::as_str);
        let code_text = code.and_then(Value::as_str).filter(|code| !code.is_empty());
        match (system_text, code_text) {
            (Some(system), Some(code)) => {
                self.known_code(&system, &code, coding.field(NAMES.code).unwrap_or(coding), coding);
            }
            (None, Some(_)) => self.broken(&texts::NO_SYSTEM, coding),
            _ => {}
        }
    }

    fn system(&mut self, system: &str, at: Value<'d>) {
        if !uris::is_system(system) {
            self.broken(&texts::SYSTEM_RELATIVE, at);
        } else if self.check.guide.terminology().value_set(system).is_some()
            && self.check.guide.terminology().code_system(system).is_none()
        {
            self.broken(&texts::SYSTEM_IS_VALUE_SET, at);
        }
    }

    /// Whether the code exists, and whether its display is one of its names.
    fn known_code(&mut self, system: &str, code: &str, at: Value<'d>, coding: Value<'d>) {
        let terminology = self.check.guide.terminology();
        let (knowledge, names) = terminology.look_up(system, code);
        match knowledge {
            // Of these the reference validator knows nothing, not even the form.
            Knowledge::Unknown if matches!(system, "urn:ietf:bcp:13" | "urn:ietf:bcp:47") => {
                self.overlooked(&texts::UNKNOWN_CODE, at, system);
            }
            Knowledge::Unknown => self.broken_with(&texts::UNKNOWN_CODE, at, system),
            Knowledge::Undecidable => {
                if uris::is_of_hl7(system)
                    && terminology.code_system(system).is_none()
                    && !self.check.guide.knows_url(system)
                {
                    self.broken_with(&texts::SYSTEM_UNKNOWN, coding, system);
                }
            }
            Knowledge::Known => self.display(system, names, coding),
        }
    }

    fn display(&mut self, system: &str, names: &[Display], coding: Value<'d>) {
        let Some(display) = coding.field(NAMES.display) else { return };
        let Some(text) = display.as_str() else { return };
        let is_name = |name: &str| same_display(name, &text);
        if !names.is_empty() && !names.iter().any(|own| is_name(&own.text)) {
            self.broken_with(&texts::DISPLAY, display, system);
        }
    }

    fn member(&self, coding: Value<'d>, bound: &Bound) -> Membership {
        let Some(set) = bound.value_set else { return Membership::Undecidable };
        match self.check.guide.membership(coding, set) {
            Some(Membership::Member) if self.is_untranslatable => Membership::NotMember,
            answer => answer.unwrap_or(Membership::NotMember),
        }
    }

    /// Whether a concept, coding, quantity or bare code is within the greatest set.
    fn within(&self, value: Value<'d>, set: ValueSetId) -> Membership {
        let of = |coding| self.check.guide.membership(coding, set).unwrap_or(Membership::NotMember);
        if let Some(codings) = value.field(NAMES.coding) {
            let answers: Few<Membership> = one_or_items(codings).map(of).collect();
            let is_any = |wanted| answers.contains(&wanted);
            return match (is_any(Membership::Member), is_any(Membership::Undecidable)) {
                (true, _) => Membership::Member,
                (false, true) => Membership::Undecidable,
                (false, false) => Membership::NotMember,
            };
        }
        match value.as_str().filter(|_| !value.is_object()) {
            Some(code) => self.bare_code(set, &code),
            None => of(value),
        }
    }

    /// Reports what a binding says of an answer; beyond an extensible set there may be a
    /// greatest one.
    fn binding(&mut self, answer: Membership, bound: &Bound, value: Value<'d>) {
        let greatest = bound.max_value_set.filter(|_| bound.strength == Strength::Extensible);
        let answer = match (answer, greatest) {
            (Membership::Member, _) => return,
            (answer, None) if bound.strength == Strength::Required => answer,
            (_, None) => return,
            (_, Some(set)) => self.within(value, set),
        };
        let rule = match answer {
            Membership::NotMember => &texts::NOT_IN_VALUE_SET,
            Membership::Undecidable => &texts::VALUE_SET_UNDECIDABLE,
            Membership::Member => return,
        };
        self.findings.push(Finding {
            broken: Broken::Rule(rule),
            severity: if answer == Membership::NotMember {
                Severity::Error
            } else {
                Severity::Warning
            },
            at: value.id(),
            argument: Cow::Owned(bound.canonical.to_string()),
        });
    }
}

/// The items of an array; anything else itself, which another rule reports.
fn one_or_items(value: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    let single = (!value.is_array()).then_some(value);
    single.into_iter().chain(value.items())
}

/// Displays are compared without case and without doubled blanks.
fn same_display(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let words = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    words(one) == words(other)
}
