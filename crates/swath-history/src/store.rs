//! The file in which entries are kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{
    Connection, OpenFlags, Row, Transaction, TransactionBehavior, params, params_from_iter,
};
use swath_coverage::Numbers;
use swath_model::{Completeness, TestsResult};

use crate::entry::{COUNTS, Entry, counts};
use crate::error::StoreError;

/// `SWTH`: whose database it is.
const APPLICATION: i64 = 0x5357_5448;
/// The layout of the tables.
const VERSION: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE entry (
    id text PRIMARY KEY,
    commit_id text,
    branch text,
    time integer NOT NULL,
    verdict text NOT NULL,
    tests text NOT NULL
) WITHOUT ROWID;
CREATE TABLE folder (
    entry text NOT NULL,
    path text NOT NULL,
    files integer NOT NULL,
    statements integer NOT NULL,
    excluded integer NOT NULL,
    missing integer NOT NULL,
    branches integer NOT NULL,
    partial_branches integer NOT NULL,
    missing_branches integer NOT NULL,
    PRIMARY KEY (entry, path)
) WITHOUT ROWID;
";

/// How long another process may write before this one gives up.
const LIMIT: Duration = Duration::from_secs(20);

/// Which entries are kept; what is `None` forbids none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// So many of each branch, the newest.
    pub of_each_branch: Option<usize>,
    /// Those from this time on, in nanoseconds since 1970.
    pub since: Option<i64>,
}

/// A file with entries.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    connection: Connection,
}

impl Store {
    /// Opens a store to read it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::begin(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    /// Opens a store to change it.
    pub fn open_to_write(path: &Path) -> Result<Self, StoreError> {
        Self::begin(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    /// Opens a store to change it, and makes it if there is none.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        Self::begin(path, flags)
    }

    fn begin(path: &Path, flags: OpenFlags) -> Result<Self, StoreError> {
        let path = path.to_owned();
        let creates = flags.contains(OpenFlags::SQLITE_OPEN_CREATE);
        match path.metadata() {
            Ok(file) if !file.is_file() => return Err(StoreError::NoFile { path }),
            Err(_) if !creates => return Err(StoreError::Missing { path }),
            _ => {}
        }
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let begun = Connection::open_with_flags(&path, flags).and_then(|mut connection| {
            connection.busy_timeout(LIMIT)?;
            let begun = begin_tables(&mut connection, creates)?;
            Ok((begun, connection))
        });
        match begun {
            Ok((Begun::Own, connection)) => Ok(Self { path, connection }),
            Ok((Begun::Newer, _)) => Err(StoreError::Newer { path }),
            Ok((Begun::Foreign, _)) => Err(StoreError::Foreign { path }),
            Err(error) => Err(unusable(&path, &error)),
        }
    }

    /// Keeps an entry; whether it was not there before.
    pub fn add(&mut self, entry: &Entry) -> Result<bool, StoreError> {
        self.add_all(std::slice::from_ref(entry))
            .map(|added| added == 1)
    }

    /// Keeps the entries of another store as well. How many of them were not there before.
    pub fn merge(&mut self, other: &Self) -> Result<usize, StoreError> {
        self.add_all(&other.entries()?)
    }

    fn add_all(&mut self, entries: &[Entry]) -> Result<usize, StoreError> {
        self.change(|transaction| {
            let mut added = 0;
            for entry in entries {
                added += usize::from(insert(transaction, entry)?);
            }
            Ok(added)
        })
    }

    /// The entries, the oldest first. Rows that make no sense are left out.
    pub fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        read_entries(&self.connection).map_err(|error| unusable(&self.path, &error))
    }

    /// Takes away what is not kept. How many entries that were.
    pub fn prune(&mut self, kept: &Kept) -> Result<usize, StoreError> {
        let kept = *kept;
        self.change(|transaction| {
            let mut doomed = Vec::new();
            let mut of_branch = BTreeMap::<Option<String>, usize>::new();
            let text = "select id, branch, time from entry order by time desc, id";
            let mut select = transaction.prepare(text)?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let (id, branch, time): (String, Option<String>, i64) =
                    (row.get(0)?, row.get(1)?, row.get(2)?);
                let count = of_branch.entry(branch).or_default();
                *count += 1;
                let is_surplus = kept.of_each_branch.is_some_and(|most| *count > most);
                if is_surplus || kept.since.is_some_and(|since| time < since) {
                    doomed.push(id);
                }
            }
            for id in &doomed {
                transaction.execute("delete from entry where id = ?", [id])?;
                transaction.execute("delete from folder where entry = ?", [id])?;
            }
            Ok(doomed.len())
        })
    }

    /// Does all of something, or nothing.
    fn change<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        // Whoever reads first and then waits for the right to write may wait for another that does the same.
        let begun = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate);
        let changed = begun.and_then(|transaction| {
            let result = change(&transaction)?;
            transaction.commit()?;
            Ok(result)
        });
        changed.map_err(|error| unusable(&self.path, &error))
    }
}

fn unusable(path: &Path, error: &rusqlite::Error) -> StoreError {
    StoreError::Unusable {
        path: path.to_owned(),
        problem: error.to_string(),
    }
}

/// What a database was found to be.
enum Begun {
    Own,
    Newer,
    Foreign,
}

/// Makes the tables in an empty database that may be made, and says whose one is.
fn begin_tables(connection: &mut Connection, creates: bool) -> rusqlite::Result<Begun> {
    let behavior = if creates {
        TransactionBehavior::Immediate
    } else {
        TransactionBehavior::Deferred
    };
    let transaction = connection.transaction_with_behavior(behavior)?;
    let number = |text: &str| transaction.query_row(text, [], |row| row.get::<_, i64>(0));
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    if application == APPLICATION {
        return Ok(if version > VERSION {
            Begun::Newer
        } else {
            Begun::Own
        });
    }
    let is_empty = number("select count(*) from sqlite_schema")? == 0;
    if !creates || !is_empty || application != 0 {
        return Ok(Begun::Foreign);
    }
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(Begun::Own)
}

/// The columns that numbers are kept in.
fn columns() -> String {
    COUNTS.map(|(name, _)| name).join(", ")
}

fn insert(transaction: &Transaction<'_>, entry: &Entry) -> rusqlite::Result<bool> {
    let id = entry.id();
    let added = transaction.execute(
        "insert or ignore into entry (id, commit_id, branch, time, verdict, tests)
         values (?, ?, ?, ?, ?, ?)",
        params![
            id,
            entry.commit,
            entry.branch,
            entry.time,
            entry.verdict.name(),
            entry.tests.record()
        ],
    )?;
    if added == 0 {
        return Ok(false);
    }
    let columns = columns();
    let places = ["?"; COUNTS.len() + 2].join(", ");
    let text = format!("insert into folder (entry, path, {columns}) values ({places})");
    let mut folder = transaction.prepare_cached(&text)?;
    for (path, numbers) in &entry.folders {
        let counts = counts(*numbers)
            .into_iter()
            .map(|count| i64::try_from(count).unwrap_or(i64::MAX));
        let values = [id.clone().into(), path.clone().into()]
            .into_iter()
            .chain(counts.map(rusqlite::types::Value::from));
        folder.execute(params_from_iter(values))?;
    }
    Ok(true)
}

fn read_entries(connection: &Connection) -> rusqlite::Result<Vec<Entry>> {
    let mut folders = read_folders(connection)?;
    let text = "select id, commit_id, branch, time, verdict, tests from entry order by time, id";
    let mut select = connection.prepare(text)?;
    let mut rows = select.query([])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.extend(entry_of(row, &mut folders));
    }
    Ok(entries)
}

fn read_folders(
    connection: &Connection,
) -> rusqlite::Result<BTreeMap<String, BTreeMap<String, Numbers>>> {
    let text = format!("select entry, path, {} from folder", columns());
    let mut select = connection.prepare(&text)?;
    let mut rows = select.query([])?;
    let mut folders = BTreeMap::<String, BTreeMap<String, Numbers>>::new();
    while let Some(row) = rows.next()? {
        if let (Ok(entry), Ok(path), Some(numbers)) = (row.get(0), row.get(1), numbers_of(row)) {
            folders.entry(entry).or_default().insert(path, numbers);
        }
    }
    Ok(folders)
}

/// The counts of a row behind its entry and path, if they make sense.
fn numbers_of(row: &Row<'_>) -> Option<Numbers> {
    let mut numbers = Numbers::default();
    for (column, (_, of)) in (2..).zip(COUNTS) {
        // Sums of what is larger would overflow.
        *of(&mut numbers) = usize::try_from(row.get::<_, u32>(column).ok()?).ok()?;
    }
    let is_sound =
        numbers.missing <= numbers.statements && numbers.missing_branches <= numbers.branches;
    is_sound.then_some(numbers)
}

fn entry_of(
    row: &Row<'_>,
    folders: &mut BTreeMap<String, BTreeMap<String, Numbers>>,
) -> Option<Entry> {
    let text = |column| row.get::<_, String>(column).ok();
    Some(Entry {
        folders: folders.remove(&text(0)?)?,
        commit: row.get(1).ok()?,
        branch: row.get(2).ok()?,
        time: row.get(3).ok()?,
        verdict: Completeness::named(&text(4)?),
        tests: TestsResult::recorded(&text(5)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(branch: &str, time: i64) -> Entry {
        let numbers = |statements, missing| Numbers {
            files: 1,
            statements,
            missing,
            branches: 4,
            missing_branches: 1,
            ..Numbers::default()
        };
        Entry {
            commit: Some(format!("{time:040x}")),
            branch: Some(branch.to_owned()),
            time,
            verdict: Completeness::Complete,
            tests: TestsResult::Passed,
            folders: BTreeMap::from([
                (".".to_owned(), numbers(3, 1)),
                ("shop".to_owned(), numbers(20, 5)),
            ]),
        }
    }

    fn store(folder: &Path, name: &str) -> Store {
        Store::create(&folder.join(name)).unwrap()
    }

    #[test]
    fn entries_come_back_as_they_were_the_oldest_first() {
        let folder = tempfile::tempdir().unwrap();
        let all = [entry("main", 3), Entry::default(), entry("work", 7)];
        {
            let mut store = store(folder.path(), "a");
            for one in all.iter().rev() {
                assert!(store.add(one).unwrap());
            }
        }
        let store = Store::open(&folder.path().join("a")).unwrap();
        // One without folders is one without files: nothing was measured.
        assert_eq!(
            store.entries().unwrap(),
            [entry("main", 3), entry("work", 7)]
        );
    }

    #[test]
    fn stores_are_joined_in_any_order_and_as_often_as_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = store(folder.path(), "a");
        let mut second = store(folder.path(), "b");
        first.add(&entry("main", 1)).unwrap();
        first.add(&entry("main", 2)).unwrap();
        second.add(&entry("main", 2)).unwrap();
        second.add(&entry("work", 3)).unwrap();
        assert_eq!(first.merge(&second).unwrap(), 1);
        assert_eq!(second.merge(&first).unwrap(), 1);
        assert_eq!(second.merge(&first).unwrap(), 0);
        let all = first.entries().unwrap();
        assert_eq!(all.len(), 3);
        assert_eq!(all, second.entries().unwrap());
    }

    #[test]
    fn what_is_not_kept_goes_with_its_folders() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), "a");
        for time in 1..=5 {
            store.add(&entry("main", time)).unwrap();
        }
        store.add(&entry("old", 1)).unwrap();
        let times = |store: &Store| {
            let all = store.entries().unwrap();
            all.iter().map(|entry| entry.time).collect::<Vec<_>>()
        };
        let kept = Kept {
            of_each_branch: Some(3),
            since: None,
        };
        assert_eq!(store.prune(&kept).unwrap(), 2);
        assert_eq!(times(&store), [1, 3, 4, 5]);
        let kept = Kept {
            of_each_branch: None,
            since: Some(4),
        };
        assert_eq!(store.prune(&kept).unwrap(), 2);
        assert_eq!(times(&store), [4, 5]);
        let text = "select count(*) from folder";
        let left: i64 = store
            .connection
            .query_row(text, [], |row| row.get(0))
            .unwrap();
        assert_eq!(left, 4);
    }

    #[test]
    fn what_is_no_store_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let refusal = |name: &str| match Store::create(&path(name)) {
            Ok(_) => panic!("{name} is a store"),
            Err(error) => error,
        };
        fs_err::write(
            path("text"),
            "no database at all, and longer than a header of one is\n".repeat(20),
        )
        .unwrap();
        assert!(matches!(refusal("text"), StoreError::Unusable { .. }));
        fs_err::create_dir(path("folder")).unwrap();
        assert!(matches!(refusal("folder"), StoreError::NoFile { .. }));
        let other = Connection::open(path("other")).unwrap();
        other.execute_batch("create table x (y)").unwrap();
        assert!(matches!(refusal("other"), StoreError::Foreign { .. }));
        drop(store(folder.path(), "new"));
        let newer = Connection::open(path("new")).unwrap();
        newer.pragma_update(None, "user_version", 2).unwrap();
        assert!(matches!(refusal("new"), StoreError::Newer { .. }));
        let missing = Store::open(&path("none"));
        assert!(matches!(missing, Err(StoreError::Missing { .. })));
        assert!(!path("none").exists());
    }

    #[test]
    fn rows_that_make_no_sense_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), "a");
        for time in 1..=4 {
            store.add(&entry("main", time)).unwrap();
        }
        let change = |text: &str| store.connection.execute(text, []).unwrap();
        change("update entry set branch = x'ff00' where time = 1");
        change(
            "update folder set statements = -1 where entry = (select id from entry where time = 2)",
        );
        change(
            "update folder set missing = 99 where path = 'shop' and entry = (select id from entry where time = 3)",
        );
        let all = store.entries().unwrap();
        let sums: Vec<_> = all
            .iter()
            .map(|entry| (entry.time, entry.totals().statements))
            .collect();
        assert_eq!(sums, [(3, 3), (4, 23)]);
    }
}
