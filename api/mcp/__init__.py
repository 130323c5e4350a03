"""The door for clients that speak the Model Context Protocol."""
