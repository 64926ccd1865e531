//! Who gets what in small clusters.
