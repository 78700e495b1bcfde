//! Settings from coverage.py's configuration files and swath.toml.
