"""The two ways a command can end badly; the command line turns them into exit statuses."""


class NacError(Exception):
    """Base of every error the program raises on purpose. Its text is one sentence for the user."""

    exit_status = 1


class InputError(NacError):
    """What the user gave is wrong: the text names the file, the key and what was expected."""

    exit_status = 2


class WorkError(NacError):
    """The input was right and the work failed: training diverged, two engines disagree, a tool broke."""

    exit_status = 1


class InterruptionError(NacError):
    """Somebody pressed Ctrl-C: the text says what is kept and how to go on."""

    exit_status = 130
