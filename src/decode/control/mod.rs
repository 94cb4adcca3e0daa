//! Control data: what the AWS CLI prints of functions, their limits, triggers and policies
//! (`formats.md` 9.1 to 9.5). Pure: a document to the settings in it. Environment variables may
//! hold secrets: nothing here ever looks at them.

mod function;
mod limit;
mod policy;
pub(super) mod read;
mod trigger;

use serde_json::Value;

use crate::model::SettingRecord;
pub(super) use policy::{grant, statements};

/// What control data a document is, by the name of the command that prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Functions,
    Function,
    Configuration,
    Versions,
    Aliases,
    Alias,
    Concurrency,
    ProvisionedConfigs,
    ProvisionedConfig,
    Account,
    Mappings,
    Mapping,
    EventInvokeConfigs,
    EventInvokeConfig,
    Policy,
    RolePolicy,
}

impl Kind {
    /// The command that prints it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Functions => "list-functions",
            Self::Function => "get-function",
            Self::Configuration => "get-function-configuration",
            Self::Versions => "list-versions-by-function",
            Self::Aliases => "list-aliases",
            Self::Alias => "get-alias",
            Self::Concurrency => "get-function-concurrency",
            Self::ProvisionedConfigs => "list-provisioned-concurrency-configs",
            Self::ProvisionedConfig => "get-provisioned-concurrency-config",
            Self::Account => "get-account-settings",
            Self::Mappings => "list-event-source-mappings",
            Self::Mapping => "get-event-source-mapping",
            Self::EventInvokeConfigs => "list-function-event-invoke-configs",
            Self::EventInvokeConfig => "get-function-event-invoke-config",
            Self::Policy => "get-policy",
            Self::RolePolicy => "get-role-policy",
        }
    }

    /// What a document of this kind says. What it does not say is not in it, never a 0.
    pub fn read(self, document: &Value, out: &mut Vec<SettingRecord>) {
        let each = |key: &str, one: fn(&Value, &'static str, &mut Vec<SettingRecord>), out: &mut _| {
            for item in document[key].as_array().into_iter().flatten() {
                one(item, self.name(), out);
            }
        };
        match self {
            Self::Functions => each("Functions", function::configuration, out),
            Self::Versions => each("Versions", function::configuration, out),
            Self::Configuration => function::configuration(document, self.name(), out),
            Self::Function => {
                function::configuration(&document["Configuration"], self.name(), out);
                if let Some(name) = document["Configuration"]["FunctionName"].as_str() {
                    limit::reserved_of(name, &document["Concurrency"], self.name(), out);
                }
            }
            Self::Aliases => each("Aliases", function::alias, out),
            Self::Alias => function::alias(document, self.name(), out),
            Self::EventInvokeConfigs
                if document["FunctionEventInvokeConfigs"].as_array().is_some_and(Vec::is_empty) =>
            {
                function::no_event_invoke(self.name(), out);
            }
            Self::EventInvokeConfigs => each("FunctionEventInvokeConfigs", function::event_invoke, out),
            Self::EventInvokeConfig => function::event_invoke(document, self.name(), out),
            Self::Concurrency => limit::concurrency(document, self.name(), out),
            Self::ProvisionedConfigs => each("ProvisionedConcurrencyConfigs", limit::provisioned, out),
            Self::ProvisionedConfig => limit::provisioned(document, self.name(), out),
            Self::Account => limit::account(document, self.name(), out),
            Self::Mappings => each("EventSourceMappings", trigger::mapping, out),
            Self::Mapping => trigger::mapping(document, self.name(), out),
            Self::Policy => policy::resource(document, self.name(), out),
            Self::RolePolicy => policy::role(document, self.name(), out),
        }
    }
}
