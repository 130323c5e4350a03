"""The reader: it finds the exact answer inside a window of the best sentences, or says that there is none."""
