"""From question to answer: evidence, citations, abstention. Read `engine.py` first."""
