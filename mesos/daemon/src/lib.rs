//! What the daemons share: flags as Mesos writes them, logging, version, the files endpoints, content negotiation.
