"""Answers as files: for readers, for reference managers, and to be checked again later."""
