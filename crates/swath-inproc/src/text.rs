//! Bytes in a buffer of fixed size, built without formatting machinery.

/// Bytes that grow up to `N` less one, always followed by a zero.
pub(crate) struct Buffer<const N: usize> {
    bytes: [u8; N],
    length: usize,
    whole: bool,
}

impl<const N: usize> Buffer<N> {
    /// Nothing yet.
    pub(crate) const fn new() -> Self {
        Self {
            bytes: [0; N],
            length: 0,
            whole: true,
        }
    }

    /// Adds bytes; what does not fit is left out, and [`Buffer::whole`] says so.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> &mut Self {
        for byte in bytes {
            if self.length + 1 >= N {
                self.whole = false;
                break;
            }
            if let Some(place) = self.bytes.get_mut(self.length) {
                *place = *byte;
            }
            self.length += 1;
        }
        // What was cut may have left bytes here.
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = 0;
        }
        self
    }

    /// Adds a number in decimal digits.
    pub(crate) fn add_decimal(&mut self, number: u64) -> &mut Self {
        let rest = number / 10;
        if rest > 0 {
            self.add_decimal(rest);
        }
        self.add(&[b'0' + (number % 10) as u8])
    }

    /// Adds bytes as hexadecimal digits.
    pub(crate) fn add_hexadecimal(&mut self, bytes: &[u8]) -> &mut Self {
        for byte in bytes {
            for digit in [byte >> 4, byte & 15] {
                let letter = if digit < 10 {
                    b'0' + digit
                } else {
                    b'a' - 10 + digit
                };
                self.add(&[letter]);
            }
        }
        self
    }

    /// Cuts what comes after `length` bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        if length < self.length {
            self.length = length;
            if let Some(place) = self.bytes.get_mut(length) {
                *place = 0;
            }
        }
    }

    /// What is there.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }

    /// The same for C: ended by a zero.
    pub(crate) fn c_string(&self) -> *const core::ffi::c_char {
        self.bytes.as_ptr().cast()
    }

    /// Whether everything that was added fitted.
    pub(crate) fn whole(&self) -> bool {
        self.whole
    }
}

/// The bytes of a C string.
pub(crate) unsafe fn c_bytes<'a>(text: *const core::ffi::c_char) -> &'a [u8] {
    if text.is_null() {
        return &[];
    }
    let mut length = 0;
    // SAFETY: the text is not null, and everything up to the zero that ends it may be read.
    unsafe {
        while *text.add(length) != 0 {
            length += 1;
        }
        core::slice::from_raw_parts(text.cast(), length)
    }
}

/// A hash of bytes: FNV-1a over words of eight, mixed.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut state: u64 = 0xcbf2_9ce4_8422_2325;
    let mut words = bytes.chunks_exact(8);
    for word in words.by_ref() {
        let mut value = [0; 8];
        for (to, from) in value.iter_mut().zip(word) {
            *to = *from;
        }
        state = mix(state, u64::from_le_bytes(value));
    }
    for byte in words.remainder() {
        state = mix(state, u64::from(*byte));
    }
    mix(state, bytes.len() as u64)
}

/// Adds a number to a hash.
pub(crate) fn mix(state: u64, value: u64) -> u64 {
    let mixed = (state ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_and_told() {
        let mut buffer = Buffer::<8>::new();
        buffer.add(b"abc").add_decimal(120).add_hexadecimal(&[0x0f]);
        assert_eq!(buffer.bytes(), b"abc1200");
        assert!(!buffer.whole());
        buffer.truncate(2);
        assert_eq!(buffer.bytes(), b"ab");
        // SAFETY: a buffer always ends with a zero.
        assert_eq!(unsafe { c_bytes(buffer.c_string()) }, b"ab");
        assert!(!buffer.whole(), "what was cut stays cut");
    }

    #[test]
    fn numbers_in_digits() {
        let mut buffer = Buffer::<64>::new();
        buffer.add_decimal(0).add(b" ").add_decimal(u64::MAX);
        buffer.add(b" ").add_hexadecimal(&[0, 0xab, 0xff]);
        assert_eq!(buffer.bytes(), b"0 18446744073709551615 00abff");
    }

    #[test]
    fn hashes_tell_lengths_apart() {
        assert_ne!(hash(b""), hash(b"\0"));
        assert_ne!(hash(b"12345678"), hash(b"12345678\0"));
        assert_eq!(hash(b"/srv/app.py"), hash(b"/srv/app.py"));
    }
}
