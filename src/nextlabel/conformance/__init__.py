"""The contracts that parts keep, to be run on your own: one module for each kind of part, one function a promise.

`strategies` holds ``for_strategies`` (asked through the door, as the loop does) and ``for_drop_ins`` (asked directly,
as scikit-activeml does). `models`, `embedders`, `datasets`, `scorers`, `estimators`, `indicators` and `engines` hold
``for_models``, ``for_embedders`` and so on. Every name in nextlabel's own tables is held to them. A check is given the
part, or its entry in the table, and raises `AssertionError`, with a sentence, where a promise is broken.

Your own strategy passes, or you are told what it does wrong:

>>> import numpy as np
>>> from skactiveml.base import SingleAnnotatorPoolQueryStrategy
>>> from nextlabel.conformance import strategies
>>> from nextlabel.strategies import StrategyEntry
>>> class Outermost(SingleAnnotatorPoolQueryStrategy):
...     '''Asks about the samples that are farthest from the middle.'''
...     def query(self, X, y, batch_size=1):
...         away = np.where(y < 0, np.linalg.norm(X - X.mean(axis=0), axis=1), -1)
...         return np.argsort(-away, kind="stable")[:batch_size]
>>> for check in strategies.for_strategies:
...     check(StrategyEntry(Outermost))
"""

from nextlabel.conformance import datasets, embedders, engines, estimators, indicators, models, scorers, strategies

__all__ = ["datasets", "embedders", "engines", "estimators", "indicators", "models", "scorers", "strategies"]
