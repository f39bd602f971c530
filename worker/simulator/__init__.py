"""The simulator plays Stripe: seeded lives of financings, delivered as signed webhooks; it never reads the rules.

What a correct system must tell of each history is stated by hand beside it.
"""
