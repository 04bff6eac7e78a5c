//! kyoyu-fhir
