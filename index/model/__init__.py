"""The encoder that turns text into vectors, and the bundled weights."""
