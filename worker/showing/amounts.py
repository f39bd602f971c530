"""Amounts and rates as text for people; where it is not sure how a currency divides, the plain number stays."""

from decimal import Decimal
from typing import Final

# Of Stripe's currencies those that Capital lends in; a yen, for one, has no hundredths.
TWO_DECIMALS: Final = frozenset({"aud", "cad", "eur", "gbp", "nzd", "usd"})


def money(amount: int | None, currency: str | None) -> str:
    """Minor units with their currency: `1,000.00 usd`, `1000 jpy (minor units)`, or a dash for an unknown amount."""
    if amount is None:
        return "-"
    if currency in TWO_DECIMALS:
        return f"{Decimal(amount) / 100:,.2f} {currency}"
    return f"{amount} {currency or 'of an unknown currency'} (minor units)"


def percent(rate: str | None) -> str:
    """A rate as per cent: `12.5%`, or a dash for an unknown rate."""
    return "-" if rate is None else f"{(Decimal(rate) * 100).normalize():f}%"


def terms(advance: int | None, fee: int | None, rate: str | None, currency: str | None) -> str:
    """What a financing costs, its advance, fee and rate: `1,000.00 + 100.00 usd at 15%`; dashes where unknown."""
    return f"{money(advance, currency).removesuffix(f' {currency}')} + {money(fee, currency)} at {percent(rate)}"
