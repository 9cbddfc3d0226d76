"""The global search: architectures against objectives, with Optuna's study as its only record."""

from nac.search.deployment import Deployment, Infeasible
from nac.search.leaders import train_leaders_again, trainings
from nac.search.objectives import HARDWARE, Candidate, Goals, Limit, Objective, goals
from nac.search.results import TrialResult, best, front, hypervolume, objective_names, ranked, results, select
from nac.search.run import begin_search, run_search
from nac.search.status import SearchStatus, status
from nac.search.storage import locks_of, run_of, serves_many

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
    "locks_of",
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
