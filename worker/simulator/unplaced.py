"""Lives of refills where it is hard to say, or known to nobody, how refills behave; no policy is ever guessed here."""

from dataclasses import replace

from worker.simulator import scenes, stacked
from worker.simulator.financing import Financing
from worker.simulator.histories import History
from worker.simulator.narrator import Narrator
from worker.simulator.truths import Truth


def canada(narrator: Narrator) -> History:
    """How refills behave in Canada is documented nowhere: here both ways, and nothing may be read out of either."""
    if narrator.dice.chance(0.5):
        original, refill = _accepted(narrator, scenes.perhaps_a_discount(narrator.dice))
        scenes.paid_down(refill, original)
    else:
        original, refill = _accepted(narrator, scenes.no_discount(narrator.dice))
        refill.pay_out()
        scenes.repaid(original)
    return narrator.end(
        "canada",
        stacked.ended(original) | stacked.open_refill(refill) | stacked.discount_told(refill),
        Truth(
            "unknown",
            {
                original.id: original.ended_as("fully_repaid"),
                refill.id: refill.ended_as("paid_out", refill.discount_at_payout),
            },
            refill.at_the_rate_of(refill),
        ),
    )


def canada_still_open(narrator: Narrator) -> History:
    """Two financings are open, and nobody can say which of them is withheld for."""
    original, refill = _accepted(narrator, scenes.no_discount(narrator.dice))
    refill.pay_out()
    scenes.repaid_once(original)
    return narrator.end(
        "canada_still_open",
        original.told("created", "accepted", "paid_out") | stacked.open_refill(refill) | stacked.discount_told(refill),
        Truth(
            "unknown",
            {original.id: original.ended_as("paid_out"), refill.id: refill.ended_as("paid_out", "none")},
            None,
        ),
    )


def by_disclaimer(narrator: Narrator) -> History:
    """The Accounts API refuses to show the account; that it is German, only the disclaimer says."""
    narrator.account = replace(narrator.account, market=replace(narrator.account.market, disclaimed=1.0))
    return _stacked("by_disclaimer", narrator, country_shown=False)


def by_country(narrator: Narrator) -> History:
    """No disclaimer, and a currency that Capital lends in nowhere: only the Accounts API says how refills behave."""
    market = replace(narrator.account.market, disclaimed=0.0, currency="chf")
    narrator.account = replace(narrator.account, market=market)
    return _stacked("by_country", narrator, country_shown=True)


def _accepted(narrator: Narrator, rate: float | None) -> tuple[Financing, Financing]:
    """An open original, and a refill that is about to be paid out."""
    original = scenes.opened(narrator)
    refill = scenes.offered(original, rate)
    scenes.accepted(refill)
    narrator.moment()
    return original, refill


def _stacked(kind: str, narrator: Narrator, *, country_shown: bool) -> History:
    """The plain life of a stacked pair, both ended."""
    original, refill = stacked.pair(narrator, scenes.no_discount(narrator.dice))
    scenes.repaid(original)
    scenes.repaid(refill)
    return narrator.end(
        kind,
        stacked.ended(original) | stacked.repaid_after(original, refill) | stacked.discount_told(refill),
        Truth(
            "stacked",
            {original.id: original.ended_as("fully_repaid"), refill.id: refill.ended_as("fully_repaid", "none")},
            None,
        ),
        country_shown=country_shown,
    )
