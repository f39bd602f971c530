"""Evolving: what the rules make of a frozen value is what `dataclasses.replace` makes of it."""

from dataclasses import FrozenInstanceError, fields, replace

import pytest

from worker.rules.evolve import evolve
from worker.rules.milestones import Milestone
from worker.rules.state import AccountState, Hold, Offer, Withholding

OFFER = Offer("A", released=frozenset({Milestone.CREATED}), announced=True)
HOLD = Hold("G1", ("A:created",), ("A",), 5, 1, 7)
STATE = AccountState("acct_1", livemode=True, sequence=3, offers={"A": OFFER}, withholding=Withholding("A", "0.1"))


@pytest.mark.parametrize("value", [OFFER, HOLD, STATE])
def test_a_copy_without_changes_is_equal_of_the_same_class_and_another_value(
    value: Offer | Hold | AccountState,
) -> None:
    copy = evolve(value)
    assert copy == value
    assert type(copy) is type(value)
    assert copy is not value


def test_a_copy_has_what_was_changed_and_shares_all_else_and_the_original_stays() -> None:
    copy = evolve(OFFER, link_revision=2, released=frozenset())
    assert copy == replace(OFFER, link_revision=2, released=frozenset())
    unchanged = {field.name for field in fields(Offer)} - {"link_revision", "released"}
    assert all(getattr(copy, name) is getattr(OFFER, name) for name in unchanged)
    assert (OFFER.link_revision, OFFER.released) == (0, frozenset({Milestone.CREATED}))


@pytest.mark.parametrize("value", [OFFER, HOLD, STATE])
def test_a_copy_is_as_frozen_as_its_original(value: Offer | Hold | AccountState) -> None:
    copy = evolve(value)
    for field in fields(copy):
        with pytest.raises(FrozenInstanceError):
            setattr(copy, field.name, None)


def test_a_copy_behaves_as_its_class_does_and_can_be_evolved_again() -> None:
    again = evolve(evolve(OFFER, released=frozenset(Milestone)), id="B")
    assert (again.id, again.status) == ("B", Milestone.CANCELED)
    assert hash(evolve(HOLD)) == hash(HOLD)
    assert repr(evolve(HOLD)) == repr(HOLD)


def test_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(AttributeError):
        evolve(HOLD, patience=5)  # type: ignore[call-arg]  # the type checker refuses it, too
