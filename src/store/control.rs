//! What functions and the account are set to, and how asynchronous events ended.

use crate::model::{DeliveryFact, RequestId, Setting, SettingFact, Timestamp};

use super::paged::{Item, Paged};

/// Facts kept of one function, or of the account.
const SETTINGS: usize = 500;
/// Ends of asynchronous events kept.
const DELIVERIES: usize = 20_000;

/// Settings in the order in which they were known.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    facts: Vec<SettingFact>,
}

impl Settings {
    /// All of them, in the order in which they were known.
    pub fn all(&self) -> &[SettingFact] {
        &self.facts
    }

    /// Those known by a time.
    pub fn known(&self, by: Timestamp) -> &[SettingFact] {
        &self.facts[..self.facts.partition_point(|fact| fact.known <= by)]
    }

    /// Keeps one; the one that was known first goes first. What was told before, by another look at
    /// the same or by another answer, is kept once.
    pub(super) fn note(&mut self, fact: SettingFact) {
        let same = |kept: &SettingFact| {
            (kept.when, &kept.qualifier, &kept.setting) == (fact.when, &fact.qualifier, &fact.setting)
        };
        if let Some(at) = self.facts.iter().position(same) {
            if self.facts[at].known <= fact.known {
                return;
            }
            self.facts.remove(at);
        }
        let at = self.facts.partition_point(|before| before.known <= fact.known);
        self.facts.insert(at, fact);
        if self.facts.len() > SETTINGS {
            self.facts.remove(0);
        }
    }

    /// Bytes held, estimated.
    pub fn bytes(&self) -> usize {
        self.facts.iter().map(fact_bytes).sum()
    }
}

/// Bytes that a fact holds, estimated.
pub(super) fn fact_bytes(fact: &SettingFact) -> usize {
    let inside = match &fact.setting {
        Setting::RoleMay { statements: Some(all), .. } => all.iter().map(|text| text.len() + 16).sum(),
        Setting::Trigger { .. } | Setting::MayInvoke { .. } => 200,
        _ => 0,
    };
    std::mem::size_of::<SettingFact>() + 96 + inside
}

/// Ends of asynchronous events, by request.
#[derive(Clone, Debug, Default)]
pub struct Deliveries {
    facts: Paged<DeliveryFact>,
}

impl Item for DeliveryFact {
    /// A request may be told of twice, by a destination and by a queue.
    type Key = (RequestId, Timestamp);
    type Summary = ();
    const PER_PAGE: usize = 64;

    fn key(&self) -> Self::Key {
        (self.request_id, self.known)
    }

    fn sum_up(&self, (): &mut ()) {}

    fn heap(&self) -> usize {
        96
    }
}

impl Deliveries {
    /// How the event of a request ended, as far as was known by a time: the latest word.
    pub fn of(&self, request: RequestId, by: Timestamp) -> Option<&DeliveryFact> {
        self.facts.back_from((request, by.plus(1))).next().filter(|fact| fact.request_id == request)
    }

    /// How many were known by a time.
    pub fn known(&self, by: Timestamp) -> usize {
        self.facts.iter().filter(|fact| fact.known <= by).count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// Keeps one; when there are too many the older half goes.
    pub(super) fn note(&mut self, fact: DeliveryFact) {
        self.facts.insert(fact);
        if self.facts.len() > DELIVERIES {
            let mut known: Vec<Timestamp> = self.facts.iter().map(|fact| fact.known).collect();
            known.sort_unstable();
            let middle = known[known.len() / 2];
            let mut newer = Paged::default();
            self.facts.iter().filter(|fact| fact.known > middle).for_each(|fact| newer.insert(fact.clone()));
            self.facts = newer;
        }
    }

    /// Bytes held, estimated.
    pub fn bytes(&self) -> usize {
        self.facts.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::When;

    fn reserved(limit: u32, known: i64) -> SettingFact {
        SettingFact {
            function: None,
            qualifier: None,
            setting: Setting::Reserved(Some(limit)),
            when: When::Found { since: None },
            known: Timestamp(known),
            told: "x".into(),
        }
    }

    #[test]
    fn the_same_word_is_kept_once_as_of_its_first_time() {
        let mut settings = Settings::default();
        for (limit, known) in [(1, 50), (1, 70), (2, 60), (1, 20)] {
            settings.note(reserved(limit, known));
        }
        let kept: Vec<i64> = settings.all().iter().map(|fact| fact.known.0).collect();
        assert_eq!(kept, [20, 60]);
        assert_eq!(settings.known(Timestamp(59)).len(), 1);
    }

    #[test]
    fn there_is_a_bound_and_the_oldest_go() {
        let mut settings = Settings::default();
        (0..600).for_each(|n| settings.note(reserved(n, i64::from(n))));
        assert_eq!((settings.all().len(), settings.all()[0].known), (SETTINGS, Timestamp(100)));
    }

    #[test]
    fn the_latest_word_on_a_request_that_was_known_counts() {
        let delivery = |request, known, condition: &str| DeliveryFact {
            function: None,
            request_id: RequestId(request),
            condition: condition.into(),
            attempts: Some(3),
            error: None,
            known: Timestamp(known),
        };
        let mut all = Deliveries::default();
        for fact in
            [delivery(7, 100, "RetriesExhausted"), delivery(7, 50, "Success"), delivery(8, 10, "Success")]
        {
            all.note(fact);
        }
        let of = |by| all.of(RequestId(7), Timestamp(by)).map(|fact| fact.condition.to_string());
        assert_eq!(
            (of(49), of(50), of(100)),
            (None, Some("Success".into()), Some("RetriesExhausted".into()))
        );
        assert_eq!(all.of(RequestId(9), Timestamp(500)), None);
        (0..=DELIVERIES as u128).for_each(|n| all.note(delivery(n, n as i64 + 1_000, "Success")));
        assert!(all.facts.len() <= DELIVERIES);
        assert!(all.of(RequestId(DELIVERIES as u128), Timestamp::NEVER).is_some());
    }
}
