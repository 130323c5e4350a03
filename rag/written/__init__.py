"""Answers that a language model writes: the server, the prompts, and what becomes of the model's text."""
