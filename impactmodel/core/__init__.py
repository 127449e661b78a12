"""The currency of the house: outcomes, rules, specs, time, money, seeds, errors."""
