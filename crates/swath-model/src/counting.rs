//! Numbers with their nouns, and lists of names, as sentences need them.

/// `1 service`, `2 services`, `3 processes`.
///
/// ```
/// assert_eq!(swath_model::count(1, "process"), "1 process");
/// assert_eq!(swath_model::count(2, "process"), "2 processes");
/// assert_eq!(swath_model::count(0, "file"), "0 files");
/// ```
pub fn count(number: usize, noun: &str) -> String {
    let ending = match (number, noun.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{number} {noun}{ending}")
}

/// `a`, `a and b`, `a, b, and c`.
///
/// ```
/// assert_eq!(swath_model::join_and(&["a", "b", "c"]), "a, b, and c");
/// ```
pub fn join_and<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [one, two] => format!("{} and {}", one.as_ref(), two.as_ref()),
        [first @ .., last] => {
            let first = first.iter().map(AsRef::as_ref).collect::<Vec<&str>>();
            format!("{}, and {}", first.join(", "), last.as_ref())
        }
    }
}
