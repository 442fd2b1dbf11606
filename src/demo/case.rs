//! The reference case as data: Хотынецкий район, Орловская область, 2023.

use serde_json::Value;

/// The case, in the shape of its file.
#[derive(Debug, Clone)]
pub struct Case {
    /// The whole file; tests change it to play a variant.
    pub data: Value,
}

impl Case {
    /// The case as it was.
    ///
    /// # Errors
    ///
    /// The file is not JSON: a fault of the program.
    pub fn reference() -> serde_json::Result<Self> {
        Ok(Self { data: serde_json::from_str(include_str!("hotynets-2023.json"))? })
    }

    /// The members of a list of the case.
    #[must_use]
    pub fn list(&self, name: &str) -> &[Value] {
        self.data
            .pointer(&format!("/{}", name.replace('.', "/")))
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    /// A text of the case, by its JSON pointer.
    #[must_use]
    pub fn text(&self, pointer: &str) -> &str {
        self.data.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// Steps that the play announces.
    #[must_use]
    pub fn steps(&self) -> u64 {
        let items: usize = self
            .list("reports")
            .iter()
            .map(|report| report.get("items").and_then(Value::as_array).map_or(0, Vec::len))
            .sum();
        let counted = items
            + self.list("reports").len() * 2
            + self.list("schools").len() * 2
            + self.list("statistics").len()
            + self.list("targets").len();
        u64::try_from(counted + 40).unwrap_or(40)
    }
}
