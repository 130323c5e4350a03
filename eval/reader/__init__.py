"""Training and measuring the reader (`rag/reading`)."""
