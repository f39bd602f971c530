"""Transactions: each recorded and told once by its id; of two that differ the earlier event stays."""

from worker.rules.draft import Draft
from worker.rules.facts import LineOfCreditEvent, TransactionEvent
from worker.rules.releases import LineOfCreditUpdated, TransactionRecorded


def record(draft: Draft, event: TransactionEvent) -> None:
    """Record a transaction; a second one of the same id and another content raises attention, whichever came first."""
    identity = event.transaction.id
    known = draft.transactions.get(identity)
    if known is None:
        draft.transactions = {**draft.transactions, identity: event}
        draft.release(TransactionRecorded(event.transaction))
        return
    if (event.created, event.id) < (known.created, known.id):
        draft.transactions = {**draft.transactions, identity: event}
    if event.transaction != known.transaction:
        draft.raise_attention("conflict", identity, "two events show this transaction with different contents")


def update_line_of_credit(draft: Draft, event: LineOfCreditEvent) -> None:
    """Tell a line of credit's new terms, once for each event."""
    if event.id not in draft.updates:
        draft.updates |= {event.id}
        draft.release(LineOfCreditUpdated(event.id, event.summary))
