//! TOML values as Python's `repr` shows them.

use swath_pattern::python_repr;
use toml::Value;
use toml::value::{Datetime, Offset};

use crate::python_text::float_repr;

/// `value` as Python's `repr` shows what `tomllib` makes of it.
pub(crate) fn value_repr(value: &Value) -> String {
    match value {
        Value::String(text) => python_repr(text),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => float_repr(*number),
        Value::Boolean(true) => "True".to_owned(),
        Value::Boolean(false) => "False".to_owned(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(value_repr).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(table) => table_repr(table),
        Value::Datetime(datetime) => datetime_repr(datetime),
    }
}

/// A dictionary.
pub(crate) fn table_repr(table: &toml::Table) -> String {
    let entries: Vec<String> = table
        .iter()
        .map(|(key, value)| format!("{}: {}", python_repr(key), value_repr(value)))
        .collect();
    format!("{{{}}}", entries.join(", "))
}

fn datetime_repr(datetime: &Datetime) -> String {
    let mut numbers = Vec::new();
    if let Some(date) = datetime.date {
        numbers.extend([
            date.year.to_string(),
            date.month.to_string(),
            date.day.to_string(),
        ]);
    }
    if let Some(time) = datetime.time {
        let second = time.second.unwrap_or_default();
        let microsecond = time.nanosecond.unwrap_or_default() / 1000;
        numbers.extend([time.hour.to_string(), time.minute.to_string()]);
        if second != 0 || microsecond != 0 {
            numbers.push(second.to_string());
        }
        if microsecond != 0 {
            numbers.push(microsecond.to_string());
        }
    }
    match datetime.offset {
        Some(Offset::Z) => numbers.push("tzinfo=datetime.timezone.utc".to_owned()),
        Some(Offset::Custom { minutes: 0 }) => {
            numbers.push("tzinfo=datetime.timezone.utc".to_owned());
        }
        Some(Offset::Custom { minutes }) => {
            let seconds = i64::from(minutes) * 60;
            let (days, seconds) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
            let days = if days == 0 {
                String::new()
            } else {
                format!("days={days}, ")
            };
            numbers.push(format!(
                "tzinfo=datetime.timezone(datetime.timedelta({days}seconds={seconds}))"
            ));
        }
        None => {}
    }
    let class = match (datetime.date, datetime.time) {
        (Some(_), Some(_)) => "datetime",
        (Some(_), None) => "date",
        _ => "time",
    };
    format!("datetime.{class}({})", numbers.join(", "))
}
