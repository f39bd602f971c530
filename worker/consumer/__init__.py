"""The consumer: one lane per partition takes records in order, asks the rules and commits what they decide."""
