<<<<<<< HEAD
"""The reader: it finds the exact answer inside a window of the best sentences, or says that there is none."""
=======
"""Reading: whether a passage answers a question, and where."""
>>>>>>> c7982c2 (A reader: network, weights and training (not wired in yet))
