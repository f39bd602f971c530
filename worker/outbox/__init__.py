"""The outbox: what is owed to topics, numbered densely within a partition; written with the state it follows from."""
