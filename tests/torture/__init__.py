"""Kills, damage, full disks and fuzzing at length; `make torture`."""
