"""The other circuits of networks that lead a search: where genes say how they are folded, no training precedes them."""

from itertools import product

import optuna

from nac.config import SearchConfig
from nac.global_search import budget
from nac.global_search.results import front
from nac.space import FOLDING_GENES, Genotype, SearchSpace, folding
from nac.trial import record_of


def is_spent(study: optuna.Study, space: SearchSpace, settings: SearchConfig) -> bool:
    """Whether nothing is left to begin: all networks are found, and all circuits of those that lead are measured."""
    done = len(budget.counted(study.get_trials(deepcopy=False)))
    return done >= settings.trials and another_circuit(study, space, settings) is None


def another_circuit(study: optuna.Study, space: SearchSpace, settings: SearchConfig) -> Genotype | None:
    """A member that was not tried and differs from one on the front in how its circuit is folded alone, if any does."""
    if not settings.quantise:
        return None
    genes = {name: space.genes[name] for name in FOLDING_GENES if name in space.genes}
    if not genes:
        return None
    trials = study.get_trials(deepcopy=False)
    records = [record_of(trial) for trial in trials]
    tried = {(record.hash, folding(record.genotype)) for record in records}
    planned = [trial.system_attrs.get("fixed_params") for trial in trials if not trial.state.is_finished()]
    for leader in front(study):
        hash_ = records[leader.number].hash
        others = ({**leader.genotype, **dict(zip(genes, values, strict=True))} for values in product(*genes.values()))
        for other in (other for other in others if (hash_, folding(other)) not in tried):
            genotype = space.repair(other)
            if (hash_, folding(genotype)) not in tried and genotype not in planned:
                return genotype
    return None
