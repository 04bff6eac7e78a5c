//! 拡張の場所 — whether an extension may stand where it stands.

use super::{
    object::{Field, NAMES},
    unit::Walk,
};
use crate::{
    definition::{ContextKind, ExtensionContext},
    fhirpath::Focus,
    json::Value,
    schema::{ElementNode, ExtensionRules, ProfileId},
    validator::Mode,
};

impl<'d> Walk<'_, '_, 'd> {
    /// Whether one of the extension's contexts is that of the element that holds it.
    pub(super) fn is_in_context(&self, own: Field<'_, 'd>, rules: &ExtensionRules) -> bool {
        if self.is_of_resource(own, rules) {
            return true;
        }
        let paths = || self.paths(own);
        let mut made: Option<Vec<String>> = None;
        rules.contexts.iter().zip(&rules.context_paths).any(|(context, path)| match context.kind {
            ContextKind::Element => {
                let paths = made.get_or_insert_with(paths);
                self.is_element(context, paths)
            }
            ContextKind::Extension => Self::is_in_extension(own.object.holder, &context.expression),
            ContextKind::FhirPath => path.as_ref().is_some_and(|path| {
                let resource = self.check.resources[self.resource].value;
                let around = self.surroundings();
                path.select(Focus::of(resource), &around).iter().any(|found| {
                    found.value() == Some(own.object.holder)
                        || found.sibling() == Some(own.object.holder)
                })
            }),
        })
    }

    /// Whether the element that holds an extension meets what its definition demands there.
    pub(super) fn meets_context(
        &self,
        own: Field<'_, 'd>,
        extension: Value<'d>,
        rules: &ExtensionRules,
    ) -> bool {
        if rules.context_invariants.is_empty() {
            return true;
        }
        let (holder, around) = (own.object.holder, own.object.around);
        let focus =
            if around.is_beside { Focus::primitive(None, Some(holder)) } else { Focus::of(holder) };
        let mut around = self.surroundings();
        around.extension = Some(extension);
        rules.context_invariants.iter().all(|own| own.holds(focus, &around))
    }

    /// The commonest case, without paths: an extension of the resource itself.
    fn is_of_resource(&self, own: Field<'_, 'd>, rules: &ExtensionRules) -> bool {
        let resource = &self.check.resources[self.resource];
        rules.contexts.iter().any(|context| {
            context.kind == ContextKind::Element
                && (context.expression == "Element"
                    || (own.object.holder == resource.value
                        && context.expression == *resource.type_name))
        })
    }

    fn is_element(&self, context: &ExtensionContext, paths: &[String]) -> bool {
        let expression = context.expression.rsplit('#').next().unwrap_or_default();
        if matches!(expression, "Element" | "Any") {
            return true;
        }
        let choice = expression.strip_suffix("[x]").unwrap_or(expression);
        // For the reference validator items within items may also mean what is around both.
        let is_widened = self.check.mode == Mode::Reference && repeats_itself(expression);
        let is_around = |path: &str| {
            is_widened && expression.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
        };
        paths.iter().any(|path| path == expression || path == choice || is_around(path))
    }

    fn is_in_extension(holder: Value<'d>, url: &str) -> bool {
        holder.field(NAMES.url).is_some_and(|own| own.is(url))
    }

    /// The names under which the element that holds the extension can be meant: its path
    /// from each resource or datatype on the way, and the types that these build on.
    fn paths(&self, own: Field<'_, 'd>) -> Vec<String> {
        let mut paths = Vec::new();
        for (start, tail) in super::place::typed_paths(self.check, own.object.holder) {
            for name in self.ancestry(&start) {
                paths.push(format!("{name}{tail}"));
            }
        }
        // What repeats the content of another element has that one's path, too.
        let node = self.node(own.object.table.slots[own.row.slot as usize].node);
        let steps = node.id.split('.').map(|step| step.split(':').next().unwrap_or_default());
        let mut steps: Vec<&str> = steps.collect();
        steps.pop();
        paths.push(steps.join("."));
        paths
    }

    /// A type and those that it builds on.
    fn ancestry(&self, type_name: &str) -> Vec<String> {
        let own = self.schema.type_named(type_name);
        let mut names = vec![type_name.to_owned()];
        let mut at: Option<ProfileId> = own.and_then(|own| self.schema.profile(own).base);
        while let Some(id) = at {
            names.push(self.schema.profile(id).type_name.to_string());
            at = self.schema.profile(id).base.filter(|_| names.len() < 10);
        }
        names
    }
}

/// Whether a path ends with the same name twice: `Questionnaire.item.item`.
fn repeats_itself(path: &str) -> bool {
    let mut names = path.rsplit('.');
    matches!((names.next(), names.next()), (Some(last), Some(before)) if last == before)
}

/// The type that an element's definition names, where it has one.
pub(super) fn type_of(node: &ElementNode) -> Option<&str> {
    node.types.first().map(|own| &*own.name)
}
