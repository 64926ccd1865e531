//! Views beside owned decoding: they accept the same bytes and read the same values.

use mesos_proto::view::View;
use mesos_proto::{DecodeError, Message, v0, view};

view! {
    /// `mesos.ContainerID`, which nests.
    struct Ids<'a>: IdsField {
        required value: &'a str = 1 as Value;
        optional parent: Ids<'a> = 2 as Parent;
    }
}

view! {
    /// `mesos.Value.Ranges`.
    struct Ranges<'a>: RangesField {
        repeated range: Range<'a> = 1 as Range;
    }
}

view! {
    /// `mesos.Value.Range`.
    struct Range<'a>: RangeField {
        required begin: u64 = 1 as Begin;
        required end: u64 = 2 as End;
    }
}

view! {
    /// `mesos.CapabilityInfo`.
    struct Capabilities<'a>: CapabilitiesField {
        numbers capabilities: v0::capability_info::Capability = 1 as Capability;
    }
}

/// All views that are declared here.
pub fn view(data: &[u8]) {
    let ids = compare(data, |view: Ids<'_>, message: v0::ContainerID| {
        same_ids(view, &message)
    });
    let ranges = compare(data, |view: Ranges<'_>, message: v0::value::Ranges| {
        let seen = view.range().map(|range| (range.begin(), range.end()));
        seen.eq(message.range.iter().map(|range| (range.begin, range.end)))
    });
    let capabilities = compare(data, |view: Capabilities<'_>, message: v0::CapabilityInfo| {
        view.capabilities().eq(message.capabilities)
    });
    assert!(ids && ranges && capabilities, "a view shows what decoding reads");
}

fn same_ids(view: Ids<'_>, message: &v0::ContainerID) -> bool {
    let parents = match (view.parent(), &message.parent) {
        (Some(view), Some(message)) => same_ids(view, message),
        (None, None) => true,
        _ => false,
    };
    parents && view.value() == message.value
}

fn compare<'a, V: View<'a>, M: Message>(data: &'a [u8], same: impl Fn(V, M) -> bool) -> bool {
    match (V::read(data), M::decode(data)) {
        (Ok(view), Ok(message)) => same(view, message),
        (Err(DecodeError::InParts(_)), _) | (Err(_), Err(_)) => true,
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    }
}
