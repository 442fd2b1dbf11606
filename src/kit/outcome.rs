//! What storing many things at once came to.

/// What became of a thing that was stored by its natural key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing had its key.
    Created,
    /// What had its key said something else.
    Updated,
    /// What had its key said the same, and kept its version.
    Unchanged,
}

/// What replacing all that stands in a list or a map came to; `E` says why a thing was refused.
#[derive(Debug)]
pub struct Replaced<E> {
    /// What stood there before.
    pub present: usize,
    /// What was removed of it.
    pub removed: usize,
    /// What became of each thing given, in their order.
    pub outcomes: Vec<Result<Outcome, E>>,
}

impl<E> Replaced<E> {
    /// Nothing done yet, where so many things stand.
    #[must_use]
    pub fn where_stand(present: usize) -> Self {
        Self { present, removed: 0, outcomes: Vec::new() }
    }

    /// Notes what became of the next thing; `is_refusal` tells what is no failure of the service.
    ///
    /// # Errors
    ///
    /// A failure: it ends the whole.
    pub fn note(&mut self, outcome: Result<Outcome, E>, is_refusal: impl Fn(&E) -> bool) -> Result<(), E> {
        match outcome {
            Err(cause) if !is_refusal(&cause) => Err(cause),
            outcome => {
                self.outcomes.push(outcome);
                Ok(())
            }
        }
    }

    /// Whether nothing was refused.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.outcomes.iter().all(Result::is_ok)
    }

    /// How many have become another than they were.
    #[must_use]
    pub fn changed(&self) -> usize {
        self.outcomes.iter().filter(|outcome| matches!(outcome, Ok(Outcome::Updated))).count()
    }

    /// Whether anything given was new or different, or anything was removed.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        let differs =
            |outcome: &Result<Outcome, E>| matches!(outcome, Ok(Outcome::Created | Outcome::Updated));
        self.removed > 0 || self.outcomes.iter().any(differs)
    }
}
