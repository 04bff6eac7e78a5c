//! 生成 — makes lives up: whole lists sent again, flags on and off, corrections,
//! cancellations undone, and all of it at awkward times.

use rand::{Rng, rngs::StdRng, seq::IndexedRandom};

use super::{
    BundleName, Dated, Deed, Event, Lifecycle, ListOf, Policy, Resource, Said, Scope, Sort, Type,
    calendar::{DAY, Day, Millis, SECOND},
};

/// 生成の枠 — what lives may be like.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Where events lie: at these instants only, or anywhere.
    pub instants: Option<&'a [Millis]>,
    /// At least and at most so many events.
    pub events: (usize, usize),
    /// Whether purges are among them.
    pub purges: bool,
    /// The policy; none: any.
    pub policy: Option<Policy>,
    /// Whether a resource may lack its date.
    pub undated: bool,
    /// Whether some Bundles are letters, of which everything is extracted.
    pub letters: bool,
}

/// A life.
pub fn lifecycle(dice: &mut StdRng, frame: Frame<'_>) -> Lifecycle {
    let policy = frame.policy.unwrap_or_else(|| policy(dice));
    let count = dice.random_range(frame.events.0..=frame.events.1);
    let mut author = Author::new(dice, frame);
    let mut events = Vec::with_capacity(count);
    for _ in 0..count {
        let deed = author.deed();
        events.push(Event { at: author.now, tie: author.dice.random(), deed });
        author.wait();
    }
    Lifecycle { policy, events }
}

fn policy(dice: &mut StdRng) -> Policy {
    let undo_days = *[7, 7, 7, 7, 0, 1, 30].choose(dice).expect("a choice");
    let scopes = [Scope::Patient, Scope::Patient, Scope::Item, Scope::Institution];
    let lists = [ListOf::Nothing, ListOf::Department, ListOf::Institution];
    Policy {
        undo_days,
        last_three_of: *scopes.choose(dice).expect("a choice"),
        list_of: *lists.choose(dice).expect("a choice"),
    }
}

/// The hand that writes one life.
struct Author<'a> {
    dice: &'a mut StdRng,
    frame: Frame<'a>,
    now: Millis,
    /// Where `now` stands among the given instants.
    place: usize,
    institutions: u8,
    types: Vec<Type>,
    bundles: Vec<Written>,
    /// Collection times used so far.
    collected: Vec<Dated>,
}

/// A Bundle as it was sent last.
struct Written {
    name: BundleName,
    of_type: Type,
    resources: Vec<Resource>,
    cancelled: bool,
}

impl<'a> Author<'a> {
    fn new(dice: &'a mut StdRng, frame: Frame<'a>) -> Self {
        let place = dice.random_range(0..frame.instants.map_or(1, |all| all.len().div_ceil(2)));
        let now = match frame.instants {
            Some(instants) => instants[place],
            None => anywhere(dice),
        };
        let institutions = *[1, 1, 2, 3].choose(dice).expect("a choice");
        let types = match dice.random_range(0..10) {
            0..=4 => vec![Type::Observation],
            5 => vec![Type::Condition],
            6 => vec![Type::AllergyIntolerance],
            _ => Type::ALL.to_vec(),
        };
        let (bundles, collected) = (Vec::new(), Vec::new());
        Self { dice, frame, now, place, institutions, types, bundles, collected }
    }

    fn deed(&mut self) -> Deed {
        if self.bundles.is_empty() {
            return self.register();
        }
        match self.dice.random_range(0..100) {
            0..35 => self.register(),
            35..55 => self.change(),
            55..73 => self.cancel(),
            73..88 => self.undo(),
            _ if self.frame.purges => Deed::Purge,
            _ => self.change(),
        }
    }

    fn register(&mut self) -> Deed {
        // Now and then an identifier that is taken.
        if !self.bundles.is_empty() && self.dice.random_ratio(1, 20) {
            let which = self.any();
            let (name, of_type) = (self.bundles[which].name, self.bundles[which].of_type);
            let resources = self.content(name.institution, of_type, None);
            return Deed::Register(name, self.brought_by(name, resources));
        }
        let institution = self.dice.random_range(0..self.institutions);
        let name = BundleName { institution, number: self.bundles.len() as u8 + 1 };
        let of_type = *self.types.choose(self.dice).expect("a choice");
        let resources = self.content(institution, of_type, None);
        let resources = self.brought_by(name, resources);
        let written = Written { name, of_type, resources: resources.clone(), cancelled: false };
        self.bundles.push(written);
        Deed::Register(name, resources)
    }

    fn change(&mut self) -> Deed {
        let which = self.preferably(|one| !one.cancelled);
        let name = self.bundles[which].name;
        if self.dice.random_ratio(1, 12) {
            self.bundles[which].of_type = *self.types.choose(self.dice).expect("a choice");
        }
        let resources = self.content(name.institution, self.bundles[which].of_type, Some(which));
        let resources = self.brought_by(name, resources);
        if !self.bundles[which].cancelled {
            self.bundles[which].resources.clone_from(&resources);
        }
        Deed::Change(name, resources)
    }

    /// Whether a Bundle is a letter hangs on its number, so that a change cannot make one.
    fn brought_by(&self, name: BundleName, mut resources: Vec<Resource>) -> Vec<Resource> {
        let extracted = self.frame.letters && name.number.is_multiple_of(3);
        for resource in &mut resources {
            resource.extracted = extracted;
        }
        resources
    }

    fn cancel(&mut self) -> Deed {
        let which = self.preferably(|one| !one.cancelled);
        self.bundles[which].cancelled = true;
        Deed::Cancel(self.bundles[which].name)
    }

    fn undo(&mut self) -> Deed {
        let which = self.preferably(|one| one.cancelled);
        self.bundles[which].cancelled = false;
        Deed::Undo(self.bundles[which].name)
    }

    fn any(&mut self) -> usize {
        self.dice.random_range(0..self.bundles.len())
    }

    /// Four times of five a Bundle for which the deed has sense.
    fn preferably(&mut self, sensible: impl Fn(&Written) -> bool) -> usize {
        let fitting: Vec<usize> =
            (0..self.bundles.len()).filter(|which| sensible(&self.bundles[*which])).collect();
        let fit = fitting.choose(self.dice).copied();
        fit.filter(|_| self.dice.random_ratio(4, 5)).unwrap_or_else(|| self.any())
    }

    /// The resources of a Bundle: mostly those of an earlier one, a little changed.
    fn content(&mut self, institution: u8, of_type: Type, before: Option<usize>) -> Vec<Resource> {
        let known: Vec<&Vec<Resource>> = self
            .bundles
            .iter()
            .enumerate()
            .filter(|(nth, one)| before.is_none_or(|which| which == *nth) && one.of_type == of_type)
            .filter(|(_, one)| one.name.institution == institution)
            .map(|(_, one)| &one.resources)
            .filter(|resources| resources.iter().all(|one| one.sort.of_type() == of_type))
            .collect();
        let mut resources = match known.choose(self.dice) {
            Some(resources) if self.dice.random_ratio(1, 2) => (*resources).clone(),
            _ => Vec::new(),
        };
        if resources.is_empty() {
            let count = *[1, 1, 2, 3, 4, 6].choose(self.dice).expect("a choice");
            return (0..count).map(|_| self.resource(of_type)).collect();
        }
        for resource in &mut resources {
            if self.dice.random_ratio(1, 3) {
                *resource = Resource { identifier: resource.identifier, ..self.resource(of_type) };
            } else if self.dice.random_ratio(1, 4) {
                self.flag(resource);
            }
        }
        if resources.len() > 1 && self.dice.random_ratio(1, 4) {
            resources.pop();
        }
        resources
    }

    fn resource(&mut self, of_type: Type) -> Resource {
        let sorts: &[Sort] = match of_type {
            Type::Condition => &[Sort::Condition],
            Type::AllergyIntolerance => &[Sort::DrugAllergy, Sort::OtherAllergy],
            Type::Observation => {
                &[Sort::Lab, Sort::Lab, Sort::Lab, Sort::Lab, Sort::Infection, Sort::LabUnlisted]
            }
        };
        let sort = *sorts.choose(self.dice).expect("a choice");
        let mut resource = Resource {
            identifier: self.dice.random_range(1..=5),
            sort,
            item: self.item(sort),
            department: self.department(of_type),
            dated: self.dated(),
            said: self.said(of_type),
            long_term: false,
            uninformed: false,
            undelivered: false,
            extracted: false,
        };
        self.flag(&mut resource);
        resource
    }

    fn item(&mut self, sort: Sort) -> u16 {
        match sort {
            Sort::Lab => *[21, 221].choose(self.dice).expect("a choice"),
            Sort::Infection => 611,
            _ => 0,
        }
    }

    /// Of two departments; an allergy may belong to none.
    fn department(&mut self, of_type: Type) -> Option<u8> {
        let lacks = of_type == Type::AllergyIntolerance && self.dice.random_ratio(1, 4);
        (!lacks).then(|| if self.dice.random_ratio(1, 3) { 2 } else { 1 })
    }

    fn said(&mut self, of_type: Type) -> Said {
        let rare: &[Said] = match of_type {
            Type::Observation => &[Said::Awaited, Said::NotDone, Said::EnteredInError],
            Type::Condition | Type::AllergyIntolerance => &[Said::Refuted, Said::EnteredInError],
        };
        if self.dice.random_ratio(1, 5) {
            *rare.choose(self.dice).expect("a choice")
        } else {
            Said::Standing
        }
    }

    /// Sets the flags that the resource may carry anew (S4).
    fn flag(&mut self, resource: &mut Resource) {
        let may_last = !matches!(resource.sort, Sort::Lab | Sort::LabUnlisted);
        let may_hide = resource.sort == Sort::Condition;
        resource.long_term = may_last && self.dice.random_ratio(1, 3);
        resource.uninformed = may_hide && self.dice.random_ratio(1, 6);
        resource.undelivered = may_hide && self.dice.random_ratio(1, 6);
    }

    /// A time that is new, or one that was used already: equal times count once.
    fn dated(&mut self) -> Option<Dated> {
        if self.frame.undated && self.dice.random_ratio(1, 15) {
            return None;
        }
        if let Some(used) = self.collected.choose(self.dice).copied()
            && self.dice.random_ratio(2, 5)
        {
            return Some(used);
        }
        let back = *[0, 1, 1, 2, 10, 40, 400].choose(self.dice).expect("a choice");
        let ahead = if self.dice.random_ratio(1, 40) { 500 * DAY } else { 0 };
        let at = self.now + ahead - back * DAY - self.dice.random_range(0..DAY / 1_000) * 1_000;
        let dated = match self.dice.random_range(0..4) {
            0 => Dated::On(Day::of(at)),
            // Midnight to the second is the same instant as the day without a time.
            1 => Dated::At(Day::of(at).starts_at()),
            2 => Dated::At(at + 1),
            _ => Dated::At(at),
        };
        self.collected.push(dated);
        Some(dated)
    }

    /// Moves the time on to the next event.
    fn wait(&mut self) {
        if let Some(instants) = self.frame.instants {
            self.place += *[0, 0, 1, 1, 1, 2, 3, 5, 9].choose(self.dice).expect("a choice");
            self.place = self.place.min(instants.len() - 1);
            self.now = instants[self.place];
            return;
        }
        let today = Day::of(self.now);
        let undo = self.dice.random_range(6..=9);
        let year = i64::from(self.dice.random_range(0..3)) - 1;
        let next = match self.dice.random_range(0..16) {
            0 => self.now,
            1 => self.now + 1,
            2 => self.now + SECOND,
            3 | 4 => self.now + self.dice.random_range(0..DAY),
            5 => self.now + self.dice.random_range(0..60) * DAY,
            6 => today.tomorrow().starts_at() - SECOND,
            7 => today.tomorrow().starts_at(),
            8 | 9 => today.after_days(undo).starts_at() + self.edge(),
            10 => today.after_years(1).after_days(1).starts_at() + self.edge(),
            11 => today.after_years(5).after_days(1).starts_at() + self.edge(),
            12 => Day::new(leap_year_from(today.year), 2, 29).starts_at() + self.edge() + DAY / 2,
            13 => Day::new(today.year + 1, 1, 1).starts_at() + self.edge(),
            14 => self.now + (365 + year) * DAY,
            // A clock that was wrong.
            _ => self.now + self.dice.random_range(0..2_400) * DAY,
        };
        self.now = next.max(self.now);
    }

    /// One second before, at, or one second after.
    fn edge(&mut self) -> Millis {
        (self.dice.random_range(0..3) - 1) * SECOND
    }
}

fn anywhere(dice: &mut StdRng) -> Millis {
    let year = dice.random_range(2024..=2030);
    let day = match dice.random_range(0..5) {
        0 => Day::new(leap_year_from(year), 2, 29),
        1 => Day::new(year, 12, 31),
        2 => Day::new(year, 2, 28),
        _ => Day::new(year, dice.random_range(1..=12), dice.random_range(1..=28)),
    };
    let within = match dice.random_range(0..4) {
        0 => 0,
        1 => DAY - SECOND,
        2 => DAY - 1,
        _ => dice.random_range(0..DAY),
    };
    day.starts_at() + within
}

fn leap_year_from(year: i32) -> i32 {
    (year..year + 4).find(|year| year % 4 == 0).expect("one of four")
}
