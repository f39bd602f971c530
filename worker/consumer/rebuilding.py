"""Rebuilding: whether a lane may put what today's rules make of an account's records in the place of what it has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from worker.consumer.commands import Rebuild
from worker.consumer.digest import digest_of
from worker.ports import EventSubject
from worker.rules.releases import Release
from worker.rules.state import AccountState

# Deciding so many again keeps a partition waiting for some seconds, and all of them are in memory at once.
MOST_RECORDS: Final = 50_000
TOO_LONG: Final = f"the account has more than {MOST_RECORDS} records"


@dataclass(frozen=True, slots=True)
class Past:
    """What an account's records before a command make of it: its whole state, and everything they ever released.

    `released` is by identity, in the order of the first release; `subjects` are of the events in their order.
    """

    state: AccountState
    released: Mapping[str, Release]
    subjects: Sequence[EventSubject]


def refusal(state: AccountState, past: Past | None, rebuild: Rebuild) -> str | None:
    """Why an account that now is in `state` is not rebuilt; None where it is."""
    if past is None:
        return TOO_LONG
    if state.quarantined:
        return "records of the account wait behind a quarantine: redrive or discard them first"
    if past.state.quarantined:
        return "the rules that run here cannot apply a record of the account"
    if state.sequence != rebuild.told.sequence:
        return f"the account went on: it was told {state.sequence} notifications, not {rebuild.told.sequence}"
    if digest_of(past.state) != rebuild.digest:
        return "its records make another state here: it went on, or the build or its settings are not the replay's"
    return None
