"""Authentication of sources: settings, authenticators and the builder that joins them."""
