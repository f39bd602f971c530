"""The worker: signed Stripe Capital webhooks in, ordered exactly-once notifications out."""
