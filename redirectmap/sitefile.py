"""The SQLite file of one crawled site: its tables, and how they are opened."""
