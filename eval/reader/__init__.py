<<<<<<< HEAD
"""Training and measuring the reader (`rag/reading`)."""
=======
"""Training and measuring the reader."""
>>>>>>> c7982c2 (A reader: network, weights and training (not wired in yet))
