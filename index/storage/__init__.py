"""What is kept on disk: the catalogue (SQLite) and its two projections, dense (Chroma) and lexical (tantivy)."""
