"""The store: every table but the outbox, and the only place beside it where SQL is written."""
