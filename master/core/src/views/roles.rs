//! `/roles`, `/quota`, `/weights` and the calls that read the same.

use mesos::ids::FrameworkId;
use mesos::model::Object;
use mesos::{Quantities, Scalar};
use mesos_proto::v0::{self, master::response, quota};

use crate::role_sums::RoleSums;
use crate::state::Master;

impl Master {
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
                let mut sums = self.role_sums();
                for name in self.known_roles() {
                    let sums = sums.remove(&name).unwrap_or_default();
                    array.object(|object| self.role(object, &name, &sums));
                }
            });
        });
        out
    }

    fn role(&self, object: &mut Object<'_>, name: &str, sums: &RoleSums) {
        object.string("name", name);
        object.number("weight", self.weight(name));
        let quota = self.quotas.get(name).cloned().unwrap_or_default();
        object.object("quota", |object| {
            object.string("role", name);
            amounts(object, "guarantee", quota.guarantees.iter());
            amounts(object, "limit", quota.limits.iter());
            amounts(object, "consumed", sums.consumed.iter());
        });
        amounts(
            object,
            "resources",
            (sums.allocated.clone() + &sums.offered).iter(),
        );
        amounts(object, "allocated", sums.allocated.iter());
        amounts(object, "offered", sums.offered.iter());
        amounts(object, "reserved", sums.reserved.iter());
        object.array("frameworks", |array| {
            sums.frameworks.iter().for_each(|id| array.string(id.as_str()));
        });
    }

    /// GET_ROLES. Mesos: `src/master/http.cpp`, `getRoles`.
    pub(super) fn get_roles(&self) -> response::GetRoles {
        let mut sums = self.role_sums();
        let roles = self.known_roles().into_iter().map(|name| {
            let sums = sums.remove(&name).unwrap_or_default();
            v0::Role {
                weight: self.weight(&name),
                frameworks: sums.frameworks.iter().map(FrameworkId::to_proto).collect(),
                resources: scalar_messages(&(sums.allocated + &sums.offered)),
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
