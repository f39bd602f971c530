"""Where the design says one thing and the rules do another: each test quotes the sentence it holds the rules to."""

from tests.rules.account import Account
from tests.rules.lives import Life
from worker.rules.milestones import Milestone

M = Milestone


def test_a_proof_that_comes_while_a_milestone_waits_behind_its_next_gate_still_closes_the_gap() -> None:
    """Predecessors that its own snapshot proves are released before it, basis `implied`, and are no gap."""
    account = Account()
    refill = Life("B", "refill", 2_000)
    account.hear(*Life("A").funded(), refill.event(M.CREATED, 2_000))
    account.hear(refill.event(M.PAID_OUT, 2_200, accepted=False, status="a word of tomorrow"))
    account.wait_in_vain("B")
    assert account.hold("B", M.PAID_OUT).gate == "G2"
    account.hear(refill.event(M.PAID_OUT, 2_200, id="evt_twin"))
    account.hear(Life("A").event(M.FULLY_REPAID, 2_200))
    assert account.release("B:paid_out").gap == ()
    assert account.release("B:accepted").basis == "implied"
