//! `--resource_estimator`, `--qos_controller`, and the part of `--modules` that says how they work.

use mesos::Resources;
use mesos_agent_core::{LoadThresholds, Oversubscription};
use mesos_daemon::flags::json_text;
use mesos_proto::json::object_from_json;
use mesos_proto::{
    Dialect,
    v0::{Modules, Parameter},
};

use super::Flags;

/// Offers the same at all times. Mesos: src/slave/resource_estimators/fixed.cpp.
const FIXED_ESTIMATOR: &str = "org_apache_mesos_FixedResourceEstimator";
/// Takes back what was spared when the host is loaded. Mesos: src/slave/qos_controllers/load.cpp.
const LOAD_CONTROLLER: &str = "org_apache_mesos_LoadQoSController";

impl Flags {
    /// What the flags say about oversubscription. The two modules that Mesos brings along are part of this program;
    /// the files of their libraries are not looked at.
    ///
    /// # Errors
    ///
    /// The mistake, in Mesos' words where it has some.
    pub fn oversubscription(&self) -> Result<Oversubscription, String> {
        let modules = self.built_in_modules()?;
        let parameters = |name: &str| {
            let found = modules.iter().find(|(known, _)| known == name);
            found.map(|(_, parameters)| parameters.as_slice())
        };
        let estimate = match self.resource_estimator.as_deref() {
            None => None,
            Some(name) => Some(
                estimate(name, parameters(name))
                    .map_err(|error| format!("Failed to create resource estimator: {error}"))?,
            ),
        };
        let load = match self.qos_controller.as_deref() {
            None => None,
            Some(name) => Some(
                thresholds(name, parameters(name))
                    .map_err(|error| format!("Failed to create QoS Controller: {error}"))?,
            ),
        };
        Ok(Oversubscription {
            estimate,
            interval: self.oversubscribed_resources_interval.0,
            load,
            correction_interval_min: self.qos_correction_interval_min.0,
        })
    }

    /// The modules that `--modules` names, with their parameters.
    fn built_in_modules(&self) -> Result<Vec<(String, Vec<Parameter>)>, String> {
        let Some(text) = &self.modules else {
            return Ok(Vec::new());
        };
        let refused =
            |error: String| format!("Failed to load flag 'modules': Failed to load value '{text}': {error}");
        let json = json_text(text).map_err(refused)?;
        let modules: Modules =
            object_from_json(json.as_bytes(), Dialect::V0).map_err(|error| refused(error.to_string()))?;
        let all: Vec<(String, Vec<Parameter>)> = modules
            .libraries
            .into_iter()
            .flat_map(|library| library.modules)
            .map(|module| (module.name.unwrap_or_default(), module.parameters))
            .collect();
        let unknown = all
            .iter()
            .find(|(name, _)| ![FIXED_ESTIMATOR, LOAD_CONTROLLER].contains(&name.as_str()));
        match unknown {
            Some((name, _)) => Err(format!(
                "Flag '--modules' names '{name}': this release loads no libraries, and has only {FIXED_ESTIMATOR} and \
                 {LOAD_CONTROLLER} built in"
            )),
            None => Ok(all),
        }
    }
}

fn estimate(name: &str, parameters: Option<&[Parameter]>) -> Result<Resources, String> {
    let parameters = parameters.filter(|_| name == FIXED_ESTIMATOR);
    let parameters = parameters.ok_or_else(|| format!("Module '{name}' unknown"))?;
    let text = parameters.iter().find(|parameter| parameter.key == "resources");
    let text = text.ok_or_else(|| format!("Module '{name}' has no parameter 'resources'"))?;
    let resources = Resources::parse(&text.value, "*").map_err(|error| error.to_string())?;
    let mut messages = resources.to_protos();
    for message in &mut messages {
        message.revocable = Some(Box::default());
    }
    Resources::from_protos(&messages).map_err(|error| error.to_string())
}

fn thresholds(name: &str, parameters: Option<&[Parameter]>) -> Result<LoadThresholds, String> {
    let parameters = parameters.filter(|_| name == LOAD_CONTROLLER);
    let parameters = parameters.ok_or_else(|| format!("Module '{name}' unknown"))?;
    let mut thresholds = LoadThresholds::default();
    for parameter in parameters {
        let (most, minutes) = match parameter.key.as_str() {
            "load_threshold_5min" => (&mut thresholds.five_minutes, 5),
            "load_threshold_15min" => (&mut thresholds.fifteen_minutes, 15),
            _ => continue,
        };
        let value = parameter.value.trim().parse();
        *most = Some(value.map_err(|_| {
            format!(
                "Failed to parse {minutes} min load threshold: Failed to convert '{}' to number",
                parameter.value
            )
        })?);
    }
    if thresholds == LoadThresholds::default() {
        return Err("No load thresholds are configured for LoadQoSController".to_owned());
    }
    Ok(thresholds)
}
