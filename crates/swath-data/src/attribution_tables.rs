//! Tests and endpoints in swath's own tables of a data file.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Transaction, params};
use rustc_hash::FxHashMap;

use crate::data_file::{each_row, integer, text};
use crate::{Attribution, Endpoint, LineSet};

/// The tables, which are there only where a run attributed what ran. Tests and endpoints have
/// numbers: there are many calls.
const SCHEMA: &str = "
CREATE TABLE swath_test (
    id integer primary key,
    context text
);
CREATE TABLE swath_outcome (
    test integer,
    outcome text,
    primary key (test, outcome)
) without rowid;
CREATE TABLE swath_endpoint (
    id integer primary key,
    service text,
    method text,
    route text,
    offered integer
);
CREATE TABLE swath_call (
    endpoint integer,
    test integer,
    status integer,
    primary key (endpoint, test, status)
) without rowid;
CREATE TABLE swath_endpoint_lines (
    endpoint integer,
    path text,
    lines blob,
    primary key (endpoint, path)
) without rowid;
";

/// The table by which a reader knows that the others are there too.
pub(crate) const FIRST_TABLE: &str = "swath_test";

/// In place of a test, and of a status: none is known.
const NONE: i64 = 0;

pub(crate) fn write_attribution(
    transaction: &Transaction<'_>,
    attribution: &Attribution,
) -> rusqlite::Result<()> {
    if attribution.is_empty() {
        return Ok(());
    }
    transaction.execute_batch(SCHEMA)?;
    let mut test = transaction.prepare("insert into swath_test (id, context) values (?, ?)")?;
    let mut outcome =
        transaction.prepare("insert into swath_outcome (test, outcome) values (?, ?)")?;
    let mut numbers: FxHashMap<&str, i64> = FxHashMap::default();
    for (number, (context, outcomes)) in (1i64..).zip(attribution.tests()) {
        test.execute(params![number, context])?;
        for one in outcomes {
            outcome.execute(params![number, one])?;
        }
        numbers.insert(context, number);
    }
    let mut endpoint = transaction.prepare(
        "insert into swath_endpoint (id, service, method, route, offered) values (?, ?, ?, ?, ?)",
    )?;
    let mut call = transaction
        .prepare("insert or ignore into swath_call (endpoint, test, status) values (?, ?, ?)")?;
    let mut lines = transaction
        .prepare("insert into swath_endpoint_lines (endpoint, path, lines) values (?, ?, ?)")?;
    for (number, (named, facts)) in (1i64..).zip(attribution.endpoints()) {
        let Endpoint {
            service,
            method,
            route,
        } = named;
        endpoint.execute(params![number, service, method, route, facts.is_offered])?;
        for one in &facts.calls {
            let test = numbers.get(one.test.as_ref()).copied().unwrap_or(NONE);
            let status = one.status.map_or(NONE, i64::from);
            call.execute(params![number, test, status])?;
        }
        for (path, set) in &facts.lines {
            lines.execute(params![number, path.as_ref(), set.as_numbits()])?;
        }
    }
    Ok(())
}

/// Reads the tables, which are there. Rows that name a test or an endpoint that is not there are
/// left out.
pub(crate) fn read_attribution(connection: &Connection) -> rusqlite::Result<Attribution> {
    let mut attribution = Attribution::default();
    let mut tests: FxHashMap<i64, String> = FxHashMap::default();
    each_row(connection, "select id, context from swath_test", |row| {
        if let (Some(id), Some(context)) = (integer(row, 0)?, text(row, 1)?)
            && !context.is_empty()
        {
            attribution.add_test(&context, None);
            tests.insert(id, context);
        }
        Ok(())
    })?;
    let query = "select test, outcome from swath_outcome";
    each_row(connection, query, |row| {
        if let (Some(id), Some(outcome)) = (integer(row, 0)?, text(row, 1)?)
            && let Some(context) = tests.get(&id)
        {
            attribution.add_test(context, Some(&outcome));
        }
        Ok(())
    })?;
    let endpoints = read_endpoints(connection, &mut attribution)?;
    let query = "select endpoint, test, status from swath_call";
    each_row(connection, query, |row| {
        let (Some(endpoint), Some(test)) = (integer(row, 0)?, integer(row, 1)?) else {
            return Ok(());
        };
        let test = match test {
            NONE => Some(""),
            test => tests.get(&test).map(String::as_str),
        };
        let status = integer(row, 2)?.and_then(|status| u16::try_from(status).ok());
        if let (Some(endpoint), Some(test)) = (endpoints.get(&endpoint), test) {
            attribution.add_call(endpoint, test, status.filter(|status| *status != 0));
        }
        Ok(())
    })?;
    let mut paths: BTreeMap<String, Arc<str>> = BTreeMap::new();
    let query = "select endpoint, path, lines from swath_endpoint_lines";
    each_row(connection, query, |row| {
        let (Some(endpoint), Some(path)) = (integer(row, 0)?, text(row, 1)?) else {
            return Ok(());
        };
        if let ValueRef::Blob(blob) = row.get_ref(2)?
            && let Some(endpoint) = endpoints.get(&endpoint)
        {
            let facts = attribution.endpoint(endpoint.clone());
            let path = paths
                .entry(path)
                .or_insert_with_key(|path| path.as_str().into());
            let lines = facts.lines.entry(Arc::clone(path)).or_default();
            lines.union_with(&LineSet::from_numbits(blob));
        }
        Ok(())
    })?;
    Ok(attribution)
}

fn read_endpoints(
    connection: &Connection,
    attribution: &mut Attribution,
) -> rusqlite::Result<BTreeMap<i64, Endpoint>> {
    let mut endpoints = BTreeMap::new();
    let query = "select id, service, method, route, offered from swath_endpoint";
    each_row(connection, query, |row| {
        if let (Some(id), Some(method), Some(route)) =
            (integer(row, 0)?, text(row, 2)?, text(row, 3)?)
        {
            let endpoint = Endpoint {
                service: text(row, 1)?.unwrap_or_default(),
                route,
                method,
            };
            let is_offered = integer(row, 4)? == Some(1);
            attribution.endpoint(endpoint.clone()).is_offered |= is_offered;
            endpoints.insert(id, endpoint);
        }
        Ok(())
    })?;
    Ok(endpoints)
}
