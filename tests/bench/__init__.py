"""Speed, memory and scale, measured; `make bench`."""
