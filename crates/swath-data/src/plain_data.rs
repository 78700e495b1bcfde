//! The rows of a data file that is an ordinary SQLite file with coverage.py's own tables.

use std::borrow::Cow;
use std::ops::Deref;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::Mode;
use crate::arc_runs::ArcRuns;
use crate::sqlite_pages::{NotPlain, Pages, Plain, Value, columns};

/// What coverage.py's tables hold, by their row numbers.
#[derive(Default)]
pub(crate) struct PlainData<'a> {
    pub(crate) mode: Mode,
    pub(crate) files: Vec<(i64, Cow<'a, str>)>,
    pub(crate) contexts: Vec<(i64, Cow<'a, str>)>,
    pub(crate) tracers: Vec<(i64, String)>,
    pub(crate) lines: Vec<LineRow<'a>>,
    pub(crate) arcs: ArcRuns,
    /// swath's own tables are there too.
    pub(crate) has_accounting: bool,
}

pub(crate) struct LineRow<'a> {
    pub(crate) file: i64,
    pub(crate) context: i64,
    pub(crate) numbits: Numbits<'a>,
}

/// A set of lines: in the file's bytes, or for several rows once.
pub(crate) enum Numbits<'a> {
    Borrowed(&'a [u8]),
    Shared(Rc<[u8]>),
}

impl Deref for Numbits<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(numbits) => numbits,
            Self::Shared(numbits) => numbits,
        }
    }
}

impl<'a> LineRow<'a> {
    fn read(record: Cow<'a, [u8]>) -> Plain<Option<Self>> {
        Ok(match record {
            Cow::Borrowed(record) => numbits_of(record)?.map(|(file, context, numbits)| Self {
                file,
                context,
                numbits: Numbits::Borrowed(numbits),
            }),
            Cow::Owned(record) => numbits_of(&record)?.map(|(file, context, numbits)| Self {
                file,
                context,
                numbits: Numbits::Shared(numbits.into()),
            }),
        })
    }
}

fn numbits_of(record: &[u8]) -> Plain<Option<(i64, i64, &[u8])>> {
    Ok(match columns(record)? {
        [Value::Integer(file), Value::Integer(context), numbits] => Some((
            file,
            context,
            match numbits {
                Value::Blob(numbits) | Value::Text(numbits) => numbits,
                _ => &[],
            },
        )),
        _ => None,
    })
}

/// The tables that are read, as they are created, without white space and comments.
const TABLES: [(&str, &str); 7] = [
    ("coverage_schema", "(versioninteger)"),
    ("meta", "(keytext,valuetext,unique(key))"),
    ("file", "(idintegerprimarykey,pathtext,unique(path))"),
    (
        "context",
        "(idintegerprimarykey,contexttext,unique(context))",
    ),
    (
        "line_bits",
        "(file_idinteger,context_idinteger,numbitsblob,foreignkey(file_id)referencesfile(id),foreignkey(context_id)referencescontext(id),unique(file_id,context_id))",
    ),
    (
        "arc",
        "(file_idinteger,context_idinteger,fromnointeger,tonointeger,foreignkey(file_id)referencesfile(id),foreignkey(context_id)referencescontext(id),unique(file_id,context_id,fromno,tono))",
    ),
    (
        "tracer",
        "(file_idintegerprimarykey,tracertext,foreignkey(file_id)referencesfile(id))",
    ),
];

impl<'a> PlainData<'a> {
    /// Reads everything, or nothing: what is not plain is for SQLite to read.
    pub(crate) fn read(pages: &Pages<'a>) -> Plain<Self> {
        Self::read_with(pages, |data, root| {
            pages.rows(root, &mut |_, record| {
                data.lines.extend(LineRow::read(record)?);
                Ok(())
            })
        })
    }

    /// The same for a file of many contexts, in which many have the same lines: these are kept once,
    /// and no page of theirs is.
    pub(crate) fn read_sharing(pages: &Pages<'a>) -> Plain<Self> {
        let mut known: FxHashSet<Rc<[u8]>> = FxHashSet::default();
        Self::read_with(pages, |data, root| {
            pages.passing_rows(root, &mut |record| {
                let Some((file, context, numbits)) = numbits_of(record)? else {
                    return Ok(());
                };
                let shared = known.get(numbits).map_or_else(|| numbits.into(), Rc::clone);
                if Rc::strong_count(&shared) == 1 {
                    known.insert(Rc::clone(&shared));
                }
                data.lines.push(LineRow {
                    file,
                    context,
                    numbits: Numbits::Shared(shared),
                });
                Ok(())
            })
        })
    }

    fn read_with(
        pages: &Pages<'a>,
        read_lines: impl FnOnce(&mut Self, u32) -> Plain<()>,
    ) -> Plain<Self> {
        let (roots, has_accounting) = table_roots(pages)?;
        let root = |name: &str| roots.get(name).copied().ok_or(NotPlain);
        let mut data = Self {
            has_accounting,
            ..Self::default()
        };
        let mut versions = Vec::new();
        pages.rows(root("coverage_schema")?, &mut |_, record| {
            let [version] = columns(&record)?;
            versions.push(version == Value::Integer(7));
            Ok(())
        })?;
        // Another version is an error that SQLite's reader words.
        if versions != [true] {
            return Err(NotPlain);
        }
        data.mode = read_mode(pages, root("meta")?)?;
        data.files = names(pages, root("file")?)?;
        data.contexts = names(pages, root("context")?)?;
        let tracers = names(pages, root("tracer")?)?;
        data.tracers = tracers
            .into_iter()
            .map(|(id, name)| (id, name.into_owned()))
            .collect();
        read_lines(&mut data, root("line_bits")?)?;
        pages.number_rows(root("arc")?, &mut |row| data.arcs.push(row))?;
        Ok(data)
    }
}

fn table_roots(pages: &Pages<'_>) -> Plain<(FxHashMap<&'static str, u32>, bool)> {
    let mut roots = FxHashMap::default();
    let mut has_accounting = false;
    pages.rows(1, &mut |_, record| {
        let [kind, name, _, root, sql] = columns(&record)?;
        let (Value::Text(b"table"), Value::Text(name), Value::Integer(root), Value::Text(sql)) =
            (kind, name, root, sql)
        else {
            return Ok(());
        };
        has_accounting |= name == b"swath_schema";
        if let Some((table, layout)) = TABLES.iter().find(|(table, _)| table.as_bytes() == name) {
            if !is_layout(sql, layout) {
                return Err(NotPlain);
            }
            roots.insert(*table, u32::try_from(root).map_err(|_| NotPlain)?);
        }
        Ok(())
    })?;
    Ok((roots, has_accounting))
}

/// Whether a `CREATE TABLE` has these columns and constraints.
fn is_layout(sql: &[u8], layout: &str) -> bool {
    let Ok(sql) = std::str::from_utf8(sql) else {
        return false;
    };
    let without_comments = sql
        .lines()
        .map(|line| line.split("--").next().unwrap_or(""));
    let mut text: String = without_comments
        .flat_map(str::chars)
        .filter(|c| !c.is_whitespace())
        .collect();
    text.make_ascii_lowercase();
    text.find('(').is_some_and(|start| &text[start..] == layout)
}

fn read_mode(pages: &Pages<'_>, root: u32) -> Plain<Mode> {
    let mut mode = Mode::Unknown;
    pages.rows(root, &mut |_, record| {
        let [key, value] = columns(&record)?;
        if key == Value::Text(b"has_arcs") {
            mode = match value {
                Value::Text(b"0") | Value::Integer(0) => Mode::Lines,
                Value::Text(b"1") | Value::Integer(1) => Mode::Arcs,
                _ => return Err(NotPlain),
            };
        }
        Ok(())
    })?;
    Ok(mode)
}

/// The rows of a table of a number, which is the row's, and a name.
fn names<'a>(pages: &Pages<'a>, root: u32) -> Plain<Vec<(i64, Cow<'a, str>)>> {
    let mut names = Vec::new();
    pages.rows(root, &mut |row, record| {
        let name = match &record {
            Cow::Borrowed(record) => name_of(record)?.map(Cow::Borrowed),
            Cow::Owned(record) => name_of(record)?.map(|name| Cow::Owned(name.to_owned())),
        };
        names.extend(name.map(|name| (row, name)));
        Ok(())
    })?;
    // They are searched by their numbers.
    if names.is_sorted_by(|(one, _), (next, _)| one < next) {
        Ok(names)
    } else {
        Err(NotPlain)
    }
}

fn name_of(record: &[u8]) -> Plain<Option<&str>> {
    match columns(record)? {
        [_, Value::Text(name)] => std::str::from_utf8(name).map(Some).map_err(|_| NotPlain),
        [_, Value::Null] => Ok(None),
        _ => Err(NotPlain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_known_by_their_columns() {
        let commented = "CREATE TABLE meta (\n    -- Key-value pairs, to record (data)\n    key text,\n    value text,\n    unique (key)\n    -- Possible keys:\n)";
        assert!(is_layout(commented.as_bytes(), TABLES[1].1));
        assert!(!is_layout(
            b"CREATE TABLE meta (value text, key text, unique (key))",
            TABLES[1].1
        ));
        assert!(!is_layout(b"CREATE TABLE meta", TABLES[1].1));
    }
}
