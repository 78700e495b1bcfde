//! What an exit of a line does, in coverage.py's words.

use swath_analysis::Region;
use swath_coverage::FileReport;
use swath_pattern::python_repr;

/// What the step from `line` to `exit` does: `jump to line 7`, `return from function 'f'`.
pub(crate) fn describe_arc(file: &FileReport, source: &[&str], line: u32, exit: i32) -> String {
    if exit >= 0 {
        return format!("jump to line {exit}");
    }
    let start = exit.unsigned_abs();
    if let Some(function) = owner(&file.regions.functions, start, line) {
        let verb = if raises(source, line) {
            "except"
        } else {
            "return"
        };
        return format!(
            "{verb} from function {}",
            python_repr(simple_name(function))
        );
    }
    if let Some(class) = owner(&file.regions.classes, start, line) {
        return format!("exit class {}", python_repr(simple_name(class)));
    }
    "exit the module".to_owned()
}

/// The definition whose code object begins at `start`: the first one from there on, as only its
/// decorators can come before it. It holds `line`.
fn owner(regions: &[Region], start: u32, line: u32) -> Option<&Region> {
    let first = regions
        .iter()
        .filter(|region| region.start >= start)
        .min_by_key(|region| region.start)?;
    let last = region_end(regions, first);
    (first.start <= line && line <= last).then_some(first)
}

/// The last line of a definition, those nested in it included.
fn region_end(regions: &[Region], region: &Region) -> u32 {
    let prefix = format!("{}.", region.name);
    let inside = |other: &&Region| {
        std::ptr::eq(*other, region)
            || (other.start > region.start && other.name.starts_with(&prefix))
    };
    let ends = regions
        .iter()
        .filter(inside)
        .filter_map(|region| region.lines.iter().last());
    ends.max().unwrap_or(region.start)
}

fn simple_name(region: &Region) -> &str {
    region.name.rsplit('.').next().unwrap_or(&region.name)
}

/// Whether a line's way out is the `raise` behind its colon.
fn raises(source: &[&str], line: u32) -> bool {
    let text = (line as usize)
        .checked_sub(1)
        .and_then(|index| source.get(index));
    text.is_some_and(|text| {
        text.split(':').skip(1).any(|rest| {
            let rest = rest.trim_start().strip_prefix("raise");
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        })
    })
}
