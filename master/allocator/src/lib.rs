//! Who is offered what: dominant resource fairness over roles and frameworks.
