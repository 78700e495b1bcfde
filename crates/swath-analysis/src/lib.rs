//! Python source and version in; statements, arcs, regions and exclusions out.
