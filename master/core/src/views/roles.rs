//! `/roles` and GET_ROLES.

use std::collections::{BTreeMap, BTreeSet};

use mesos::Resources;
use mesos::model::Object;
use mesos_proto::v0::{self, master::response};

use crate::state::{Framework, Master};

/// What one role has, summed over its frameworks.
#[derive(Default)]
struct Role<'a> {
    frameworks: Vec<&'a Framework>,
    allocated: Resources,
    offered: Resources,
}

impl Master {
    fn roles_in_use(&self) -> BTreeMap<String, Role<'_>> {
        let mut roles: BTreeMap<String, Role<'_>> = BTreeMap::new();
        for framework in self.frameworks.values() {
            let mut names: BTreeSet<String> = framework.roles.clone();
            for (role, used) in framework.used.allocations() {
                roles.entry(role.clone()).or_default().allocated += &used;
                names.insert(role);
            }
            for (role, offered) in framework.offered.allocations() {
                roles.entry(role.clone()).or_default().offered += &offered;
                names.insert(role);
            }
            for name in names {
                roles.entry(name).or_default().frameworks.push(framework);
            }
        }
        roles
    }

    /// `/roles`: weight, quota and use of every role that has a framework.
    pub fn roles(&self) -> Vec<u8> {
        let mut out = Vec::new();
        Object::write(&mut out, |object| {
            object.array("roles", |array| {
                for (name, role) in self.roles_in_use() {
                    array.object(|object| {
                        object.string("name", &name);
                        object.number("weight", 1.0);
                        object.object("quota", |object| {
                            object.string("role", &name);
                            object.object("guarantee", |_| {});
                            object.object("limit", |_| {});
                            quantities(object, "consumed", &role.allocated);
                        });
                        let mut resources = role.allocated.clone();
                        resources += &role.offered;
                        quantities(object, "resources", &resources);
                        quantities(object, "allocated", &role.allocated);
                        quantities(object, "offered", &role.offered);
                        object.object("reserved", |_| {});
                        object.array("frameworks", |array| {
                            role.frameworks
                                .iter()
                                .for_each(|framework| array.string(framework.id.as_str()));
                        });
                    });
                }
            });
        });
        out
    }

    pub(super) fn get_roles(&self) -> response::GetRoles {
        let roles = self
            .roles_in_use()
            .into_iter()
            .map(|(name, role)| {
                let mut resources = role.allocated;
                resources += &role.offered;
                v0::Role {
                    name,
                    weight: 1.0,
                    frameworks: role
                        .frameworks
                        .iter()
                        .map(|framework| framework.id.to_proto())
                        .collect(),
                    resources: scalar_messages(&resources),
                    ..Default::default()
                }
            })
            .collect();
        response::GetRoles {
            roles,
            ..Default::default()
        }
    }
}

fn quantities(object: &mut Object<'_>, key: &str, resources: &Resources) {
    object.object(key, |object| {
        for (name, amount) in resources.scalars() {
            object.number(&name, amount.to_f64());
        }
    });
}

/// Sums by name, without role or anything else.
fn scalar_messages(resources: &Resources) -> Vec<v0::Resource> {
    let scalar = |(name, amount): (String, mesos::Scalar)| v0::Resource {
        name,
        r#type: v0::value::Type::Scalar,
        scalar: Some(Box::new(v0::value::Scalar {
            value: amount.to_f64(),
            ..Default::default()
        })),
        ..Default::default()
    };
    resources.scalars().into_iter().map(scalar).collect()
}
