"""From a folder of articles to a searchable index: read, split, encode, catalogue, project, retrieve."""
