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
                Self::is_element(context, paths)
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

    fn is_element(context: &ExtensionContext, paths: &[String]) -> bool {
        let expression = context.expression.rsplit('#').next().unwrap_or_default();
        if matches!(expression, "Element" | "Any") {
            return true;
        }
        let choice = expression.strip_suffix("[x]").unwrap_or(expression);
        paths.iter().any(|path| path == expression || path == choice)
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

/// The type that an element's definition names, where it has one.
pub(super) fn type_of(node: &ElementNode) -> Option<&str> {
    node.types.first().map(|own| &*own.name)
}
