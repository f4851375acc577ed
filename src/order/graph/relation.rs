//! What an edge means, seen from either of its ends. Pure.

use crate::unit::model::DepKind;

/// What an edge means as seen from one of its ends. The names are those of `systemctl show`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Relation {
    Requires,
    RequiredBy,
    Requisite,
    RequisiteOf,
    Wants,
    WantedBy,
    BindsTo,
    BoundBy,
    PartOf,
    ConsistsOf,
    Upholds,
    UpheldBy,
    Conflicts,
    ConflictedBy,
    Before,
    After,
    OnFailure,
    OnFailureOf,
    OnSuccess,
    OnSuccessOf,
    PropagatesReloadTo,
    ReloadPropagatedFrom,
    PropagatesStopTo,
    StopPropagatedFrom,
    JoinsNamespaceOf,
    NamespaceJoinedBy,
}

impl Relation {
    /// All of them, in order.
    pub(super) const ALL: [Self; 26] = [
        Self::Requires,
        Self::RequiredBy,
        Self::Requisite,
        Self::RequisiteOf,
        Self::Wants,
        Self::WantedBy,
        Self::BindsTo,
        Self::BoundBy,
        Self::PartOf,
        Self::ConsistsOf,
        Self::Upholds,
        Self::UpheldBy,
        Self::Conflicts,
        Self::ConflictedBy,
        Self::Before,
        Self::After,
        Self::OnFailure,
        Self::OnFailureOf,
        Self::OnSuccess,
        Self::OnSuccessOf,
        Self::PropagatesReloadTo,
        Self::ReloadPropagatedFrom,
        Self::PropagatesStopTo,
        Self::StopPropagatedFrom,
        Self::JoinsNamespaceOf,
        Self::NamespaceJoinedBy,
    ];

    /// The property's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requires => "Requires",
            Self::RequiredBy => "RequiredBy",
            Self::Requisite => "Requisite",
            Self::RequisiteOf => "RequisiteOf",
            Self::Wants => "Wants",
            Self::WantedBy => "WantedBy",
            Self::BindsTo => "BindsTo",
            Self::BoundBy => "BoundBy",
            Self::PartOf => "PartOf",
            Self::ConsistsOf => "ConsistsOf",
            Self::Upholds => "Upholds",
            Self::UpheldBy => "UpheldBy",
            Self::Conflicts => "Conflicts",
            Self::ConflictedBy => "ConflictedBy",
            Self::Before => "Before",
            Self::After => "After",
            Self::OnFailure => "OnFailure",
            Self::OnFailureOf => "OnFailureOf",
            Self::OnSuccess => "OnSuccess",
            Self::OnSuccessOf => "OnSuccessOf",
            Self::PropagatesReloadTo => "PropagatesReloadTo",
            Self::ReloadPropagatedFrom => "ReloadPropagatedFrom",
            Self::PropagatesStopTo => "PropagatesStopTo",
            Self::StopPropagatedFrom => "StopPropagatedFrom",
            Self::JoinsNamespaceOf => "JoinsNamespaceOf",
            Self::NamespaceJoinedBy => "NamespaceJoinedBy",
        }
    }

    /// The relation as the directive is written, and as its other end sees it.
    #[must_use]
    pub fn both_ends(kind: DepKind) -> (Self, Self) {
        match kind {
            DepKind::Requires => (Self::Requires, Self::RequiredBy),
            DepKind::Requisite => (Self::Requisite, Self::RequisiteOf),
            DepKind::Wants => (Self::Wants, Self::WantedBy),
            DepKind::BindsTo => (Self::BindsTo, Self::BoundBy),
            DepKind::PartOf => (Self::PartOf, Self::ConsistsOf),
            DepKind::Upholds => (Self::Upholds, Self::UpheldBy),
            DepKind::Conflicts => (Self::Conflicts, Self::ConflictedBy),
            DepKind::Before => (Self::Before, Self::After),
            DepKind::After => (Self::After, Self::Before),
            DepKind::OnFailure => (Self::OnFailure, Self::OnFailureOf),
            DepKind::OnSuccess => (Self::OnSuccess, Self::OnSuccessOf),
            DepKind::PropagatesReloadTo => (Self::PropagatesReloadTo, Self::ReloadPropagatedFrom),
            DepKind::ReloadPropagatedFrom => (Self::ReloadPropagatedFrom, Self::PropagatesReloadTo),
            DepKind::PropagatesStopTo => (Self::PropagatesStopTo, Self::StopPropagatedFrom),
            DepKind::StopPropagatedFrom => (Self::StopPropagatedFrom, Self::PropagatesStopTo),
            DepKind::JoinsNamespaceOf => (Self::JoinsNamespaceOf, Self::NamespaceJoinedBy),
        }
    }
}
