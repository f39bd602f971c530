"""The lives that need no answer of Stripe's API: what must be told of them follows from their webhooks alone."""

from collections.abc import Mapping

from worker.simulator.world import KINDS, Kind

_NAMES = (
    "repaid",
    "still_open",
    "canceled",
    "rejected",
    "expired",
    "replaced",
    "accepted_other_offer",
    "line_of_credit",
    "unknown_type",
    "unknown_status",
    "not_capital",
)
WITHOUT_LOOKUPS: Mapping[str, Kind] = {name: KINDS[name] for name in _NAMES}
