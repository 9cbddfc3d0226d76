"""The global search: architectures against objectives, with Optuna's study as its only record."""

from nac.global_search.deployment import Deployment, Infeasible
from nac.global_search.leaders import train_leaders_again, trainings
from nac.global_search.objectives import HARDWARE, Candidate, Goals, Limit, Objective, goals
from nac.global_search.results import TrialResult, best, front, hypervolume, objective_names, ranked, results, select
from nac.global_search.run import begin_search, run_search
from nac.global_search.status import SearchStatus, status
from nac.global_search.storage import run_of, serves_many

__all__ = [
    "HARDWARE",
    "Candidate",
    "Deployment",
    "Goals",
    "Infeasible",
    "Limit",
    "Objective",
    "SearchStatus",
    "TrialResult",
    "begin_search",
    "best",
    "front",
    "goals",
    "hypervolume",
    "objective_names",
    "ranked",
    "results",
    "run_of",
    "run_search",
    "select",
    "serves_many",
    "status",
    "train_leaders_again",
    "trainings",
]
