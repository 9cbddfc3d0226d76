"""The kit: what a firmware engineer is handed, to build and check a design without this program."""
