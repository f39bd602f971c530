"""Transactions: each recorded and told once by its id; of two that differ the earlier event stays."""

from worker.rules.draft import Draft
from worker.rules.facts import LineOfCreditEvent, TransactionEvent
from worker.rules.releases import LineOfCreditUpdated, TransactionRecorded


def record(draft: Draft, event: TransactionEvent) -> None:
    """Record a transaction; a second one of the same id and another content raises attention, whichever came first."""
    identity = event.transaction.id
    if event.transaction.reason == "refill" and event.transaction.offer is not None:
        draft.change(refilled=draft.state.refilled | {event.transaction.offer})
        draft.links_doubtful = True
    known = draft.state.transactions.get(identity)
    if known is None:
        _keep(draft, event)
        draft.release(TransactionRecorded(event.transaction))
        return
    if _precedes(event, known):
        _keep(draft, event)
    if event.transaction != known.transaction:
        draft.raise_attention("conflict", identity, "two events show this transaction with different contents")


def _precedes(event: TransactionEvent, known: TransactionEvent) -> bool:
    """The tie rule: the earlier event stays, then the lesser id; of one id with two contents the greater text."""
    if (event.created, event.id) != (known.created, known.id):
        return (event.created, event.id) < (known.created, known.id)
    return repr(event.transaction) > repr(known.transaction)


def _keep(draft: Draft, event: TransactionEvent) -> None:
    draft.change(transactions={**draft.state.transactions, event.transaction.id: event})


def update_line_of_credit(draft: Draft, event: LineOfCreditEvent) -> None:
    """Tell a line of credit's new terms, once for each event."""
    if event.id not in draft.state.updates:
        draft.change(updates=draft.state.updates | {event.id})
        draft.release(LineOfCreditUpdated(event.id, event.summary))
