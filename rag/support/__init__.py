"""Whether a written sentence is supported by the quotes that it cites: numbers, names, negation, meaning."""
