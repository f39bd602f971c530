"""Connected accounts and the markets they trade in; never a refill policy, which is the worker's to know."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.simulator.dice import Dice

PREVIEW = "2026-09-30.preview"
_API_VERSIONS = ("2022-02-28", "2022-02-28", "2023-10-16; risk_in_requirements_beta=v1", PREVIEW)


@dataclass(frozen=True, slots=True)
class Market:
    """A country Capital lends in, its currency, and the programmes (financing type, disclaimer variant) found there.

    `disclaimed` is how often an offer says its disclaimer variant, from 0 to 1.
    """

    country: str
    currency: str
    programmes: tuple[tuple[str, str], ...]
    paydown_text: str
    # A lending partner pays the merchant itself, so Stripe may record no payout transaction.
    partner_pays: bool = False
    disclaimed: float = 0.8


MARKETS = (
    Market("US", "usd", (("flex_loan", "celtic_us_loan"), ("cash_advance", "youlend_us_mca")), "Paydown of your loan"),
    Market("GB", "gbp", (("cash_advance", "youlend_uk_mca"),), "Repayment of your cash advance", partner_pays=True),
    Market("DE", "eur", (("flex_loan", "youlend_de_financing"),), "Rückzahlung Ihrer Finanzierung", partner_pays=True),
    Market("FR", "eur", (("flex_loan", "youlend_fr_financing"),), "Remboursement de votre prêt", partner_pays=True),
    Market("AU", "aud", (("flex_loan", "fundbox_au_financing"),), "Paydown of your loan"),
    Market("CA", "cad", (("flex_loan", "fundbox_ca_financing"),), "Paydown of your loan"),
)
COUNTRIES = tuple(market.country for market in MARKETS)
_WEIGHTS = dict(zip(MARKETS, (4, 3, 2, 2, 1, 1), strict=True))


@dataclass(frozen=True, slots=True)
class Account:
    """A connected account; `api_version` is the one its platform's endpoint renders events in."""

    id: str
    market: Market
    api_version: str


def drawn_account(dice: Dice, countries: Sequence[str] = COUNTRIES) -> Account:
    """An account in one of these countries, drawn by how common each market is."""
    markets = {market: weight for market, weight in _WEIGHTS.items() if market.country in countries}
    return Account(
        id=dice.new_id("acct"),
        market=dice.choices(tuple(markets), weights=tuple(markets.values()))[0],
        api_version=dice.choice(_API_VERSIONS),
    )
