"""The public data sets that are known, one module for each publication."""
