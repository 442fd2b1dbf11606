//! One folder per resource, in dependency order; imports between features go to earlier ones only.

pub mod conclusion_templates;

pub mod road_maps;

pub mod reports;

pub mod conclusions;
