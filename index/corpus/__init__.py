"""From a file to passages: which files belong to a corpus, how they are read, and where passages end."""
