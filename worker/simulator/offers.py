"""Financing offers as Stripe shapes them; what Stripe would leave out is absent, never null."""

from worker.simulator.accounts import PREVIEW, Account
from worker.simulator.dice import Dice
from worker.simulator.events import JsonObject

DAY = 86_400
# An offer usually expires 30 days after its creation.
LIFETIME = 30 * DAY
_WITHHOLD_RATES = (0.08, 0.1, 0.125, 0.15, 0.175, 0.2)
_METADATA = {
    "account_manager": "emea-west-pod-four",
    "billing_plan": "professional-yearly",
    "crm_opportunity": "opportunity-renewal-candidate",
    "first_seen_channel": "dashboard-banner",
    "onboarding_cohort": "spring-self-service",
    "outreach_wave": "autumn",
    "partner_reference": "marketplace-partner-programme",
    "region_of_trade": "city-centre",
    "seller_category": "restaurants-and-catering",
    "seller_segment": "small-and-medium-business",
    "support_queue": "financing-first-line",
    "terms_reviewed_by": "platform-compliance-team",
}
# The statuses whose time an offer keeps.
WITH_A_TIME = frozenset({"accepted", "canceled", "fully_repaid", "paid_out", "rejected", "replaced"})


def new_offer(dice: Dice, account: Account, created: int, *, livemode: bool) -> JsonObject:
    """An undelivered standard offer; money in minor units, rates as fractions, `expires_after` as a float."""
    financing_type, disclaimer = dice.choice(account.market.programmes)
    offer: JsonObject = {
        "id": dice.new_id("financingoffer"),
        "object": "capital.financing_offer",
        "account": account.id,
        "expires_after": float(created + LIFETIME),
        "financing_type": financing_type,
        "livemode": livemode,
        "metadata": _metadata(dice),
        "offered_terms": _offered_terms(dice, account),
        "product_type": "standard",
        "status": "undelivered",
        "type": financing_type,
    }
    if dice.chance(account.market.disclaimed):
        offer["disclaimer_variant"] = disclaimer
    return offer | _of_its_version(account, created)


def refill_offer(dice: Dice, account: Account, created: int, *, livemode: bool, rate: float | None) -> JsonObject:
    """An undelivered refill; `rate` is the part of the previous fee that is remitted, and no discount has many forms.

    Nothing in it names what it refills.
    """
    offer = new_offer(dice, account, created, livemode=livemode)
    terms = offer["offered_terms"] | {"campaign_type": "repeat_user", "previous_financing_fee_discount_rate": rate}
    if rate is None and dice.chance(0.3):
        del terms["previous_financing_fee_discount_rate"]
    return offer | {"offered_terms": terms, "product_type": "refill"}


def discounted(offer: JsonObject, amount: int | None) -> JsonObject:
    """The accepted refill with the discount that was determined, in minor units; None while it is not."""
    return offer | {"accepted_terms": offer["accepted_terms"] | {"previous_financing_fee_discount_amount": amount}}


def accepted(dice: Dice, offer: JsonObject, at: int) -> JsonObject:
    """The offer after the merchant chose an amount on the slider, up to the amount offered."""
    offered = offer["offered_terms"]
    share = dice.choice((1.0, 1.0, 0.8, 0.55))
    terms = {
        "advance_amount": int(offered["advance_amount"] * share),
        "currency": offered["currency"],
        "fee_amount": int(offered["fee_amount"] * share),
        "previous_financing_fee_discount_amount": None,
        "withhold_rate": offered["withhold_rate"],
    }
    return turned(offer, "accepted", at) | {"accepted_terms": terms}


def turned(offer: JsonObject, status: str, at: int) -> JsonObject:
    """The offer with another status, and its time where this API version shows such times."""
    turned_offer = offer | {"status": status}
    if "status_transitions" in offer and status in WITH_A_TIME:
        turned_offer["status_transitions"] = offer["status_transitions"] | {f"{status}_at": at}
    return turned_offer


def created_at(offer: JsonObject) -> int:
    """When the offer was created, in seconds, whichever name its API version gives that."""
    return int(offer["created"] if "created" in offer else offer["created_at"])


def _metadata(dice: Dice) -> JsonObject:
    """What the platform keeps on the offer: the part of an offer whose size varies most."""
    names = dice.sample(sorted(_METADATA), dice.choice((1, 2, 3, 5, len(_METADATA))))
    reference = {"merchant_reference": f"merchant-{dice.randrange(10**6, 10**7)}"}
    return reference | {name: _METADATA[name] for name in names}


def _of_its_version(account: Account, created: int) -> JsonObject:
    """Older versions say `created_at` and show no times of transition."""
    if account.api_version == PREVIEW:
        return {"created": created, "status_transitions": {}}
    return {"created_at": created}


def _offered_terms(dice: Dice, account: Account) -> JsonObject:
    advance = dice.randrange(100, 60_000) * 1_000
    return {
        "advance_amount": advance,
        "campaign_type": dice.choice(("newly_eligible_user", "previously_eligible_user", "repeat_user")),
        "currency": account.market.currency,
        "fee_amount": advance * dice.randrange(8, 17) // 100,
        "previous_financing_fee_discount_rate": None,
        "withhold_rate": dice.choice(_WITHHOLD_RATES),
    }
