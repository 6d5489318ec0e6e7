"""A schema registry of its own, which speaks Confluent's API and Apicurio's, versions 2 and 3."""
