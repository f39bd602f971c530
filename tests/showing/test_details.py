"""Words for notifications, amounts and times."""

import pytest

from worker.showing.amounts import money, percent, terms
from worker.showing.details import details
from worker.showing.identifiers import awaited, short, short_type
from worker.showing.times import lasting

from .rows import OFFER, OTHER

AMOUNTS = {"currency": "usd", "total_amount": 108_800, "type": "payment", "reason": "automatic_withholding"}


@pytest.mark.parametrize(
    ("notification_type", "data", "said"),
    [
        ("capital.offer.created.v1", {"late": False, "gap": [], "basis": "event"}, ""),
        ("capital.offer.created.v1", {"basis": "implied"}, "implied by a later step"),
        (
            "capital.transaction.recorded.v1",
            {"transaction": AMOUNTS | {"offer": OFFER}},
            "payment 1,088.00 usd, for …0dFNmL0, automatic_withholding",
        ),
        (
            "capital.account.attention.v1",
            {"reason": "conflict", "subject": OFFER, "detail": "two values"},
            "conflict: two values",
        ),
        (
            "capital.refill.linked.v1",
            {"refill": OFFER, "original": OTHER, "method": "only_candidate", "confidence": "inferred"},
            "refills …bBlMaFF, only_candidate, inferred",
        ),
        (
            "capital.withholding.changed.v1",
            {"withholding": None, "previous": {"offer": OFFER, "rate": "0.15"}},
            "nothing is withheld, before 15% for …0dFNmL0",
        ),
        (
            "capital.refill.discount_settled.v1",
            {"discount": {"state": "settled", "amount": 500, "rate": "0.5", "currency": "gbp"}},
            "5.00 gbp",
        ),
    ],
)
def test_known_types_are_told_in_words(notification_type: str, data: dict[str, object], said: str) -> None:
    assert details(notification_type, data) == said


def test_an_unknown_type_is_told_by_its_own_fields() -> None:
    data = {
        "account": "acct_1",
        "livemode": True,
        "revision": 2,
        "nothing": None,
        "offers": [OFFER, OTHER],
        "inner": {"currency": "usd", "fee_amount": 1_050, "offer": OFFER},
    }
    said = "revision 2, offers …0dFNmL0 …bBlMaFF, inner fee_amount 10.50 usd, inner offer …0dFNmL0"
    assert details("capital.weather.changed.v7", data) == said


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        (100_000, "usd", "1,000.00 usd"),
        (-5, "eur", "-0.05 eur"),
        (1_000, "jpy", "1000 jpy (minor units)"),
        (1_000, None, "1000 of an unknown currency (minor units)"),
        (None, "usd", "-"),
    ],
)
def test_only_currencies_known_to_have_hundredths_are_divided(
    amount: int | None, currency: str | None, said: str
) -> None:
    assert money(amount, currency) == said


def test_rates_are_told_as_per_cent() -> None:
    assert [percent(rate) for rate in ("0.15", "0.125", "1", "0", None)] == ["15%", "12.5%", "100%", "0%", "-"]


def test_terms_name_their_currency_once() -> None:
    assert terms(100_000, 10_000, "0.15", "usd") == "1,000.00 + 100.00 usd at 15%"
    assert terms(100_000, None, None, "usd") == "1,000.00 + - at -"


@pytest.mark.parametrize(
    ("identifier", "said"),
    [
        (OFFER, "…0dFNmL0"),
        ("evt_1", "evt_1"),
        ("fully_repaid", "fully_repaid"),
        ("accepted_other_offer", "accepted_other_offer"),
        ("latest_candidate", "latest_candidate"),
        ("automatic_withholding", "automatic_withholding"),
    ],
)
def test_ids_are_made_short_and_words_are_not(identifier: str, said: str) -> None:
    assert short(identifier) == said


def test_types_lose_what_they_all_share() -> None:
    assert short_type("capital.financing_offer.paid_out") == "offer.paid_out"
    assert short_type("capital.offer.paid_out.v1") == "offer.paid_out"
    assert short_type("charge.succeeded") == "charge.succeeded"


def test_what_is_awaited_names_another_offer_only_where_it_is_another() -> None:
    names = (f"{OFFER}:created", f"{OTHER}:fully_repaid", "survey")
    assert awaited(names, OFFER) == "created and fully_repaid of …bBlMaFF and Stripe's answer"


def test_durations_are_told_in_their_largest_unit() -> None:
    seconds = (0.0, 0.041, 12, 240, 10_800, 432_000)
    assert [lasting(each) for each in seconds] == ["0 ms", "41 ms", "12 s", "4 min", "3 h", "5 d"]
