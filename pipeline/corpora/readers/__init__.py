"""One module a corpus: its provenance, its licence, its layout, and how it is listed."""
