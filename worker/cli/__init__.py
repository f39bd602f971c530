"""The command line: arguments in, exit status out; what a command does lies elsewhere."""
