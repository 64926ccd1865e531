use super::*;
use crate::{Limits, Quantities};

fn mount(amount: &str) -> Resources {
    let text = r#"{"name":"disk","type":"SCALAR","scalar":{"value":10},"reservations":[{"type":"STATIC","role":"a"}],
        "disk":{"source":{"type":"MOUNT","mount":{"root":"/m"}}}}"#;
    Resources::from_iter([volume(&text.replace("10", amount))])
}

fn to(resources: &Resources, target: &str) -> Resources {
    resources.shrink_to(&Quantities::parse(target).unwrap())
}

fn within(resources: &Resources, limits: &str) -> Resources {
    resources.shrink_within(&Limits::parse(limits).unwrap())
}

#[test]
fn cuts() {
    let bundle = parse("cpus:2;mem:20");
    assert!(to(&bundle, "").is_empty() && to(&parse("ports:[1-5]"), "cpus:1").is_empty());
    assert_eq!(to(&bundle, "cpus:1;mem:10;disk:10"), parse("cpus:1;mem:10"));
    assert_eq!(to(&bundle, "cpus:1"), parse("cpus:1"));
    assert_eq!(within(&bundle, ""), bundle);
    assert_eq!(within(&bundle, "cpus:1;disk:10"), parse("cpus:1;mem:20"));
    assert_eq!(within(&bundle, "cpus:0"), parse("mem:20"));
    assert_eq!(
        within(&parse("cpus(a):2;cpus:2;mem:1"), "cpus:3").to_string(),
        "cpus(reservations: [(STATIC,a)]):2; cpus:1; mem:1"
    );
    // Ports are kept whole or not at all.
    let ports = parse("ports:[1-5]");
    assert_eq!(within(&ports, "ports:5"), ports);
    assert!(within(&ports, "ports:4").is_empty());
}

#[test]
fn what_cannot_be_divided_fits_or_falls() {
    assert!(to(&mount("20"), "disk:10").is_empty());
    assert_eq!(to(&mount("20"), "disk:20"), mount("20"));
    assert!(within(&mount("20"), "disk:10").is_empty());
    // The order decides who gets the room.
    let mut both = parse("disk:10") + &mount("10");
    assert_eq!(to(&both, "disk:10"), parse("disk:10"));
    both.shuffle(|_| 0);
    assert_eq!(to(&both, "disk:10"), mount("10"));
}

proptest! {
    #[test]
    fn never_more_and_never_less_than_possible(
        bundle in bundle(),
        cpus in 0i64..8000,
        mem in 0i64..8000,
        seed in any::<u64>(),
    ) {
        let mut state = seed;
        let mut shuffled = bundle.clone();
        shuffled.shuffle(|below| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % below
        });
        prop_assert_eq!(&shuffled, &bundle);
        let bounds = [("cpus", cpus), ("mem", mem)].map(|(name, n)| (name, Scalar::from_thousandths(n)));
        let target: Quantities = bounds.into_iter().collect();
        let cut = shuffled.shrink_to(&target);
        prop_assert!(bundle.contains(&cut));
        // Processors and memory can be divided, so all that may stay stays.
        prop_assert_eq!(
            Quantities::from_resources(&cut),
            Quantities::from_scalars(&bundle).intersection(&target)
        );
        let limits: Limits = bounds.into_iter().collect();
        let cut = shuffled.shrink_within(&limits);
        prop_assert!(bundle.contains(&cut) && limits.allow(&Quantities::from_resources(&cut)));
        for name in ["cpus", "mem"] {
            let most = bundle.scalar(name).unwrap_or_default().min(limits.get(name).unwrap());
            prop_assert_eq!(cut.scalar(name).unwrap_or_default(), most);
        }
        let others = |bundle: &Resources| bundle.filter(|resource| resource.scalar().is_none());
        prop_assert_eq!(others(&cut), others(&bundle));
    }
}
