//! Codes of the state registers: INN, KPP, OGRN, OKPO, OKTMO of organisations.

/// The digits of `text`, when it has exactly `count` and nothing else.
fn digits(text: &str, count: usize) -> Option<Vec<u32>> {
    let digits: Vec<u32> = text.chars().map_while(|c| c.to_digit(10)).collect();
    (digits.len() == count && text.len() == count).then_some(digits)
}

fn weighted(digits: &[u32], weights: impl Iterator<Item = u32>) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// INN of an organisation: 10 digits, the last one a check digit: the weighted sum of
/// the first nine by 11, by 10. The 12-digit form belongs to persons.
#[must_use]
pub fn is_inn(text: &str) -> bool {
    digits(text, 10).is_some_and(|d| {
        let sum = weighted(&d, [2, 4, 10, 3, 5, 9, 4, 6, 8].into_iter());
        d.last() == Some(&(sum % 11 % 10))
    })
}

/// KPP: four digits, two digits or capital letters, three digits; it has no check digit.
#[must_use]
pub fn is_kpp(text: &str) -> bool {
    text.len() == 9
        && text.bytes().enumerate().all(|(place, byte)| {
            byte.is_ascii_digit() || ((4..6).contains(&place) && byte.is_ascii_uppercase())
        })
}

/// OGRN: 13 digits, the last one is the rest of the first twelve by 11, by 10.
#[must_use]
pub fn is_ogrn(text: &str) -> bool {
    digits(text, 13).is_some_and(|d| {
        let number = d.iter().take(12).fold(0_u64, |sum, digit| sum * 10 + u64::from(*digit));
        d.last().map(|digit| u64::from(*digit)) == Some(number % 11 % 10)
    })
}

/// OKPO of an organisation: 8 digits with a check digit by weights 1 to 7, or 3 to 9 when that gives 10.
#[must_use]
pub fn is_okpo(text: &str) -> bool {
    digits(text, 8).is_some_and(|d| {
        let first = weighted(&d, 1..=7) % 11;
        let check = if first == 10 { weighted(&d, 3..=9) % 11 % 10 } else { first };
        d.last() == Some(&check)
    })
}

/// OKTMO: 8 digits for a municipality, 11 for a settlement; its check digit is published apart.
#[must_use]
pub fn is_oktmo(text: &str) -> bool {
    matches!(text.len(), 8 | 11) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_and_synthetic_codes_pass() {
        assert!(
            ["7707083893", "5799000019", "5799000026", "5799000033", "5799000040"].iter().all(|c| is_inn(c))
        );
        assert!(
            ["1042900006445", "1037739010891", "1025799000017", "1025799000040"].iter().all(|c| is_ogrn(c))
        );
        assert!(["07953526", "00032537"].iter().all(|c| is_okpo(c)));
        assert!(is_kpp("770701001") && is_kpp("7707AZ001"));
        assert!(is_oktmo("54659416") && is_oktmo("54659416101"));
    }

    #[test]
    fn a_wrong_digit_or_length_fails() {
        assert!(
            !is_inn("7707083894") && !is_inn("770708389") && !is_inn("500100732259") && !is_inn("٧٧٠٧٠٨٣٨٩٣")
        );
        assert!(!is_ogrn("1042900006446") && !is_ogrn("304500116000157"));
        assert!(!is_okpo("07953527") && !is_okpo("7953526"));
        assert!(!is_kpp("7707az001") && !is_kpp("77070100"));
        assert!(!is_oktmo("5465941") && !is_oktmo("5465941x"));
    }
}
