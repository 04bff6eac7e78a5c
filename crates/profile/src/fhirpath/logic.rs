//! Evaluation of steps that give true, false or nothing.

use super::{
    chain::{ENOUGH, FAILED, Failed, MORE, finish},
    compare::{self, Known},
    evaluate::{Evaluation, Few, Scope},
    item::Item,
    node::{Logic, Node, Quantifier},
};
use crate::invariants::xhtml;

type Truth = Result<Option<bool>, Failed>;

impl<'d> Evaluation<'_, 'd> {
    /// Any step as a condition: one item that is no boolean is true, several are a fault.
    pub(super) fn truth<'e>(&self, node: &'e Node, scope: Scope<'_, 'e, 'd>) -> Truth {
        if let Node::Logic(logic) = node {
            return self.logic(logic, scope);
        }
        let mut value = None;
        let flow = self.each(node, scope, &mut |item| {
            if value.is_some() {
                return FAILED;
            }
            value = Some(item.as_bool().unwrap_or(true));
            MORE
        });
        finish(flow).map(|()| value)
    }

    pub(super) fn logic<'e>(&self, logic: &'e Logic, scope: Scope<'_, 'e, 'd>) -> Truth {
        match logic {
            Logic::And(left, right) => match self.truth(left, scope)? {
                Some(false) => Ok(Some(false)),
                left => Ok(and(left, self.truth(right, scope)?)),
            },
            Logic::Or(left, right) => match self.truth(left, scope)? {
                Some(true) => Ok(Some(true)),
                left => Ok(or(left, self.truth(right, scope)?)),
            },
            Logic::Implies(left, right) => match self.truth(left, scope)? {
                Some(false) => Ok(Some(true)),
                left => Ok(or(left.map(|value| !value), self.truth(right, scope)?)),
            },
            Logic::Xor(left, right) => {
                let (left, right) = (self.truth(left, scope)?, self.truth(right, scope)?);
                Ok(left.zip(right).map(|(left, right)| left != right))
            }
            Logic::Not(node) => Ok(self.truth(node, scope)?.map(|value| !value)),
            Logic::Exists(node) => self.exists(node, scope).map(Some),
            Logic::Empty(node) => self.exists(node, scope).map(|exists| Some(!exists)),
            Logic::Any(input, criterion) => {
                self.quantified(input, criterion, scope, Quantifier::Any).map(Some)
            }
            Logic::All(input, criterion) => {
                self.quantified(input, criterion, scope, Quantifier::All).map(Some)
            }
            Logic::Each(input, quantifier, wanted) => {
                self.each_is(input, *quantifier, *wanted, scope).map(Some)
            }
            Logic::Equal(left, right) => self.equal(left, right, scope),
            Logic::NotEqual(left, right) => Ok(self.equal(left, right, scope)?.map(|equal| !equal)),
            Logic::Equivalent(left, right) => self.equivalent(left, right, scope).map(Some),
            Logic::NotEquivalent(left, right) => {
                self.equivalent(left, right, scope).map(|equal| Some(!equal))
            }
            Logic::Compare(comparison, left, right) => {
                let (left, right) = (self.few(left, scope)?, self.few(right, scope)?);
                match (left, right) {
                    (Few::One(left), Few::One(right)) => {
                        compare::ordered(*comparison, &left, &right)
                    }
                    _ => Ok(None),
                }
            }
            Logic::In(left, right) => self.is_in(left, right, scope),
            Logic::Is(node, wanted) => Ok(match self.few(node, scope)? {
                Few::None => None,
                Few::One(item) => Some(item.has_type(wanted)),
                Few::Many(_) => Some(false),
            }),
            Logic::HasValue(node) => Ok(Some(match self.few(node, scope)? {
                Few::One(Item::Element(focus)) => focus.has_value(),
                Few::One(item) => item.is_there(),
                _ => false,
            })),
            Logic::IsDistinct(node) => self.is_distinct(node, scope).map(Some),
            Logic::SubsetOf(left, right) => self.is_subset(left, right, scope).map(Some),
            Logic::Matches(node, pattern) => Ok(match self.few(node, scope)? {
                Few::None => None,
                Few::One(item) => {
                    let regex = pattern.regex().ok_or(Failed)?;
                    item.text().map(|text| !text.is_empty() && regex.is_match(&text))
                }
                Few::Many(_) => Some(false),
            }),
            Logic::StartsWith(node, part) => {
                self.texts(node, part, scope, |text, part| text.starts_with(part))
            }
            Logic::EndsWith(node, part) => {
                self.texts(node, part, scope, |text, part| text.ends_with(part))
            }
            Logic::ContainsText(node, part) => {
                self.texts(node, part, scope, |text, part| text.contains(part))
            }
            Logic::MemberOf(node, value_set) => self.member_of(node, value_set, scope),
            Logic::ConformsTo(node, profile) => {
                let (Few::One(Item::Element(focus)), Some(profile)) =
                    (self.few(node, scope)?, self.one(profile, scope)?)
                else {
                    return Ok(Some(false));
                };
                let asked = focus.value().zip(profile.text());
                let (value, profile) = asked.ok_or(Failed)?;
                self.environment.conforms_to(value, &profile).map(Some).ok_or(Failed)
            }
            Logic::Html(node) => self.narrative(node, scope, xhtml::is_allowed),
            Logic::HtmlContent(node) => self.narrative(node, scope, xhtml::has_content),
        }
    }

    fn exists<'e>(&self, node: &'e Node, scope: Scope<'_, 'e, 'd>) -> Result<bool, Failed> {
        let mut found = false;
        let flow = self.each(node, scope, &mut |item| {
            found = item.is_there();
            if found { ENOUGH } else { MORE }
        });
        finish(flow).map(|()| found)
    }

    fn quantified<'e>(
        &self,
        input: &'e Node,
        criterion: &'e Node,
        scope: Scope<'_, 'e, 'd>,
        quantifier: Quantifier,
    ) -> Result<bool, Failed> {
        let all = quantifier == Quantifier::All;
        let mut answer = all;
        let flow =
            self.each_in_turn(input, scope, &mut |_, scope| match self.truth(criterion, scope) {
                Ok(value) if (value == Some(true)) == all => MORE,
                Ok(_) => {
                    answer = !all;
                    ENOUGH
                }
                Err(Failed) => FAILED,
            });
        finish(flow).map(|()| answer)
    }

    fn each_is<'e>(
        &self,
        input: &'e Node,
        quantifier: Quantifier,
        wanted: bool,
        scope: Scope<'_, 'e, 'd>,
    ) -> Result<bool, Failed> {
        let all = quantifier == Quantifier::All;
        let mut answer = all;
        let flow = self.each(input, scope, &mut |item| match item.as_bool() {
            None => FAILED,
            Some(value) if (value == wanted) == all => MORE,
            Some(_) => {
                answer = !all;
                ENOUGH
            }
        });
        finish(flow).map(|()| answer)
    }

    fn equal<'e>(&self, left: &'e Node, right: &'e Node, scope: Scope<'_, 'e, 'd>) -> Truth {
        if let Node::Text(text) = right {
            return self.equal_to_text(left, text, scope);
        }
        let left = self.few(left, scope)?;
        if matches!(left, Few::None) {
            return Ok(None);
        }
        let right = self.few(right, scope)?;
        let (left, right) = (left.as_slice(), right.as_slice());
        if right.is_empty() {
            return Ok(None);
        }
        let same = left.len() == right.len();
        Ok(Some(same && left.iter().zip(right).all(|(l, r)| compare::equal(l, r))))
    }

    /// The commonest comparison, for which nothing has to be gathered.
    fn equal_to_text<'e>(&self, left: &'e Node, text: &str, scope: Scope<'_, 'e, 'd>) -> Truth {
        let (mut count, mut same) = (0, false);
        finish(self.each(left, scope, &mut |item| {
            count += 1;
            same = count == 1 && compare::equal_to_text(&item, text);
            MORE
        }))?;
        Ok((count > 0).then_some(same))
    }

    fn equivalent<'e>(
        &self,
        left: &'e Node,
        right: &'e Node,
        scope: Scope<'_, 'e, 'd>,
    ) -> Result<bool, Failed> {
        let (left, right) = (self.few(left, scope)?, self.few(right, scope)?);
        let (left, right) = (left.as_slice(), right.as_slice());
        let found = |l: &Item<'_, '_>| right.iter().any(|r| compare::equivalent(l, r));
        Ok(left.len() == right.len() && left.iter().all(found))
    }

    fn is_in<'e>(&self, left: &'e Node, right: &'e Node, scope: Scope<'_, 'e, 'd>) -> Truth {
        let left = self.few(left, scope)?;
        if matches!(left, Few::None) {
            return Ok(None);
        }
        let mut missing: Vec<&Item<'_, '_>> = left.as_slice().iter().collect();
        let flow = self.each(right, scope, &mut |item| {
            missing.retain(|wanted| !compare::equal(wanted, &item));
            if missing.is_empty() { ENOUGH } else { MORE }
        });
        finish(flow).map(|()| Some(missing.is_empty()))
    }

    fn is_distinct<'e>(&self, node: &'e Node, scope: Scope<'_, 'e, 'd>) -> Result<bool, Failed> {
        let (mut known, mut distinct) = (Known::default(), true);
        let flow = self.each(node, scope, &mut |item| {
            distinct = known.insert(&item);
            if distinct { MORE } else { ENOUGH }
        });
        finish(flow).map(|()| distinct)
    }

    fn is_subset<'e>(
        &self,
        left: &'e Node,
        right: &'e Node,
        scope: Scope<'_, 'e, 'd>,
    ) -> Result<bool, Failed> {
        let (mut others, mut subset) = (Known::default(), true);
        finish(self.each(right, scope, &mut |item| {
            others.insert(&item);
            MORE
        }))?;
        let flow = self.each(left, scope, &mut |item| {
            subset = others.contains(&item);
            if subset { MORE } else { ENOUGH }
        });
        finish(flow).map(|()| subset)
    }

    /// A question about one text and a part of it; anything else has no answer.
    fn texts<'e>(
        &self,
        node: &'e Node,
        part: &'e Node,
        scope: Scope<'_, 'e, 'd>,
        asks: fn(&str, &str) -> bool,
    ) -> Truth {
        let (Few::One(item), Few::One(part)) = (self.few(node, scope)?, self.few(part, scope)?)
        else {
            return Ok(None);
        };
        let (Some(text), Some(part)) = (item.text(), part.text()) else { return Ok(None) };
        Ok(Some(asks(&text, &part)))
    }

    /// What cannot be decided is no reason to refuse anyone.
    fn member_of<'e>(
        &self,
        node: &'e Node,
        value_set: &'e Node,
        scope: Scope<'_, 'e, 'd>,
    ) -> Truth {
        let value_set = self.one(value_set, scope)?;
        let Some(url) = value_set.as_ref().and_then(Item::text) else { return Err(Failed) };
        let (mut seen, mut member) = (false, false);
        let flow = self.each(node, scope, &mut |item| {
            seen = true;
            if let Item::Element(focus) = item {
                member = focus
                    .value()
                    .is_some_and(|value| self.environment.member_of(value, &url).unwrap_or(true));
            }
            if member { ENOUGH } else { MORE }
        });
        finish(flow).map(|()| seen.then_some(member))
    }

    fn narrative<'e>(
        &self,
        node: &'e Node,
        scope: Scope<'_, 'e, 'd>,
        asks: fn(&str) -> bool,
    ) -> Truth {
        let mut holds = true;
        let flow = self.each(node, scope, &mut |item| {
            holds = item.text().is_none_or(|text| asks(&text));
            if holds { MORE } else { ENOUGH }
        });
        finish(flow).map(|()| Some(holds))
    }
}

fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn or(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}
