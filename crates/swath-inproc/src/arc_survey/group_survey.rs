//! Works out the units of one code object that are of an `except*`, on 3.12 and 3.13.

use core::ops::Range;

use crate::arc_survey::Survey;
use crate::branches::{GroupStep, Role, Watch, meaning};
use crate::flow::Flow;
use crate::operations::Kind;
use crate::state::Gil;

impl Survey {
    /// Works out what each unit of an `except*` means.
    pub(crate) fn add_group_steps(
        &mut self,
        gil: Gil<'_>,
        flow: &Flow,
        watch: &mut Watch,
    ) -> Option<()> {
        if groups(gil, flow).next().is_none() {
            return Some(());
        }
        self.group_steps.zeros(flow.units().len())?;
        for (_, group) in groups(gil, flow) {
            for index in group {
                let line = flow.units().get(index).map_or(0, |unit| unit.line);
                self.set_step(index, Role::Within, line as i32);
            }
        }
        for (end, group) in groups(gil, flow) {
            let is_inside =
                |other: &Range<usize>| other.start < group.start && group.start < other.end;
            if !groups(gil, flow).any(|(_, other)| is_inside(&other)) {
                self.set_step(group.start, Role::Begin, 0);
            }
            let raises = flow.units().get(end).map_or(0, |unit| unit.target as usize);
            for way_out in [flow.behind(end), raises] {
                // The end of one in a clause of another may lead to the end of that: it is a line there.
                if let Some(target) = flow.landing(gil, way_out) {
                    self.set_step(way_out, Role::End, target);
                }
            }
        }
        watch.group_steps = self.group_steps.kept()?;
        Some(())
    }

    fn set_step(&mut self, index: usize, role: Role, target: i32) {
        if let Some(step) = self.group_steps.values_mut().get_mut(index) {
            *step = GroupStep { role, target };
            self.mean(index, meaning::STEPS | meaning::WATCH);
        }
    }
}

/// The units of each `except*`, with the one that is its end.
fn groups(gil: Gil<'_>, flow: &Flow) -> impl Iterator<Item = (usize, Range<usize>)> {
    let units = flow.units().iter().enumerate();
    let ends = units.filter(|(_, unit)| unit.kind == Kind::GroupEnd);
    ends.filter_map(move |(end, _)| Some((end, flow.group(gil, end)?)))
}
