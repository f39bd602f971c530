"""What a lane keeps in memory is bounded, and so is what the lanes of a process keep together."""

from tests.contract.batches import HOME
from worker.consumer.hot import MOST_OFFERS, HotAccounts
from worker.ports import AccountKey, Loaded, Wanted
from worker.rules.state import AccountState, Offer
from worker.settings import Settings
from worker.wiring import circumstances

NOTHING = Loaded({}, {}, {})


def having(account: str, offers: int) -> AccountState:
    kept = {f"{account}_{number}": Offer(f"{account}_{number}") for number in range(offers)}
    return AccountState(account, livemode=True, offers=kept)


def kept(hot: HotAccounts, accounts: str) -> str:
    """Of these accounts, those that need not be loaded."""
    keys: dict[str, AccountKey] = {account: (True, account) for account in accounts}
    known = hot.with_loaded(Wanted(frozenset(keys.values())), NOTHING)
    return "".join(account for account, key in keys.items() if key in known)


def test_the_longest_unused_accounts_go_when_there_are_too_many_offers() -> None:
    hot = HotAccounts(most_offers=9)
    hot.keep(having(account, offers=2) for account in "abc")
    hot.keep([having("a", offers=2)])
    assert kept(hot, "abc") == "abc"
    hot.keep([having("d", offers=2)])
    assert kept(hot, "abcd") == "acd"


def test_an_account_with_more_offers_than_may_be_kept_is_kept_alone() -> None:
    hot = HotAccounts(most_offers=9)
    hot.keep([having("a", offers=1), having("b", offers=20)])
    assert kept(hot, "ab") == "b"


def test_a_process_that_owns_every_partition_keeps_no_more_than_one_that_owns_the_only_one() -> None:
    for partitions in (1, 8, 24):
        assert circumstances(Settings(), partitions).most_offers * partitions <= MOST_OFFERS
    assert HOME.most_offers == MOST_OFFERS
