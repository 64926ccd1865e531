//! Actors with the semantics of libprocess: processes, PIDs, mailboxes, links, HTTP and a clock that can be paused.
