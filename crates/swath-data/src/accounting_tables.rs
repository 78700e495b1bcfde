//! swath's own tables in a `.coverage` file, which coverage.py does not look at.
//!
//! `docs/reference/data-tables.md` describes them.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::{Connection, Row, Transaction, params};
use rustc_hash::FxHashMap;
use swath_model::{AgentState, Ending, Role};

use crate::attribution_tables::{FIRST_TABLE, read_attribution, write_attribution};
use crate::data_file::{each_row, integer, text};
use crate::{
    Accounting, ArcSet, FileFacts, FilePart, Labels, LineSet, Parts, ProcessRecord, RunRecord,
};

const SCHEMA: &str = "
CREATE TABLE swath_schema (
    version integer
);
CREATE TABLE swath_run (
    id text,
    position integer,
    key text,
    value text
);
CREATE TABLE swath_file (
    path text,
    hash text,
    python text
);
CREATE TABLE swath_process (
    id text primary key,
    run text,
    pid integer,
    parent_pid integer,
    fork_parent text,
    service text,
    role text,
    counted integer,
    command blob,
    executable text,
    python text,
    state text,
    started integer,
    ended text,
    exit_status integer,
    dropped integer
) without rowid;
CREATE TABLE swath_touched (
    process text,
    path text,
    primary key (process, path)
) without rowid;
";

/// A table of parts, where there are any: its name, and that of the column with the names of the parts.
#[derive(Clone, Copy)]
struct PartsTable {
    table: &'static str,
    name: &'static str,
}

const LABELS: PartsTable = PartsTable {
    table: "swath_label",
    name: "label",
};

const SERVICES: PartsTable = PartsTable {
    table: "swath_service",
    name: "service",
};

/// The contexts that came in under each label.
const LABEL_CONTEXTS: &str = "
CREATE TABLE swath_label_context (
    label text,
    context text,
    primary key (label, context)
) without rowid;
";

/// The processes that ran lines of the same files as another one.
const TOUCHED_AS: &str = "
CREATE TABLE swath_touched_as (
    process text primary key,
    other text
) without rowid;
";

/// The layout of these tables. Reading is by column name, so columns may be added without a new
/// number; a file with a higher number keeps its coverage data, and its accounting is not read.
const VERSION: i64 = 1;

/// In place of a hash: there was no such file.
const ABSENT: &str = "absent";

pub(crate) fn write_accounting(
    transaction: &Transaction<'_>,
    accounting: &Accounting,
) -> rusqlite::Result<()> {
    if accounting.is_empty() {
        return Ok(());
    }
    transaction.execute_batch(SCHEMA)?;
    transaction.execute("insert into swath_schema (version) values (?)", [VERSION])?;
    let mut fact = transaction
        .prepare("insert into swath_run (id, position, key, value) values (?, ?, ?, ?)")?;
    for run in &accounting.runs {
        // A run without facts is a row without a key.
        if run.facts.is_empty() {
            fact.execute(params![run.id, 0, None::<&str>, None::<&str>])?;
        }
        for (position, (key, value)) in (0i64..).zip(&run.facts) {
            fact.execute(params![run.id, position, key, value])?;
        }
    }
    let mut file =
        transaction.prepare("insert into swath_file (path, hash, python) values (?, ?, ?)")?;
    for (path, facts) in &accounting.files {
        for fact in facts {
            let absent = || fact.is_absent.then(|| ABSENT.to_owned());
            let hash = fact.hash.map(|hash| hash.to_string()).or_else(absent);
            file.execute(params![
                path,
                hash,
                fact.python.map(|python| python.to_string())
            ])?;
        }
    }
    write_processes(transaction, &accounting.processes)?;
    write_labels(transaction, &accounting.labels)?;
    write_parts(transaction, SERVICES, &accounting.services)?;
    write_attribution(transaction, &accounting.attribution)
}

fn write_labels(transaction: &Transaction<'_>, labels: &Labels) -> rusqlite::Result<()> {
    write_parts(transaction, LABELS, labels.parts())?;
    let mut contexts = labels.contexts().peekable();
    if contexts.peek().is_none() {
        return Ok(());
    }
    transaction.execute_batch(LABEL_CONTEXTS)?;
    let insert = "insert into swath_label_context (label, context) values (?, ?)";
    let mut insert = transaction.prepare(insert)?;
    for (label, context) in contexts {
        insert.execute(params![label, context])?;
    }
    Ok(())
}

fn write_parts(
    transaction: &Transaction<'_>,
    PartsTable { table, name }: PartsTable,
    parts: &Parts,
) -> rusqlite::Result<()> {
    if parts.is_empty() {
        return Ok(());
    }
    // Nobody asks for single rows. As the leaves of an index, rows with many arcs would take a page each.
    transaction.execute_batch(&format!(
        "CREATE TABLE {table} (
    {name} text,
    path text,
    lines blob,
    arcs blob
);"
    ))?;
    let insert = format!("insert into {table} ({name}, path, lines, arcs) values (?, ?, ?, ?)");
    let mut insert = transaction.prepare(&insert)?;
    for (part, path, file) in parts.files() {
        insert.execute(params![
            part,
            path,
            file.lines.as_numbits(),
            arc_blob(&file.arcs)
        ])?;
    }
    Ok(())
}

/// Each arc as two numbers of 32 bits, the lowest byte first.
fn arc_blob(arcs: &ArcSet) -> Vec<u8> {
    let numbers = arcs.iter().flat_map(|(from, to)| [from, to]);
    numbers.flat_map(i32::to_le_bytes).collect()
}

fn arcs_of(blob: &[u8]) -> ArcSet {
    let number = |bytes: &[u8]| bytes.try_into().map(i32::from_le_bytes).unwrap_or_default();
    let arcs = blob.chunks_exact(8).map(|arc| arc.split_at(4));
    arcs.map(|(from, to)| (number(from), number(to))).collect()
}

/// Reads a table of parts, each row into what `add` makes of it.
fn read_parts(
    connection: &Connection,
    PartsTable { table, name }: PartsTable,
    mut add: impl FnMut(&str, &str, &FilePart),
) -> rusqlite::Result<()> {
    let query = format!("select {name}, path, lines, arcs from {table}");
    each_row(connection, &query, |row| {
        let (Some(part), Some(path)) = (text(row, 0)?, text(row, 1)?) else {
            return Ok(());
        };
        let blob = |column| -> rusqlite::Result<&[u8]> {
            Ok(match row.get_ref(column)? {
                rusqlite::types::ValueRef::Blob(blob) => blob,
                _ => &[],
            })
        };
        let file = FilePart {
            lines: LineSet::from_numbits(blob(2)?),
            arcs: arcs_of(blob(3)?),
        };
        add(&part, &path, &file);
        Ok(())
    })
}

fn read_label_contexts(connection: &Connection, labels: &mut Labels) -> rusqlite::Result<()> {
    let query = "select label, context from swath_label_context";
    each_row(connection, query, |row| {
        if let (Some(label), Some(context)) = (text(row, 0)?, text(row, 1)?) {
            labels.add_context(&label, &context);
        }
        Ok(())
    })
}

/// The tables of these names that are there; one question for all of them.
fn own_tables(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let query = "select name from sqlite_master where type = 'table' and name in ('swath_schema', 'swath_label', 'swath_label_context', 'swath_service', 'swath_test', 'swath_touched_as')";
    each_row(connection, query, |row| {
        names.extend(text(row, 0)?);
        Ok(())
    })?;
    Ok(names)
}

fn write_processes(
    transaction: &Transaction<'_>,
    processes: &[ProcessRecord],
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare(
        "insert or ignore into swath_process (id, run, pid, parent_pid, fork_parent, service, role, counted, command,
         executable, python, state, started, ended, exit_status, dropped)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for process in processes {
        insert.execute(params![
            process.id,
            process.run,
            process.pid,
            process.parent_pid,
            process.fork_parent,
            process.service,
            process.role.map(Role::name),
            process.counted,
            command_blob(&process.command),
            process.executable,
            process.python.map(|python| python.to_string()),
            process.state.name(),
            process.started,
            process.ended.map_or("unknown", Ending::name),
            process.ended.and_then(Ending::status),
            i64::try_from(process.dropped).unwrap_or(i64::MAX),
        ])?;
    }
    write_touched(transaction, processes)
}

/// Replicas ran the same files, which stand under the first of them.
fn write_touched(
    transaction: &Transaction<'_>,
    processes: &[ProcessRecord],
) -> rusqlite::Result<()> {
    let mut paths =
        transaction.prepare("insert or ignore into swath_touched (process, path) values (?, ?)")?;
    let mut known: FxHashMap<&BTreeSet<String>, &str> = FxHashMap::default();
    let mut alike = Vec::new();
    let processes = processes.iter();
    for process in processes.filter(|process| !process.touched.is_empty()) {
        let first = *known.entry(&process.touched).or_insert(&process.id);
        if first != process.id {
            alike.push((&process.id, first));
            continue;
        }
        for path in &*process.touched {
            paths.execute(params![process.id, path])?;
        }
    }
    if alike.is_empty() {
        return Ok(());
    }
    transaction.execute_batch(TOUCHED_AS)?;
    let insert = "insert or ignore into swath_touched_as (process, other) values (?, ?)";
    let mut insert = transaction.prepare(insert)?;
    for (process, other) in alike {
        insert.execute(params![process, other])?;
    }
    Ok(())
}

/// The arguments as `/proc/PID/cmdline` has them: each ended by a zero byte.
fn command_blob(command: &[String]) -> Vec<u8> {
    let mut blob = Vec::new();
    for argument in command {
        blob.extend(argument.bytes().filter(|&byte| byte != 0));
        blob.push(0);
    }
    blob
}

fn command_of(blob: &[u8]) -> Vec<String> {
    let blob = blob.strip_suffix(&[0]).unwrap_or(blob);
    if blob.is_empty() {
        return Vec::new();
    }
    blob.split(|&byte| byte == 0)
        .map(|argument| String::from_utf8_lossy(argument).into_owned())
        .collect()
}

/// Reads the tables, where they are there and of a layout that is known.
pub(crate) fn read_accounting(connection: &Connection) -> rusqlite::Result<Accounting> {
    let mut accounting = Accounting::default();
    let tables = own_tables(connection)?;
    if !tables.contains("swath_schema") {
        return Ok(accounting);
    }
    let mut version = None;
    each_row(connection, "select version from swath_schema", |row| {
        version = integer(row, 0)?;
        Ok(())
    })?;
    if version != Some(VERSION) {
        return Ok(accounting);
    }
    read_runs(connection, &mut accounting)?;
    each_row(
        connection,
        "select path, hash, python from swath_file",
        |row| {
            if let Some(path) = text(row, 0)? {
                let hash = text(row, 1)?;
                accounting.files.entry(path).or_default().insert(FileFacts {
                    is_absent: hash.as_deref() == Some(ABSENT),
                    hash: parsed(hash),
                    python: parsed(text(row, 2)?),
                });
            }
            Ok(())
        },
    )?;
    read_processes(connection, &mut accounting)?;
    read_touched(
        connection,
        &mut accounting.processes,
        tables.contains("swath_touched_as"),
    )?;
    if tables.contains(LABELS.table) {
        let labels = &mut accounting.labels;
        let add = |label: &str, path: &str, file: &FilePart| labels.add_part(label, path, file);
        read_parts(connection, LABELS, add)?;
    }
    if tables.contains("swath_label_context") {
        read_label_contexts(connection, &mut accounting.labels)?;
    }
    if tables.contains(SERVICES.table) {
        let services = &mut accounting.services;
        let add = |service: &str, path: &str, file: &FilePart| services.add(service, path, file);
        read_parts(connection, SERVICES, add)?;
    }
    if tables.contains(FIRST_TABLE) {
        accounting.attribution = read_attribution(connection)?;
    }
    Ok(accounting)
}

fn parsed<T: std::str::FromStr>(text: Option<String>) -> Option<T> {
    text?.parse().ok()
}

fn read_runs(connection: &Connection, accounting: &mut Accounting) -> rusqlite::Result<()> {
    let mut places: FxHashMap<String, usize> = FxHashMap::default();
    each_row(
        connection,
        "select id, key, value from swath_run order by rowid",
        |row| {
            let Some(id) = text(row, 0)? else {
                return Ok(());
            };
            let place = *places.entry(id.clone()).or_insert_with(|| {
                accounting.runs.push(RunRecord {
                    id,
                    facts: Vec::new(),
                });
                accounting.runs.len() - 1
            });
            if let (Some(key), Some(value)) = (text(row, 1)?, text(row, 2)?) {
                accounting.runs[place].facts.push((key, value));
            }
            Ok(())
        },
    )
}

fn read_processes(connection: &Connection, accounting: &mut Accounting) -> rusqlite::Result<()> {
    let query = "select id, run, pid, parent_pid, fork_parent, service, role, counted, command, executable, python,
                 state, started, ended, exit_status, dropped from swath_process order by started, id";
    each_row(connection, query, |row| {
        accounting.processes.push(process_of(row)?);
        Ok(())
    })
}

fn read_touched(
    connection: &Connection,
    processes: &mut [ProcessRecord],
    are_some_alike: bool,
) -> rusqlite::Result<()> {
    let mut touched: FxHashMap<String, BTreeSet<String>> = FxHashMap::default();
    let query = "select process, path from swath_touched";
    each_row(connection, query, |row| {
        if let (Some(id), Some(path)) = (text(row, 0)?, text(row, 1)?) {
            touched.entry(id).or_default().insert(path);
        }
        Ok(())
    })?;
    let own = touched.into_iter().map(|(id, paths)| (id, Arc::new(paths)));
    let mut touched: FxHashMap<String, Arc<BTreeSet<String>>> = own.collect();
    let mut alike = Vec::new();
    if are_some_alike {
        let query = "select process, other from swath_touched_as";
        each_row(connection, query, |row| {
            if let (Some(id), Some(other)) = (text(row, 0)?, text(row, 1)?)
                && let Some(paths) = touched.get(&other)
            {
                alike.push((id, Arc::clone(paths)));
            }
            Ok(())
        })?;
    }
    touched.extend(alike);
    for process in processes {
        if let Some(paths) = touched.get(&process.id) {
            process.touched = Arc::clone(paths);
        }
    }
    Ok(())
}

fn process_of(row: &Row<'_>) -> rusqlite::Result<ProcessRecord> {
    let number = |column| -> rusqlite::Result<u32> {
        Ok(integer(row, column)?
            .and_then(|value| u32::try_from(value).ok())
            .unwrap_or(0))
    };
    let command = match row.get_ref(8)? {
        rusqlite::types::ValueRef::Blob(blob) => command_of(blob),
        _ => Vec::new(),
    };
    let status = integer(row, 14)?.and_then(|value| i32::try_from(value).ok());
    Ok(ProcessRecord {
        id: text(row, 0)?.unwrap_or_default(),
        run: text(row, 1)?.unwrap_or_default(),
        pid: number(2)?,
        parent_pid: number(3)?,
        fork_parent: text(row, 4)?,
        service: text(row, 5)?,
        role: parsed(text(row, 6)?),
        counted: integer(row, 7)? == Some(1),
        command,
        executable: text(row, 9)?.unwrap_or_default(),
        python: parsed(text(row, 10)?),
        state: AgentState::named(&text(row, 11)?.unwrap_or_default()),
        started: integer(row, 12)?.unwrap_or(0),
        ended: Ending::recorded(&text(row, 13)?.unwrap_or_default(), status),
        dropped: integer(row, 15)?
            .and_then(|value| u64::try_from(value).ok())
            .unwrap_or(0),
        touched: Arc::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_touched_is_there_once() {
        let touched = |paths: &[&str]| Arc::new(paths.iter().map(ToString::to_string).collect());
        let process = |id: &str, paths: &[&str]| ProcessRecord {
            id: id.to_owned(),
            touched: touched(paths),
            ..ProcessRecord::default()
        };
        let accounting = Accounting {
            processes: vec![
                process("a", &["/x.py", "/y.py"]),
                process("b", &["/x.py", "/y.py"]),
                process("c", &["/x.py"]),
                process("d", &[]),
                process("e", &[]),
            ],
            ..Accounting::default()
        };
        let mut connection = Connection::open_in_memory().unwrap();
        let transaction = connection.transaction().unwrap();
        write_accounting(&transaction, &accounting).unwrap();
        transaction.commit().unwrap();
        let rows = |table: &str| -> i64 {
            let query = format!("select count(*) from {table}");
            connection.query_row(&query, [], |row| row.get(0)).unwrap()
        };
        assert_eq!((rows("swath_touched"), rows("swath_touched_as")), (3, 1));
        let read = read_accounting(&connection).unwrap();
        let all = |accounting: &Accounting| -> Vec<_> {
            let processes = accounting.processes.iter();
            processes
                .map(|one| (one.id.clone(), Arc::clone(&one.touched)))
                .collect()
        };
        assert_eq!(all(&read), all(&accounting));
        assert!(Arc::ptr_eq(
            &read.processes[0].touched,
            &read.processes[1].touched
        ));
    }

    #[test]
    fn commands_survive_with_empty_arguments() {
        for command in [vec![], vec!["a"], vec!["a", "", "b c"], vec!["", ""]] {
            let command: Vec<String> = command.into_iter().map(str::to_owned).collect();
            // One empty argument alone reads back as none: a command line has a program.
            assert_eq!(command_of(&command_blob(&command)), command);
        }
    }
}
