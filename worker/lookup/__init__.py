"""The lookup role: asks Stripe what the rules want to know, and puts the answers on the events topic."""
