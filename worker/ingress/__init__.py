"""The ingress: takes Stripe's webhooks, verifies them, and hands their bytes to the events topic; decides nothing."""
