//! Which cells of a public table are too small to be shown, and which must be hidden with them.
//!
//! A cell of few people tells of single persons (152-ФЗ: the mean rural school is small, 30 % of
//! 8 are 3 children). Hiding it alone hides nothing where a total stands beside it: the total less
//! the others is the hidden one. So what is hidden together must be at least two cells of some
//! people each, and not small in sum; a sum that is not small is shown, also when it is 0 or 100 %.
//! A note prints the sum of its own schools: what is hidden among them, and among the others, must
//! be so for itself. Whoever knows a cell by office, as a school knows itself, may still reckon
//! with it: the rule guards against readers of one table and of the notes, not against those who
//! note down how a table looked before the department corrected it.

use std::collections::BTreeSet;

/// Below how many people a cell is not published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmallCells(pub u32);

/// A cell of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// How many people it stands for.
    pub people: i64,
    /// Cells of one group have a sum that is printed elsewhere too.
    pub group: usize,
}

/// Which cells are hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// Of each cell, in its place, whether it is hidden.
    pub cells: Vec<bool>,
    /// Whether the total is.
    pub total: bool,
}

impl SmallCells {
    /// Whether a cell of so many people is too small, also of none at all.
    #[must_use]
    pub fn is_small(self, people: i64) -> bool {
        people < i64::from(self.0)
    }

    /// What to hide of a table with its total beside it. Of equal cells the first is hidden for
    /// another's sake.
    #[must_use]
    pub fn hidden(self, cells: &[Cell]) -> Hidden {
        let mut hidden: Vec<bool> = cells.iter().map(|cell| self.is_small(cell.people)).collect();
        if self.is_small(cells.iter().map(|cell| cell.people).sum()) {
            return Hidden { cells: vec![true; cells.len()], total: true };
        }
        let groups: BTreeSet<usize> = cells.iter().map(|cell| cell.group).collect();
        let mut total = false;
        for group in groups {
            while !self.is_safe(cells, &hidden, group) {
                let shown =
                    cells.iter().zip(&mut hidden).filter(|(cell, hidden)| cell.group == group && !**hidden);
                let Some((_, hidden)) = shown.min_by_key(|(cell, _)| cell.people) else {
                    // Nothing is left in the group to hide it behind: the total less the sum of the
                    // others would be the cell itself.
                    total = true;
                    break;
                };
                *hidden = true;
            }
        }
        Hidden { cells: hidden, total }
    }

    /// Whether the sum of the group less its shown cells gives nobody away.
    fn is_safe(self, cells: &[Cell], hidden: &[bool], group: usize) -> bool {
        let of_group = cells.iter().zip(hidden).filter(|(cell, _)| cell.group == group);
        let some = of_group.filter(|(cell, hidden)| **hidden && cell.people > 0);
        let some: Vec<i64> = some.map(|(cell, _)| cell.people).collect();
        some.is_empty() || (some.len() > 1 && !self.is_small(some.iter().sum()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(groups: &[&[i64]]) -> Vec<Cell> {
        let of = |(group, people): (usize, &&[i64])| {
            people.iter().map(move |people| Cell { people: *people, group }).collect::<Vec<_>>()
        };
        groups.iter().enumerate().flat_map(of).collect()
    }

    fn hidden_in(groups: &[&[i64]]) -> (String, bool) {
        let found = SmallCells(10).hidden(&cells(groups));
        let mark = |hidden: &bool| if *hidden { 'x' } else { '.' };
        (found.cells.iter().map(mark).collect(), found.total)
    }

    fn hidden(people: &[i64]) -> (String, bool) {
        hidden_in(&[people])
    }

    #[test]
    fn a_table_of_large_cells_is_shown_whole() {
        assert_eq!(hidden(&[10, 21, 300]), ("...".into(), false));
        assert_eq!(hidden(&[]), (String::new(), true), "nobody at all");
    }

    #[test]
    fn a_small_cell_takes_the_smallest_other_with_it() {
        assert_eq!(hidden(&[9, 40, 21, 30]), ("x.x.".into(), false));
        assert_eq!(hidden(&[9, 10]), ("xx".into(), false), "the total of 19 stands, neither part does");
    }

    #[test]
    fn small_cells_together_may_still_be_too_few() {
        assert_eq!(hidden(&[4, 5, 40, 30]), ("xx.x".into(), false), "9 people in two schools");
        assert_eq!(hidden(&[4, 6, 40, 30]), ("xx..".into(), false), "10 people in two schools");
    }

    #[test]
    fn an_empty_cell_hides_nobody() {
        assert_eq!(hidden(&[0, 40, 30]), ("x..".into(), false), "there is no value in it");
        assert_eq!(hidden(&[0, 9, 40, 30]), ("xx.x".into(), false), "the nine are not hidden by none");
    }

    #[test]
    fn a_small_total_is_hidden_with_everything() {
        assert_eq!(hidden(&[4, 5]), ("xx".into(), true));
        assert_eq!(hidden(&[9]), ("x".into(), true));
        assert_eq!(hidden(&[0, 9, 0]), ("xxx".into(), true));
    }

    #[test]
    fn a_note_that_prints_the_sum_of_some_schools_gives_no_other_away() {
        assert_eq!(hidden_in(&[&[20, 30], &[9]]), ("..x".into(), true), "59 less the 50 of the note");
        assert_eq!(hidden_in(&[&[20, 30], &[9, 40]]), ("..xx".into(), false), "49 of two schools");
        assert_eq!(hidden_in(&[&[9, 30], &[9, 40]]), ("xxxx".into(), false));
        assert_eq!(hidden_in(&[&[20], &[12]]), ("..".into(), false));
    }

    #[test]
    fn whatever_the_table_nobody_is_told_of_alone() {
        for table in [&[3, 0, 80][..], &[9, 9, 9], &[1, 100], &[2, 3, 4, 5, 6], &[9, 0, 11, 200]] {
            let found = SmallCells(10).hidden(&cells(&[table]));
            let secret: Vec<i64> =
                table.iter().zip(&found.cells).filter(|(n, x)| **x && **n > 0).map(|(n, _)| *n).collect();
            assert!(table.iter().zip(&found.cells).all(|(n, x)| *x || *n >= 10), "{table:?}");
            assert!(!found.total && secret.len() > 1 && secret.iter().sum::<i64>() >= 10, "{table:?}");
        }
    }
}
