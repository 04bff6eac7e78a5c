//! 少数 — lists that mostly have one member or none, which then need no memory of their own.

use std::ops::Deref;

/// A list of few.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Few<T> {
    /// Nothing.
    None,
    /// One alone.
    One(T),
    /// Two or more.
    Many(Vec<T>),
}

impl<T> Few<T> {
    /// Adds one at the end.
    pub(crate) fn push(&mut self, member: T) {
        *self = match std::mem::replace(self, Self::None) {
            Self::None => Self::One(member),
            Self::One(first) => Self::Many(vec![first, member]),
            Self::Many(mut all) => {
                all.push(member);
                Self::Many(all)
            }
        };
    }

    /// The members, to be put in order.
    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        match self {
            Self::None => &mut [],
            Self::One(member) => std::slice::from_mut(member),
            Self::Many(all) => all,
        }
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::None => &[],
            Self::One(member) => std::slice::from_ref(member),
            Self::Many(all) => all,
        }
    }
}

impl<T> Extend<T> for Few<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, members: I) {
        members.into_iter().for_each(|member| self.push(member));
    }
}

impl<T> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Self {
        let mut few = Self::None;
        few.extend(members);
        few
    }
}
