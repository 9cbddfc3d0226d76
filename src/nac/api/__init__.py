"""The Python front door: what `import nac` offers, of which every verb of the command line is one call."""
