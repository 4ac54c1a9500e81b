"""scikit-activeml's own strategies: ``skactiveml:ClassName(…)``, each with what it needs, and those that cannot work.

Two tables hold every class of ``skactiveml.pool``: `UPSTREAM` those that run, `CANNOT` the others, with the reason.
"""

import difflib
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from skactiveml import pool
from skactiveml.base import SingleAnnotatorPoolQueryStrategy
from skactiveml.classifier import MixtureModelClassifier, ParzenWindowClassifier, SklearnClassifier
from sklearn.linear_model import LogisticRegression

from nextlabel.errors import BadSpecification, UnknownName
from nextlabel.specifications import Specification, parse_specification
from nextlabel.strategies.base import MISSING, Question
from nextlabel.strategies.costs import quire_seconds, retrain_seconds, subsample_seconds
from nextlabel.strategies.door import StrategyEntry, always, class_count
from nextlabel.text import shorten

PREFIX = "skactiveml:"
SET_BY_THE_LOOP = ("missing_label", "random_state")  # whoever asks knows what is missing, and has the seed


def codes(question: Question) -> list[int]:
    """All class codes, those without a label too."""
    return list(range(question.classes))


def with_seed(question: Question) -> dict[str, Any]:
    """A seed for k-means: upstream forgets it in Clue and DropQuery."""
    return {"random_state": question.seed}


def kernel(question: Question) -> str | None:
    """ProbabilisticAL counts label frequencies with a kernel where the classifier has none to give."""
    return None if hasattr(question.clf, "predict_freq") else "rbf"


def configuration_count(question: Question) -> int:
    """Label configurations that BatchBALD samples: 1,000, or as few as 100 where n x configurations x C would be huge.

    Upstream's default is one for each member of the committee, too few to tell samples apart; fewer than that and it
    asks for row 0 (in 1.0.1).
    """
    return min(1000, max(100, 10**7 // (len(question.y) * question.classes)))


def mixture(question: Question) -> MixtureModelClassifier:
    """FourDs reads its densities off a mixture model, and takes no other classifier."""
    return MixtureModelClassifier(classes=codes(question), missing_label=MISSING, random_state=question.seed)


def parzen(question: Question) -> ParzenWindowClassifier:
    """A kernel classifier, of whose counts epistemic uncertainty can be computed."""
    return ParzenWindowClassifier(classes=codes(question), missing_label=MISSING, random_state=question.seed)


def discriminator(question: Question) -> SklearnClassifier:
    """Tells labelled (0) from unlabelled (1), which upstream sets itself."""
    return SklearnClassifier(LogisticRegression(max_iter=300), missing_label=MISSING, random_state=question.seed)


KMEANS = {"cluster_algo_dict": with_seed}
REFIT = {"fit_clf": always(True)}  # it trains a copy again for each candidate and class, and must know on what

UPSTREAM: Mapping[str, StrategyEntry] = {
    "Badge": StrategyEntry(pool.Badge),
    "BatchBALD": StrategyEntry(pool.BatchBALD, init={"n_MC_samples": configuration_count}),
    "Clue": StrategyEntry(pool.Clue, init=KMEANS),
    "ContrastiveAL": StrategyEntry(pool.ContrastiveAL),
    "CoreSet": StrategyEntry(pool.CoreSet),
    "CostEmbeddingAL": StrategyEntry(pool.CostEmbeddingAL, init={"classes": codes}),
    "DiscriminativeAL": StrategyEntry(pool.DiscriminativeAL, given={"discriminator": discriminator}),
    "DropQuery": StrategyEntry(pool.DropQuery, init=KMEANS),
    "EpistemicUncertaintySampling": StrategyEntry(
        pool.EpistemicUncertaintySampling, given={"clf": parzen, "fit_clf": always(True)}, most_classes=2
    ),
    "Falcun": StrategyEntry(pool.Falcun),
    "FourDs": StrategyEntry(pool.FourDs, given={"clf": mixture, "fit_clf": always(True)}),
    "GreedyBALD": StrategyEntry(pool.GreedyBALD),
    "GreedySamplingX": StrategyEntry(pool.GreedySamplingX),  # listed under regression, but it looks at features alone
    "MaxHerding": StrategyEntry(pool.MaxHerding),
    "MonteCarloEER": StrategyEntry(pool.MonteCarloEER, given=REFIT, cost=retrain_seconds(0.011)),
    "ProbCover": StrategyEntry(
        pool.ProbCover, init={"n_classes": class_count, **KMEANS}, unit_rows=True
    ),  # its radii are absolute
    "ProbabilisticAL": StrategyEntry(pool.ProbabilisticAL, init={"metric": kernel}),
    "QueryByCommittee": StrategyEntry(pool.QueryByCommittee),
    "Quire": StrategyEntry(pool.Quire, init={"classes": codes}, cost=quire_seconds),
    "RandomSampling": StrategyEntry(pool.RandomSampling),
    "SubSamplingWrapper": StrategyEntry(pool.SubSamplingWrapper),
    "TypiClust": StrategyEntry(
        pool.TypiClust, init=KMEANS, faults=(UnboundLocalError,)
    ),  # when every cluster holds a label
    "UncertaintySampling": StrategyEntry(pool.UncertaintySampling),
    "ValueOfInformationEER": StrategyEntry(pool.ValueOfInformationEER, given=REFIT, cost=retrain_seconds(0.013)),
}

PREDICTS_NUMBERS = "it predicts numbers, not classes"
ANNOTATORS = "it chooses annotators as well as samples, and here one person answers"
STREAM = "it decides on one sample at a time as they arrive, and here the whole pool is at hand"

CANNOT: Mapping[str, str] = {
    "ExpectedErrorReduction": "it is the base of MonteCarloEER and ValueOfInformationEER; name one of them",
    "ParallelUtilityEstimationWrapper": "it can ask for one sample only, never for a batch",
    "ExpectedModelChangeMaximization": PREDICTS_NUMBERS,
    "ExpectedModelOutputChange": PREDICTS_NUMBERS,
    "ExpectedModelVarianceReduction": PREDICTS_NUMBERS,
    "GreedySamplingTarget": PREDICTS_NUMBERS,
    "KLDivergenceMaximization": PREDICTS_NUMBERS,
    "RegressionTreeBasedAL": PREDICTS_NUMBERS,
    "IntervalEstimationAnnotModel": ANNOTATORS,
    "IntervalEstimationThreshold": ANNOTATORS,
    "SingleAnnotatorWrapper": ANNOTATORS,
    "CognitiveDualQueryStrategy": STREAM,
    "CognitiveDualQueryStrategyFixUn": STREAM,
    "CognitiveDualQueryStrategyRan": STREAM,
    "CognitiveDualQueryStrategyRanVarUn": STREAM,
    "CognitiveDualQueryStrategyVarUn": STREAM,
    "FixedUncertainty": STREAM,
    "PeriodicSampling": STREAM,
    "RandomVariableUncertainty": STREAM,
    "Split": STREAM,
    "StreamDensityBasedAL": STREAM,
    "StreamProbabilisticAL": STREAM,
    "StreamRandomSampling": STREAM,
    "UncertaintyZliobaite": STREAM,
    "VariableUncertainty": STREAM,
}


def upstream(text: str, short: Iterable[str] = ()) -> StrategyEntry:
    """The strategy that ``skactiveml:ClassName(name=literal)`` specifies; its arguments beat ours.

    Raises `UnknownName` (with a suggestion, ``short`` names included) or `BadSpecification`.
    """
    spec = parse_specification(text)
    *modules, name = spec.path.split(".")
    if name in CANNOT:
        raise BadSpecification(f"{PREFIX}{name} cannot be used: {CANNOT[name]}.")
    if name not in UPSTREAM or modules not in ([], ["pool"]):
        raise unknown(f"{PREFIX}{spec.path}", short)
    entry, args = UPSTREAM[name], arguments(UPSTREAM[name].kind, spec)
    if name == "SubSamplingWrapper":
        return subsample(entry, args)
    return replace(entry, args={**entry.args, **args})


def subsample(wrapper: StrategyEntry, args: Mapping[str, Any]) -> StrategyEntry:
    """A strategy that sees a random part of the pool; ``args["query_strategy"]`` is its specification, as text."""
    inner = args.get("query_strategy")
    if not isinstance(inner, str):
        raise BadSpecification(
            "SubSamplingWrapper wraps another strategy. Name it as text, such as query_strategy='Quire(lmbda=0.5)'."
        )
    wrapped = upstream(inner if inner.startswith(PREFIX) else PREFIX + inner)
    return replace(
        wrapped,
        kind=wrapper.kind,
        args={name: value for name, value in args.items() if name != "query_strategy"},
        init={"query_strategy": wrapped.make},
        given=wrapped.needs,
        cost=None if wrapped.cost is None else subsample_seconds(wrapped.cost, wrapped.args),
    )


def arguments(kind: type[SingleAnnotatorPoolQueryStrategy], spec: Specification) -> dict[str, Any]:
    """The specification's arguments by name; raises `BadSpecification` for those that ``kind`` does not take."""
    try:
        bound = inspect.signature(kind).bind_partial(*spec.args, **spec.kwargs).arguments
    except TypeError as error:
        raise BadSpecification(f"'{spec.path}' does not take these arguments: {error}.") from None
    for name in SET_BY_THE_LOOP:
        if name in bound:
            raise BadSpecification(f"'{spec.path}' cannot be given {name}: the loop sets it. Leave it out.")
    return bound


def unknown(name: str, short: Iterable[str] = ()) -> UnknownName:
    """What to raise for a name that nobody has; it suggests short names and scikit-activeml's."""
    ours, theirs = {_plain(word): word for word in short}, {_plain(word): PREFIX + word for word in UPSTREAM}
    known = ours | theirs | ours  # ours come first, and ours are meant where both have the name
    near = difflib.get_close_matches(_plain(name.removeprefix(PREFIX)), known, 1)
    hint = f"Did you mean '{known[near[0]]}'?" if near else f"Known: {', '.join(known.values())}."
    return UnknownName(f"No query strategy is called '{shorten(name)}'. {hint}")


def _plain(name: str) -> str:
    return name.rpartition(".")[2].lower().replace("_", "").replace("-", "")
