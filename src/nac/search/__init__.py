"""The global search: architectures against objectives, with Optuna's study as its only record."""

from nac.search.objectives import OBJECTIVES, Candidate, Goals, Limit, Objective, goals
from nac.search.results import TrialResult, best, front, hypervolume, objective_names, ranked, results, select
from nac.search.run import run_search
from nac.search.storage import load_study

__all__ = [
    "OBJECTIVES",
    "Candidate",
    "Goals",
    "Limit",
    "Objective",
    "TrialResult",
    "best",
    "front",
    "goals",
    "hypervolume",
    "load_study",
    "objective_names",
    "ranked",
    "results",
    "run_search",
    "select",
]
