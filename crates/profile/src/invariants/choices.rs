//! The choice elements that native rules ask for.

use std::sync::LazyLock;

use crate::fhirpath::Name;

pub(super) static VALUE: LazyLock<Name> = LazyLock::new(|| Name::new("value", true));
pub(super) static NAME: LazyLock<Name> = LazyLock::new(|| Name::new("name", true));
pub(super) static CODE: LazyLock<Name> = LazyLock::new(|| Name::new("code", true));
pub(super) static DETAIL: LazyLock<Name> = LazyLock::new(|| Name::new("detail", true));
pub(super) static ABATEMENT: LazyLock<Name> = LazyLock::new(|| Name::new("abatement", true));
