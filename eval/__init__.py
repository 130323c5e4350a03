"""How good it is: gold questions, metrics, runs and reports. May import rag and index, never api."""
