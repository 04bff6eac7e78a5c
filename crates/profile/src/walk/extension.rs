//! 拡張 — extensions against their definitions.

use super::{
    object::{Around, Field, NAMES},
    texts,
    unit::Walk,
    uris,
};
use crate::{
    fhirpath::Focus,
    json::Value,
    schema::{ElementNode, ExtensionRules, ProfileId, TypeRef},
};

impl<'d> Walk<'_, '_, 'd> {
    pub(super) fn extension(
        &mut self,
        own: Field<'_, 'd>,
        value: Value<'d>,
        node: &ElementNode,
        own_type: &TypeRef,
    ) {
        let url = value.field(NAMES.url).and_then(Value::as_str);
        let found = match url.as_deref() {
            None | Some("") => {
                self.broken(&texts::EXTENSION_URL_MISSING, value);
                None
            }
            Some(url) if own.object.around.extension.is_none() && !uris::is_absolute(url) => {
                self.broken(&texts::EXTENSION_URL_RELATIVE, value);
                None
            }
            Some(url) => self.definition(own, value, url),
        };
        if let Some(profile) = found {
            self.extension_rules(own, value, profile);
        }
        self.extension_children(own, value, node, own_type, found);
    }

    /// The definition of an extension; what is unknown is reported.
    fn definition(&mut self, own: Field<'_, 'd>, value: Value<'d>, url: &str) -> Option<ProfileId> {
        if !uris::is_absolute(url) {
            let around = own.object.around.extension;
            let outer = around.and_then(|outer| self.schema.profile(outer).extension.as_ref());
            if outer.is_some_and(|outer| !outer.inner_urls.iter().any(|own| **own == *url)) {
                self.broken(&texts::EXTENSION_INNER_UNKNOWN, value);
            }
            return None;
        }
        let bare = url.split('|').next().unwrap_or_default();
        let found =
            self.schema.find(bare).filter(|id| self.schema.profile(*id).extension.is_some());
        if found.is_some() && bare.len() < url.len() {
            self.broken(&texts::EXTENSION_URL_VERSION, value);
        }
        if found.is_none() {
            self.broken_with(&texts::EXTENSION_UNKNOWN, value, bare);
        }
        found
    }

    fn extension_rules(&mut self, own: Field<'_, 'd>, value: Value<'d>, profile: ProfileId) {
        let schema = self.schema;
        let Some(rules) = schema.profile(profile).extension.as_deref() else { return };
        let is_modifier = own.row.symbol == NAMES.modifier_extension;
        if is_modifier != rules.is_modifier {
            self.broken(&texts::EXTENSION_MODIFIER, value);
        }
        let (holder, url) = (own.object.holder, &schema.profile(profile).url);
        if !self.is_in_context(own, rules) {
            self.broken_with(&texts::EXTENSION_CONTEXT, holder, url);
        } else if !self.meets_context(own, value, rules) {
            self.broken_with(&texts::EXTENSION_CONTEXT_INVARIANT, holder, url);
        }
        self.extension_value(value, rules);
    }

    fn extension_value(&mut self, value: Value<'d>, rules: &ExtensionRules) {
        let own = value.symbol_fields().find(|field| {
            field.symbol().name().strip_prefix("value").is_some_and(|rest| !rest.is_empty())
        });
        let has_inner = value.field(NAMES.extension).is_some();
        match own {
            Some(own) => {
                let fits = |name: &str| super::item::key_names_type(own, name);
                if !rules.value_types.iter().any(|name| fits(name)) {
                    self.broken(&texts::EXTENSION_VALUE_TYPE, value);
                }
            }
            None if rules.value_types.is_empty() => {}
            None if !has_inner => self.broken(&texts::EXTENSION_VALUE_MISSING, value),
            None if rules.needs_value => self.broken(&texts::EXTENSION_VALUE_MISSING, value),
            None => {}
        }
    }

    fn extension_children(
        &mut self,
        own: Field<'_, 'd>,
        value: Value<'d>,
        node: &ElementNode,
        own_type: &TypeRef,
        found: Option<ProfileId>,
    ) {
        if let Some(table) = node.table {
            let table = self.schema.table(table);
            self.object(value, table, Around::extension(found.or(own.object.around.extension)));
        }
        let stated = own_type.profiles.iter().flatten().filter(|own| Some(**own) != found);
        let mut is_defined = found.is_some();
        for profile in stated {
            is_defined = true;
            self.extension_profile(value, *profile);
        }
        if let Some(profile) = found {
            self.extension_profile(value, profile);
        }
        if !is_defined && node.table.is_none() {
            let root = own_type.root.and_then(|root| self.schema.table_of(root));
            if let Some(table) = root {
                self.object(value, table, Around::extension(own.object.around.extension));
            }
        }
    }

    fn extension_profile(&mut self, value: Value<'d>, profile: ProfileId) {
        let schema = self.schema;
        let root = schema.profile(profile).root;
        self.constraints(&schema.node(root).constraints, Focus::of(value));
        if let Some(table) = schema.table_of(root) {
            self.object(value, table, Around::extension(Some(profile)));
        }
    }
}
