//! Rules of template versions.

use super::content::TemplateContent;
use crate::kit::code::codes;
use crate::kit::violation::Violation;

codes! {
    /// Who made a template.
    TemplateOwner {
        /// Shipped with the service.
        Service = "service", "типовой", "shipped with the service";
        /// Made by a municipality.
        Municipality = "municipality", "муниципальный", "made by a municipality";
    }
}

/// Every broken rule of a new version's content, with pointers into the request.
#[must_use]
pub fn broken_rules(content: &TemplateContent) -> Vec<Violation> {
    let mut violations = content.check();
    for violation in &mut violations {
        violation.pointer = format!("/content{}", violation.pointer);
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_lead_into_the_request() {
        let mut content = TemplateContent::shipped().unwrap();
        assert_eq!(broken_rules(&content), []);
        content.conclusions.clear();
        assert_eq!(broken_rules(&content)[0].pointer, "/content/conclusions");
    }
}
