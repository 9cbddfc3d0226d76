"""The one thing that Optuna 5 has no public way for: to go on with a trial that another process began."""

from optuna import Study
from optuna.trial import FrozenTrial, Trial

VERSION = "5"


def handle(study: Study, trial: FrozenTrial | Trial) -> Trial:
    """A trial of a study to draw with and to write to, of what was read of it or of another such handle.

    Genes that are on record are drawn again; others come from the study's sampler, which is asked at once for what
    it draws together.
    """
    return Trial(study, trial._trial_id)
