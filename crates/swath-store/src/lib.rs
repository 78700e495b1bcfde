//! The hit store's layout, shared by the agent that writes it and swath-data that reads it.
