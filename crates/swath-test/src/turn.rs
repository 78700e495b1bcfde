//! What only one test may do at a time, whatever process it runs in.

use fs_err::File;

/// Waits for the turn to do the work of this name; it ends when the value is dropped.
pub fn take_turn(work: &str) -> File {
    let folder = crate::target_dir().join("turns");
    fs_err::create_dir_all(&folder).expect("the tests may write to target");
    let file = File::create(folder.join(work)).expect("the tests may write to target");
    file.file().lock().expect("a file can be locked");
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_begins_when_the_one_before_has_ended() {
        let first = take_turn("test-of-turns");
        let other = File::open(first.path()).unwrap();
        assert!(other.file().try_lock().is_err());
        drop(first);
        let _second = take_turn("test-of-turns");
        assert!(other.file().try_lock().is_err());
    }
}
