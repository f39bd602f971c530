"""Policy: decided from the best source that is known, corrected openly, and never guessed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.account import Account
from tests.rules.lives import Life
from worker.rules.milestones import Milestone
from worker.rules.policies import COUNTRIES, CURRENCIES, DISCLAIMERS, Policy
from worker.rules.policy import UNDECIDED, agrees, resolve
from worker.rules.state import Decided, Offer, Seen

M = Milestone
RANK = (0, 0, "")


def offer(name: str = "A", created: int | None = 1_000, **fields: str) -> Offer:
    seen = {field.replace("__", "."): Seen(value, RANK) for field, value in fields.items()}
    return Offer(name, fields=seen if created is None else {**seen, "created": Seen(created, RANK)})


def test_every_line_of_the_table_has_its_source_and_the_date_it_was_read() -> None:
    assert {policy for policy, *_ in map(line, COUNTRIES)} == {"stacked", "paydown", "unknown"}
    for country in COUNTRIES:
        _, source, read_on = line(country)
        assert len(country) == 2
        assert country.isupper()
        assert source.strip()
        assert date.fromisoformat(read_on) >= date(2026, 1, 1)


def line(country: str) -> tuple[Policy, str, str]:
    return COUNTRIES[country].policy, COUNTRIES[country].source, COUNTRIES[country].read_on


@pytest.mark.parametrize(
    ("country", "policy"),
    [("US", "paydown"), ("AU", "paydown"), ("GB", "stacked"), ("FR", "stacked"), ("DE", "stacked"), ("CA", "unknown")],
)
def test_each_country_has_the_behaviour_that_stripe_documents(country: str, policy: Policy) -> None:
    assert resolve(country, []) == Decided(policy, "country")
    assert resolve(country.lower(), []) == Decided(policy, "country")
    assert set(COUNTRIES) == {"US", "AU", "GB", "FR", "DE", "CA"}


@pytest.mark.parametrize(
    ("disclaimer", "policy"),
    [
        ("celtic_us_loan", "paydown"),
        ("youlend_us_mca", "paydown"),
        ("fundbox_au_financing", "paydown"),
        ("youlend_uk_mca", "stacked"),
        ("youlend_fr_financing", "stacked"),
        ("youlend_de_financing", "stacked"),
        ("fundbox_ca_financing", "unknown"),
    ],
)
def test_each_disclaimer_tells_the_country_of_its_lender(disclaimer: str, policy: Policy) -> None:
    assert resolve(None, [offer(disclaimer_variant=disclaimer)]) == Decided(policy, "disclaimer_variant")
    assert len(DISCLAIMERS) == 7
    assert set(DISCLAIMERS.values()) <= set(COUNTRIES)


@pytest.mark.parametrize(
    ("currency", "policy"), [("gbp", "stacked"), ("eur", "stacked"), ("usd", "paydown"), ("AUD", "paydown")]
)
@pytest.mark.parametrize("terms", ["offered_terms", "accepted_terms"])
def test_each_currency_of_one_policy_tells_it(currency: str, policy: Policy, terms: str) -> None:
    telling = Offer("A", fields={f"{terms}.currency": Seen(currency, RANK)})
    assert resolve(None, [telling]) == Decided(policy, "currency")
    assert set(CURRENCIES) == {"gbp", "eur", "usd", "aud"}


def test_the_country_comes_before_the_disclaimer_and_the_disclaimer_before_the_currency() -> None:
    contradicting = offer(disclaimer_variant="youlend_uk_mca", offered_terms__currency="usd")
    assert resolve("AU", [contradicting]) == Decided("paydown", "country")
    assert resolve(None, [contradicting]) == Decided("stacked", "disclaimer_variant")


def test_an_older_offers_disclaimer_comes_before_a_younger_ones_currency() -> None:
    old, young = (
        offer("A", 1_000, disclaimer_variant="youlend_uk_mca"),
        offer("B", 2_000, offered_terms__currency="usd"),
    )
    assert resolve(None, [young, old]) == Decided("stacked", "disclaimer_variant")


@pytest.mark.parametrize("country", ["CA", "NZ", "??"])
def test_an_unknown_country_stays_unknown_whatever_disclaimer_and_currency_suggest(country: str) -> None:
    suggesting = offer(disclaimer_variant="celtic_us_loan", offered_terms__currency="usd")
    assert resolve(country, [suggesting]) == Decided("unknown", "country")


def test_canadas_disclaimer_is_unknown_whatever_the_currency_suggests() -> None:
    suggesting = offer(disclaimer_variant="fundbox_ca_financing", offered_terms__currency="usd")
    assert resolve(None, [suggesting]) == Decided("unknown", "disclaimer_variant")


@pytest.mark.parametrize(
    "offers", [[], [offer()], [offer(offered_terms__currency="cad")], [offer(disclaimer_variant="moon_loan")]]
)
def test_where_nothing_tells_it_is_unknown_without_a_source(offers: list[Offer]) -> None:
    assert resolve(None, offers) == UNDECIDED == Decided("unknown", None)


def test_a_disclaimer_nobody_knows_leaves_it_to_the_currency() -> None:
    suggesting = offer(disclaimer_variant="moon_loan", offered_terms__currency="usd")
    assert resolve(None, [suggesting]) == Decided("paydown", "currency")


@pytest.mark.parametrize("name", ["A", "Z"])
def test_of_offers_that_disagree_the_youngest_is_believed(name: str) -> None:
    young = offer("M", 2_000, offered_terms__currency="gbp")
    for created in (1_000, None):
        old = offer(name, created, offered_terms__currency="usd")
        assert resolve(None, [old, young]) == resolve(None, [young, old]) == Decided("stacked", "currency")


def test_of_offers_of_one_second_the_greater_id_is_believed() -> None:
    one, other = offer("A", offered_terms__currency="usd"), offer("B", offered_terms__currency="gbp")
    assert resolve(None, [one, other]) == resolve(None, [other, one]) == Decided("stacked", "currency")


def test_what_is_known_decides_at_once_and_the_survey_confirms_it_without_a_word() -> None:
    account = Account()
    account.hear(Life("B", "refill", currency="gbp").event(M.CREATED, 1_000))
    assert account.state.policy == Decided("stacked", "currency")
    account.survey(country="GB")
    assert account.state.policy == Decided("stacked", "country")
    assert ("policy_changed", "acct_1") not in account.attention()


def test_the_source_travels_with_the_decision() -> None:
    account = Account()
    account.hear(Life("A", disclaimer="youlend_uk_mca").event(M.CREATED, 1_000))
    assert account.release("A:created").policy == Decided("stacked", "disclaimer_variant")


def test_a_different_answer_corrects_the_policy_and_a_person_is_told_once() -> None:
    account = Account()
    account.hear(Life("B", "refill", currency="eur").event(M.CREATED, 1_000))
    told = account.survey(country="US")
    assert account.state.policy == Decided("paydown", "country")
    assert told[0] == "attention:policy_changed:acct_1"
    assert account.hear(Life("C", "refill", 2_000, "eur").event(M.CREATED, 2_000)) == ["C:created"]
    account.survey(country="GB")
    assert account.state.policy == Decided("stacked", "country")
    assert account.attention().count(("policy_changed", "acct_1")) == 1


def test_a_first_answer_is_no_change() -> None:
    account = Account()
    account.hear(Life("B", "refill", currency="cad").event(M.CREATED, 1_000))
    assert account.state.policy == UNDECIDED
    account.survey(country="US")
    assert account.state.policy == Decided("paydown", "country")
    assert ("policy_changed", "acct_1") not in account.attention()


def test_a_disclaimer_that_says_unknown_was_an_answer() -> None:
    account = Account()
    account.hear(Life("B", "refill", currency="cad", disclaimer="fundbox_ca_financing").event(M.CREATED, 1_000))
    account.survey(country="US")
    assert account.attention()[0] == ("policy_changed", "acct_1")


def test_a_correction_opens_and_closes_gates_from_then_on() -> None:
    account = Account()
    original, refill = Life("A"), Life("B", "refill", 2_000)
    account.hear(*original.funded(), *refill.funded())
    assert account.hold("B", M.PAID_OUT).gate == "G2"
    assert "B:paid_out" in account.survey(country="GB")
    account.hear(refill.event(M.FULLY_REPAID, 8_000))
    assert account.hold("B", M.FULLY_REPAID).gate == "G3"


def test_what_a_later_snapshot_says_of_the_market_decides_anew() -> None:
    account = Account()
    account.hear(Life("A").event(M.CREATED, 1_000))
    account.hear(Life("A").event(M.ACCEPTED, 1_100, disclaimer_variant="youlend_uk_mca"))
    assert account.state.policy == Decided("stacked", "disclaimer_variant")
    account.hear(Life("B", created=2_000, disclaimer="celtic_us_loan").event(M.CREATED, 2_000))
    assert account.state.policy == Decided("paydown", "disclaimer_variant")
    # B turns out to be older than A.
    account.hear(Life("B", created=500).event(M.ACCEPTED, 2_100))
    assert account.state.policy == Decided("stacked", "disclaimer_variant")


def test_a_survey_without_a_country_takes_nothing_back() -> None:
    account = Account()
    account.hear(Life("B", "refill").event(M.CREATED, 1_000))
    account.survey(country="US")
    account.hear(Life("C", "refill", 2_000).event(M.CREATED, 2_000))
    account.survey(country=None)
    assert account.state.country == "US"
    assert account.state.policy == Decided("paydown", "country")


def test_an_older_offers_currency_is_no_answer_where_the_youngest_has_another() -> None:
    old, young = offer("A", 1_000, offered_terms__currency="usd"), offer("B", 2_000, offered_terms__currency="cad")
    assert resolve(None, [old, young]) == Decided("unknown", None)


OFFERS = st.builds(
    lambda created, said: offer("A", created, **{name: value for name, value in said.items() if value}),
    st.one_of(st.none(), st.integers(1, 4)),
    st.fixed_dictionaries(
        {
            "disclaimer_variant": st.sampled_from(["", "celtic_us_loan", "youlend_uk_mca", "unheard_of"]),
            "offered_terms__currency": st.sampled_from(["", "usd", "gbp", "cad"]),
        }
    ),
)


@given(st.lists(OFFERS, max_size=4), OFFERS, OFFERS, st.sampled_from([None, "GB"]))
def test_an_offer_that_agrees_with_what_is_decided_changes_nothing(
    others: list[Offer], before: Offer, after: Offer, country: str | None
) -> None:
    decided = resolve(country, [*others, before])
    if agrees(decided, before, after):
        assert resolve(country, [*others, after]) == decided
