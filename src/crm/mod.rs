//! CRMs: one folder per CRM behind the same contract.
//!
//! * [`contract`]: the small required trait, what goes to a CRM, errors that say what to do; [`event`]: what comes from it
//! * [`capability`]: what only some CRMs can do, a trait each
//! * [`registry`]: which CRM is which folder
//! * and a folder for each CRM, listed below. Those of the tests lie in `tests/crms`; no release has them.
//!
//! A CRM's folder knows neither actors nor the store: what it must keep it gives to its [`Host`](contract::Host).

pub mod capability;
pub mod contract;
pub mod event;
pub mod registry;

/// Declares each folder and puts its CRM into the registry: this line is all that the rest of the program needs of a CRM.
macro_rules! crms {
    ($($(#[cfg($when:meta)])? $(#[path = $path:literal])? $folder:ident: $crm:ident,)*) => {
        $($(#[cfg($when)])? $(#[path = $path])? pub mod $folder;)*

        /// Puts every CRM of this program into a registry.
        fn put_all(into: &mut registry::Crms) {
            $($(#[cfg($when)])? into.add(std::sync::Arc::<$folder::$crm>::default());)*
        }
    };
}

crms! {
    amocrm: AmoCrm,
    #[cfg(feature = "probe")] #[path = "../../tests/crms/probe/mod.rs"] probe: Probe,
}
