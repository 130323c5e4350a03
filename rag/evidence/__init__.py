"""Which sentences answer a question: they are ranked, the confidence is measured, and the best are selected."""
