"""The resources of the PokeAPI: their names, what they are, and the schemas of their records."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

RESOURCES = {
    "ability": "Abilities of Pokémon, with their effects and who has them.",
    "berry": "Berries, with growth, flavors and the item each one is.",
    "berry-firmness": "How soft or hard berries are.",
    "berry-flavor": "Flavors of berries.",
    "characteristic": "Phrases that hint at the highest individual value of a Pokémon.",
    "contest-effect": "Effects of moves in contests.",
    "contest-type": "Categories in which contests are judged.",
    "currency": "Currencies items are bought with.",
    "egg-group": "Groups of species that can breed with each other.",
    "encounter-condition": "Conditions that decide which Pokémon appear, such as time of day.",
    "encounter-condition-value": "States an encounter condition can have, such as night.",
    "encounter-method": "Ways to meet wild Pokémon, such as walking in tall grass.",
    "evolution-chain": "Families of species, from the first stage to the last.",
    "evolution-trigger": "Events that make a Pokémon evolve.",
    "gender": "Genders, with the species that have them.",
    "generation": "Generations of games, with what each one introduced.",
    "growth-rate": "How fast Pokémon gain levels by experience.",
    "item": "Items, with effects, prices and who holds them in the wild.",
    "item-attribute": "Properties of items, such as being usable in battle.",
    "item-category": "Categories of items, each in one pocket of the bag.",
    "item-fling-effect": "What happens when an item is thrown with the move Fling.",
    "item-pocket": "Pockets of the bag.",
    "language": "Languages the other resources are translated into.",
    "location": "Places of the games, such as towns and routes.",
    "location-area": "Areas within a location, with the Pokémon met there.",
    "machine": "Machines: the item that teaches a move in a group of versions.",
    "move": "Moves, with power, accuracy, effects and who learns them.",
    "move-ailment": "Status conditions moves can cause.",
    "move-battle-style": "Styles of moves in the Battle Palace.",
    "move-category": "Broad groups of what moves do.",
    "move-damage-class": "Kinds of damage: physical, special or none.",
    "move-learn-method": "Ways in which Pokémon learn moves.",
    "move-target": "What moves can be aimed at.",
    "nature": "Natures, with the stats they raise and lower.",
    "pal-park-area": "Areas of the Pal Park, with the species met there.",
    "pokeathlon-stat": "What Pokémon are rated by in Pokéathlons.",
    "pokedex": "Pokédexes, with the numbers species have in them.",
    "pokemon": "Pokémon, with stats, types, abilities, moves and sprites.",
    "pokemon-color": "Colors species are sorted by.",
    "pokemon-form": "Looks a Pokémon can have.",
    "pokemon-habitat": "Kinds of land species live in.",
    "pokemon-shape": "Body shapes species are sorted by.",
    "pokemon-species": "Species, with what all their Pokémon share.",
    "region": "Regions of the world, with locations and Pokédexes.",
    "stat": "Stats of Pokémon, with the moves and natures that affect them.",
    "super-contest-effect": "Effects of moves in super contests.",
    "type": "Types of Pokémon and moves, with what each is strong and weak against.",
    "version": "Versions of the games.",
    "version-group": "Groups of versions that are nearly the same.",
}
"""A sentence on each resource, in the order of the API root, https://pokeapi.co/api/v2/.

``meta``, which the root names as well, lists nothing: it tells the version of the data."""


def schemas_of(resource: str) -> dict[str, dict[str, Any]]:
    """Return the JSON Schemas of a resource, made by :mod:`bizon_taps.pokeapi.schemas.generate`.

    Returns:
        ``{"list": schema of a list entry with its id, "detail": schema of a whole resource}``,
        read anew each time: whoever changes them changes nobody else's.
    """
    text = files("bizon_taps.pokeapi.schemas").joinpath(f"{resource}.json").read_bytes()
    schemas: dict[str, dict[str, Any]] = json.loads(text)
    return schemas
