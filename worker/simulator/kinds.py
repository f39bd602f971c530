"""The kinds of lives a world may draw; what one of them tells, its author states, and never this register."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from worker.simulator import contested, oddities, paydown, stacked, standard, unheard, unplaced
from worker.simulator.accounts import COUNTRIES
from worker.simulator.histories import History
from worker.simulator.narrator import Narrator


@dataclass(frozen=True, slots=True)
class Kind:
    """How to write a life of one kind, and the countries it can be lived in.

    `alone`: the account and mode live no other history, which would get in among its financings.
    """

    write: Callable[[Narrator], History]
    countries: tuple[str, ...] = COUNTRIES
    alone: bool = False


def _refills(countries: tuple[str, ...], *authors: Callable[[Narrator], History]) -> dict[str, Kind]:
    return {author.__name__: Kind(author, countries, alone=True) for author in authors}


# Lives without refills: events alone tell all that is expected of them.
KINDS: Final[Mapping[str, Kind]] = {
    author.__name__: Kind(author)
    for author in (
        standard.repaid,
        standard.still_open,
        standard.canceled,
        standard.rejected,
        standard.expired,
        standard.replaced,
        standard.accepted_other_offer,
        oddities.line_of_credit,
        oddities.unknown_type,
        oddities.unknown_status,
        oddities.not_capital,
    )
}

# Refills of which events alone tell every id that is expected; for the order between two offers, Stripe may have to
# be asked what refills what.
TOLD_REFILLS: Final[Mapping[str, Kind]] = {
    **_refills(
        paydown.COUNTRIES,
        paydown.paydown,
        paydown.paydown_repaid,
        paydown.paydown_chain,
        paydown.paydown_tied,
        paydown.paydown_named_by_transaction,
    ),
    **_refills(
        stacked.COUNTRIES,
        stacked.stacked_repaid,
        stacked.stacked_still_open,
        stacked.stacked_tied,
        stacked.stacked_never_determined,
    ),
    **_refills(
        contested.COUNTRIES,
        contested.rivals,
        contested.refill_replaced,
        contested.refill_replaced_late,
        contested.refill_rejected,
        contested.refill_canceled,
        contested.refill_canceled_after_payout,
    ),
    **_refills(("CA",), unplaced.canada, unplaced.canada_still_open),
    **_refills(("DE",), unplaced.by_disclaimer),
}

# Refills of which something that is expected, or true in the end, is known only to Stripe's API.
ASKED_REFILLS: Final[Mapping[str, Kind]] = {
    **_refills(stacked.COUNTRIES, stacked.stacked, stacked.stacked_chain, stacked.charged_off),
    **_refills(contested.COUNTRIES, contested.refill_countered),
    **_refills(paydown.COUNTRIES, unheard.lost_paydown, unheard.midlife_paydown),
    **_refills(stacked.COUNTRIES, unheard.lost_stacked, unheard.midlife_stacked),
    **_refills(("DE",), unplaced.by_country),
}

REFILLS: Final[Mapping[str, Kind]] = {**TOLD_REFILLS, **ASKED_REFILLS}
ALL: Final[Mapping[str, Kind]] = {**KINDS, **REFILLS}


def fitting(kinds: Sequence[Kind], country: str) -> tuple[Kind, ...]:
    """Those of the kinds that can be lived in the country, in their order."""
    return tuple(kind for kind in kinds if country in kind.countries)
