"""VERB   check: what a pool looks like before anybody labels it, and what asking will probably be worth there."""
