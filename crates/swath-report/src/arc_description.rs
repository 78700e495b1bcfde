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
    let (functions, classes) = (&file.regions.functions, &file.regions.classes);
    let function = first_from(functions, start);
    let class = first_from(classes, start);
    match (function, class) {
        (Some(function), class)
            if class.is_none_or(|class| function.start < class.start)
                && (function.start..=region_end(functions, function)).contains(&line) =>
        {
            let verb = if raises(source, line) {
                "except"
            } else {
                "return"
            };
            format!(
                "{verb} from function {}",
                python_repr(simple_name(function))
            )
        }
        (function, Some(class))
            if function.is_none_or(|function| class.start < function.start)
                && (start > 1 || is_inside(source, class, line)) =>
        {
            format!("exit class {}", python_repr(simple_name(class)))
        }
        _ => "exit the module".to_owned(),
    }
}

/// The first definition from a line on. A code object that begins at the line is this one's, as
/// only its decorators can come before it.
fn first_from(regions: &[Region], start: u32) -> Option<&Region> {
    let later = regions.iter().filter(|region| region.start >= start);
    later.min_by_key(|region| region.start)
}

/// Whether a line can be in the body of a class at the beginning of the module, whose exit has the
/// same number as the module's: it is on the class's line, or indented.
fn is_inside(source: &[&str], class: &Region, line: u32) -> bool {
    let text = (line as usize)
        .checked_sub(1)
        .and_then(|index| source.get(index));
    line == class.start || text.is_some_and(|text| text.starts_with([' ', '\t']))
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
