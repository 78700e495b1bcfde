//! Numbers, dates and times.

use toml::Value;
use toml::value::{Date, Datetime, Offset, Time};

use super::scanner::Scanner;

impl Scanner<'_> {
    /// A date, a time or a number.
    pub(super) fn number(&mut self) -> Result<Value, String> {
        let rest = self.rest();
        if let Some((date, mut length)) = date(rest) {
            let time = time_after_date(&rest[length..]);
            let mut whole = Datetime {
                date: Some(date),
                time: None,
                offset: None,
            };
            if let Some((time, offset, more)) = time {
                whole.time = Some(time);
                whole.offset = offset;
                length += more;
            }
            if !is_date(date) {
                return Err(self.error("Invalid date or datetime"));
            }
            self.advance(length);
            return Ok(Value::Datetime(whole));
        }
        if let Some((time, length)) = time(rest) {
            self.advance(length);
            return Ok(Value::Datetime(Datetime {
                date: None,
                time: Some(time),
                offset: None,
            }));
        }
        let special = [
            ("inf", f64::INFINITY),
            ("nan", f64::NAN),
            ("-inf", f64::NEG_INFINITY),
            ("+inf", f64::INFINITY),
            ("-nan", f64::NAN),
            ("+nan", f64::NAN),
        ];
        if let Some((length, value)) = plain_number(rest) {
            self.advance(length);
            return Ok(value);
        }
        for (text, number) in special {
            if self.take(text) {
                return Ok(Value::Float(number));
            }
        }
        Err(self.error("Invalid value"))
    }
}

/// An integer or a float at the start of `text`, and its length.
fn plain_number(text: &str) -> Option<(usize, Value)> {
    let radices = [("0x", 16), ("0b", 2), ("0o", 8)];
    for (prefix, radix) in radices {
        let digits = text
            .strip_prefix(prefix)
            .map_or("", |after| run(after, radix));
        if !digits.is_empty() {
            let value = i64::from_str_radix(&digits.replace('_', ""), radix).unwrap_or(i64::MAX);
            return Some((prefix.len() + digits.len(), Value::Integer(value)));
        }
    }
    let mut length = usize::from(text.starts_with(['+', '-']));
    let whole = if text[length..].starts_with('0') {
        "0"
    } else {
        run(&text[length..], 10)
    };
    if whole.is_empty() {
        return None;
    }
    length += whole.len();
    let integer = length;
    if let Some(fraction) = text[length..].strip_prefix('.') {
        let digits = run(fraction, 10).len();
        length += if digits > 0 { digits + 1 } else { 0 };
    }
    if let Some(exponent) = text[length..].strip_prefix(['e', 'E']) {
        let sign = usize::from(exponent.starts_with(['+', '-']));
        let digits = run(&exponent[sign..], 10).len();
        length += if digits > 0 { 1 + sign + digits } else { 0 };
    }
    let number = text[..length].replace('_', "");
    if length > integer {
        return Some((length, Value::Float(number.parse().unwrap_or(f64::NAN))));
    }
    // Python's integers have no end; ours stop at the largest one.
    let limit = if number.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    Some((length, Value::Integer(number.parse().unwrap_or(limit))))
}

/// The digits at the start of `text`, with single underscores between them.
fn run(text: &str, radix: u32) -> &str {
    let mut end = 0;
    let mut after_digit = false;
    for (index, c) in text.char_indices() {
        if c.is_digit(radix) {
            end = index + 1;
            after_digit = true;
        } else if c == '_' && after_digit {
            after_digit = false;
        } else {
            break;
        }
    }
    &text[..end]
}

/// The number made of the two digits at `at`, if it is within the limits.
fn two_digits(text: &str, at: usize, low: u8, high: u8) -> Option<u8> {
    let digits = text.get(at..at + 2)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse().ok()?;
    (low..=high).contains(&number).then_some(number)
}

fn is_at(text: &str, at: usize, byte: u8) -> bool {
    text.as_bytes().get(at) == Some(&byte)
}

/// `YYYY-MM-DD`
fn date(text: &str) -> Option<(Date, usize)> {
    let year = text.get(..4)?;
    if !year.bytes().all(|byte| byte.is_ascii_digit())
        || !is_at(text, 4, b'-')
        || !is_at(text, 7, b'-')
    {
        return None;
    }
    let date = Date {
        year: year.parse().ok()?,
        month: two_digits(text, 5, 1, 12)?,
        day: two_digits(text, 8, 1, 31)?,
    };
    Some((date, 10))
}

/// Whether there is such a day.
fn is_date(date: Date) -> bool {
    let divides = |number: u16| date.year.is_multiple_of(number);
    let leap = divides(4) && (!divides(100) || divides(400));
    let days = match date.month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    date.year > 0 && date.day <= days
}

/// `HH:MM:SS[.ffffff]`
fn time(text: &str) -> Option<(Time, usize)> {
    if !is_at(text, 2, b':') || !is_at(text, 5, b':') {
        return None;
    }
    let mut time = Time {
        hour: two_digits(text, 0, 0, 23)?,
        minute: two_digits(text, 3, 0, 59)?,
        second: Some(two_digits(text, 6, 0, 59)?),
        nanosecond: None,
    };
    let mut length = 8;
    if let Some(fraction) = text[length..].strip_prefix('.') {
        let digits: String = fraction.chars().take_while(char::is_ascii_digit).collect();
        if !digits.is_empty() {
            length += 1 + digits.len();
            let microseconds: String = digits.chars().chain("000000".chars()).take(6).collect();
            time.nanosecond = Some(microseconds.parse::<u32>().ok()? * 1000);
        }
    }
    Some((time, length))
}

/// `Ttime[offset]` after a date.
fn time_after_date(text: &str) -> Option<(Time, Option<Offset>, usize)> {
    let after = text.strip_prefix(['T', 't', ' '])?;
    let (time, length) = time(after)?;
    let rest = &after[length..];
    let (offset, more) = match rest.as_bytes().first() {
        Some(b'Z' | b'z') => (Some(Offset::Z), 1),
        Some(sign @ (b'+' | b'-')) => match offset_minutes(&rest[1..]) {
            Some(minutes) if *sign == b'-' => (Some(Offset::Custom { minutes: -minutes }), 6),
            Some(minutes) => (Some(Offset::Custom { minutes }), 6),
            None => (None, 0),
        },
        _ => (None, 0),
    };
    Some((time, offset, 1 + length + more))
}

fn offset_minutes(text: &str) -> Option<i16> {
    if !is_at(text, 2, b':') {
        return None;
    }
    let hours = two_digits(text, 0, 0, 23)?;
    let minutes = two_digits(text, 3, 0, 59)?;
    Some(i16::from(hours) * 60 + i16::from(minutes))
}
