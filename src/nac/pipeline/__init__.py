"""The named steps of a run and what the command line's verbs do; import its modules, each needs only its own rooms."""
