//! `/roles`, `/quota`, `/weights` and the calls that read the same.

use mesos::model::Object;
use mesos::{Quantities, Scalar};
use mesos_proto::v0::{self, master::response, quota};

use crate::state::{Framework, Master};

impl Master {
    /// The frameworks in a role, or that hold something in it.
    fn frameworks_in<'a>(&'a self, role: &'a str) -> impl Iterator<Item = &'a Framework> {
        self.frameworks.values().filter(move |framework| {
            framework.roles.contains(role)
                || framework.used.allocations().contains_key(role)
                || framework.offered.allocations().contains_key(role)
        })
    }

    fn weight(&self, role: &str) -> f64 {
        self.weights.get(role).copied().unwrap_or(1.0)
    }

    /// `/roles`: weight, quota and use of every known role.
    ///
    /// Mesos: `src/master/readonly_handler.cpp`, `roles`.
    pub fn roles(&self) -> Vec<u8> {
        let mut out = Vec::new();
        Object::write(&mut out, |object| {
            object.array("roles", |array| {
                for name in self.known_roles() {
                    array.object(|object| self.role(object, &name));
                }
            });
        });
        out
    }

    fn role(&self, object: &mut Object<'_>, name: &str) {
        object.string("name", name);
        object.number("weight", self.weight(name));
        let quota = self.quotas.get(name).cloned().unwrap_or_default();
        object.object("quota", |object| {
            object.string("role", name);
            amounts(object, "guarantee", quota.guarantees.iter());
            amounts(object, "limit", quota.limits.iter());
            amounts(object, "consumed", self.consumed_quota(name).iter());
        });
        let (allocated, offered) = (self.allocated_quantities(name), self.offered_quantities(name));
        amounts(object, "resources", (allocated.clone() + &offered).iter());
        amounts(object, "allocated", allocated.iter());
        amounts(object, "offered", offered.iter());
        amounts(object, "reserved", self.reserved_quantities(name).iter());
        object.array("frameworks", |array| {
            self.frameworks_in(name)
                .for_each(|framework| array.string(framework.id.as_str()));
        });
    }

    /// GET_ROLES. Mesos: `src/master/http.cpp`, `getRoles`.
    pub(super) fn get_roles(&self) -> response::GetRoles {
        let roles = self.known_roles().into_iter().map(|name| {
            let held = self.allocated_quantities(&name) + &self.offered_quantities(&name);
            v0::Role {
                weight: self.weight(&name),
                frameworks: self
                    .frameworks_in(&name)
                    .map(|framework| framework.id.to_proto())
                    .collect(),
                resources: scalar_messages(&held),
                name,
                ..Default::default()
            }
        });
        response::GetRoles {
            roles: roles.collect(),
            ..Default::default()
        }
    }

    /// `/quota` and GET_QUOTA: the quotas, in the old form and in the new.
    ///
    /// Mesos: `src/master/quota_handler.cpp`, `_status`.
    pub fn quota_status(&self) -> quota::QuotaStatus {
        let mut status = quota::QuotaStatus::default();
        for (role, quota) in &self.quotas {
            status.infos.push(quota::QuotaInfo {
                role: Some(role.clone()),
                guarantee: scalar_messages(&quota.guarantees),
                ..Default::default()
            });
            status.configs.push(quota::QuotaConfig {
                role: role.clone(),
                guarantees: quota.guarantees.to_protos(),
                limits: quota.limits.to_protos(),
                ..Default::default()
            });
        }
        status
    }

    /// GET_WEIGHTS: the weights that were set.
    pub fn weight_infos(&self) -> Vec<v0::WeightInfo> {
        self.weights
            .iter()
            .map(|(role, weight)| v0::WeightInfo {
                role: Some(role.clone()),
                weight: *weight,
                ..Default::default()
            })
            .collect()
    }

    /// `/weights`.
    pub fn weights_json(&self) -> Vec<u8> {
        let mut out = vec![b'['];
        for (n, (role, weight)) in self.weights.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            Object::write(&mut out, |object| {
                object.string("role", role);
                object.number("weight", *weight);
            });
        }
        out.push(b']');
        out
    }
}

fn amounts<'a>(object: &mut Object<'_>, key: &str, amounts: impl Iterator<Item = (&'a str, Scalar)>) {
    object.object(key, |object| {
        for (name, amount) in amounts {
            object.number(name, amount.to_f64());
        }
    });
}

/// Sums by name, without role or anything else.
fn scalar_messages(amounts: &Quantities) -> Vec<v0::Resource> {
    let scalar = |(name, amount): (&str, Scalar)| v0::Resource {
        name: name.to_owned(),
        r#type: v0::value::Type::Scalar,
        scalar: Some(Box::new(amount.to_proto())),
        ..Default::default()
    };
    amounts.iter().map(scalar).collect()
}
