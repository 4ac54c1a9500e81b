"""Statistics: what may be said about strategies, and how surely.

    metrics.py     what is measured, and what it is called
    curves.py      learning curves, their area, means with bands
    inference.py   intervals and tests on one value per seed
    ratios.py      how many labels random needs for every label of a strategy
    standings.py   how each strategy did, and the verdicts of one call
    families.py    several datasets: one vote per family
    gates.py       what must hold before a verdict is worth reading

A curve is one strategy under one seed. Strategies that are compared share split and starting set under a seed, so
differences are taken within a seed first and averaged afterwards: that cancels most of what splits have to do with it.
Everything is in fractions; points are for prose.
"""
