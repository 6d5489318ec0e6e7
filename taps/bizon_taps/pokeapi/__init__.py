"""tap-pokeapi: the 49 resources of the PokeAPI, as lists or in detail."""
