"""tap-notion: users, databases, pages, blocks, comments, markdown, and each data source typed."""
