"""Public finances: dated rules with sources, payers and savings."""
