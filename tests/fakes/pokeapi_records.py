"""The records of the made-up PokeAPI: every resource's shape, and values made from a number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

CANONICAL_URL = "https://pokeapi.co/api/v2"

UNNAMED = frozenset(
    {"characteristic", "contest-effect", "evolution-chain", "machine", "super-contest-effect"}
)
FIRST_ID = {"move-ailment": -1}
IDS_JUMP_AFTER = {"pokemon": 1025, "pokemon-form": 1025}
JUMP_TO = 10_001

# Resource, number of rows, and the fields of a detail after `id`:
# `name` text, `name:i` integer, `name:b` boolean, `name:ii` integers, `name>x` link to an x,
# `name>>x` links, `name{...}` object, `name[...]` objects, `name*` objects like the one around it,
# `name~` sprites, and `names` for names[name language>language].
SHAPES = """
ability 373 name is_main_series:b generation>generation names effect_entries[effect short_effect
  language>language] effect_changes[version_group>version-group effect_entries[effect
  language>language]] flavor_text_entries[flavor_text language>language
  version_group>version-group] pokemon[is_hidden:b slot:i pokemon>pokemon]
berry 68 name growth_time:i max_harvest:i natural_gift_power:i size:i smoothness:i soil_dryness:i
  firmness>berry-firmness flavors[potency:i flavor>berry-flavor] item>item natural_gift_type>type
berry-firmness 5 name berries>>berry names
berry-flavor 5 name berries[potency:i berry>berry] contest_type>contest-type names
characteristic 30 gene_modulo:i possible_values:ii highest_stat>stat descriptions[description
  language>language]
contest-effect 33 appeal:i jam:i effect_entries[effect language>language]
  flavor_text_entries[flavor_text language>language]
contest-type 5 name berry_flavor>berry-flavor names[name color language>language]
currency 19 name names
egg-group 15 name names pokemon_species>>pokemon-species
encounter-condition 30 name values>>encounter-condition-value names
encounter-condition-value 354 name condition>encounter-condition names
encounter-method 66 name order:i names
evolution-chain 541 baby_trigger_item>item chain{is_baby:b species>pokemon-species
  evolution_details[version_group>version-group is_default:b item>item trigger>evolution-trigger
  gender:i held_item>item known_move>move known_move_type>type location>location min_level:i
  min_happiness:i min_beauty:i min_affection:i near_special_rock:b needs_multiplayer:b
  needs_overworld_rain:b party_species>pokemon-species party_type>type relative_physical_stats:i
  time_of_day trade_species>pokemon-species turn_upside_down:b region>region base_form>pokemon
  evolved_form>pokemon used_move>move min_move_count:i min_steps:i min_damage_taken:i]
  evolves_to*}
evolution-trigger 16 name names pokemon_species>>pokemon-species
gender 3 name pokemon_species_details[rate:i pokemon_species>pokemon-species]
  required_for_evolution>>pokemon-species
generation 9 name abilities>>ability main_region>region moves>>move names
  pokemon_species>>pokemon-species types>>type version_groups>>version-group
growth-rate 6 name formula descriptions[description language>language] levels[level:i
  experience:i] pokemon_species>>pokemon-species
item 2223 name fling_power:i fling_effect>item-fling-effect attributes>>item-attribute
  category>item-category effect_entries[effect short_effect language>language]
  flavor_text_entries[text version_group>version-group language>language]
  game_indices[game_index:i generation>generation] prices[purchase_price:i sell_price:i
  currency>currency version_group>version-group] names held_by_pokemon[pokemon>pokemon
  version_details[rarity:i version>version]] sprites{default} baby_trigger_for>evolution-chain
  machines[machine>machine version_group>version-group]
item-attribute 8 name descriptions[description language>language] items>>item names
item-category 54 name items>>item names pocket>item-pocket
item-fling-effect 7 name effect_entries[effect language>language] items>>item
item-pocket 8 name categories>>item-category names
language 14 name official:b iso639 iso3166 names
location 1104 name region>region names game_indices[game_index:i generation>generation]
  areas>>location-area
location-area 1533 name game_index:i encounter_method_rates[encounter_method>encounter-method
  version_details[rate:i version>version]] location>location names
  pokemon_encounters[pokemon>pokemon version_details[version>version max_chance:i
  encounter_details[min_level:i max_level:i chance:i method>encounter-method
  condition_values>>encounter-condition-value pokemon_details{min_perfect_ivs:i always_shiny:b
  never_shiny:b is_alpha:b}]]]
machine 2372 item>item version_group>version-group move>move
move 937 name accuracy:i effect_chance:i pp:i priority:i power:i
  contest_combos{normal{use_before>>move use_after>>move} super{use_before>>move use_after>>move}}
  contest_type>contest-type contest_effect>contest-effect damage_class>move-damage-class
  effect_entries[effect short_effect language>language] effect_changes[version_group>version-group
  effect_entries[effect language>language]] generation>generation meta{ailment>move-ailment
  category>move-category min_hits:i max_hits:i min_turns:i max_turns:i drain:i healing:i
  crit_rate:i ailment_chance:i flinch_chance:i stat_chance:i} names past_values[accuracy:i power:i
  pp:i effect_chance:i effect_entries[effect short_effect language>language] type>type
  version_group>version-group] stat_changes[change:i stat>stat]
  super_contest_effect>super-contest-effect target>move-target type>type machines[machine>machine
  version_group>version-group] flavor_text_entries[flavor_text language>language
  version_group>version-group] learned_by_pokemon>>pokemon
move-ailment 22 name moves>>move names
move-battle-style 3 name names
move-category 14 name descriptions[description language>language] moves>>move
move-damage-class 3 name descriptions[description language>language] moves>>move names
move-learn-method 12 name names descriptions[description language>language]
  version_groups>>version-group
move-target 16 name descriptions[description language>language] moves>>move names
nature 25 name decreased_stat>stat increased_stat>stat likes_flavor>berry-flavor
  hates_flavor>berry-flavor pokeathlon_stat_changes[max_change:i pokeathlon_stat>pokeathlon-stat]
  move_battle_style_preferences[low_hp_preference:i high_hp_preference:i
  move_battle_style>move-battle-style] names
pal-park-area 5 name names pokemon_encounters[base_score:i rate:i pokemon_species>pokemon-species]
pokeathlon-stat 5 name affecting_natures{increase[max_change:i nature>nature]
  decrease[max_change:i nature>nature]} names
pokedex 35 name is_main_series:b descriptions[description language>language] names
  pokemon_entries[entry_number:i pokemon_species>pokemon-species] region>region
  version_groups>>version-group
pokemon 1351 name base_experience:i height:i is_default:b order:i weight:i abilities[is_hidden:b
  slot:i ability>ability] past_abilities[abilities[is_hidden:b slot:i ability>ability]
  generation>generation] forms>>pokemon-form game_indices[game_index:i version>version]
  held_items[item>item version_details[rarity:i version>version]] location_area_encounters
  moves[move>move version_group_details[level_learned_at:i move_learn_method>move-learn-method
  version_group>version-group order:i]] species>pokemon-species sprites~ cries{latest legacy}
  stats[base_stat:i effort:i stat>stat] past_stats[generation>generation stats[base_stat:i
  effort:i stat>stat]] types[slot:i type>type] past_types[generation>generation types[slot:i
  type>type]]
pokemon-color 10 name names pokemon_species>>pokemon-species
pokemon-form 1579 name order:i form_order:i is_default:b is_battle_only:b is_mega:b form_name
  pokemon>pokemon sprites~ version_group>version-group form_names[name language>language] names
  types[slot:i type>type] trigger_conditions[trigger base_form>pokemon-form]
pokemon-habitat 9 name names pokemon_species>>pokemon-species
pokemon-shape 14 name awesome_names[awesome_name language>language] names
  pokemon_species>>pokemon-species
pokemon-species 1025 name order:i gender_rate:i capture_rate:i base_happiness:i is_baby:b
  is_legendary:b is_mythical:b hatch_counter:i has_gender_differences:b forms_switchable:b
  growth_rate>growth-rate pokedex_numbers[entry_number:i pokedex>pokedex] egg_groups>>egg-group
  color>pokemon-color shape>pokemon-shape evolves_from_species>pokemon-species
  evolution_chain>evolution-chain habitat>pokemon-habitat generation>generation names
  pal_park_encounters[base_score:i rate:i area>pal-park-area] form_descriptions[description
  language>language] flavor_text_entries[flavor_text language>language version>version]
  genera[genus language>language] varieties[is_default:b pokemon>pokemon]
region 11 name locations>>location main_generation>generation names pokedexes>>pokedex
  version_groups>>version-group
stat 9 name game_index:i is_battle_only:b affecting_moves{increase[change:i move>move]
  decrease[change:i move>move]} affecting_natures{increase>>nature decrease>>nature}
  affecting_items>>item characteristics>>characteristic move_damage_class>move-damage-class names
super-contest-effect 22 appeal:i flavor_text_entries[flavor_text language>language] moves>>move
type 21 name damage_relations{no_damage_to>>type half_damage_to>>type double_damage_to>>type
  no_damage_from>>type half_damage_from>>type double_damage_from>>type}
  past_damage_relations[generation>generation damage_relations{no_damage_to>>type
  half_damage_to>>type double_damage_to>>type no_damage_from>>type half_damage_from>>type
  double_damage_from>>type}] game_indices[game_index:i generation>generation]
  generation>generation move_damage_class>move-damage-class names pokemon[slot:i pokemon>pokemon]
  moves>>move sprites~
version 53 name names version_group>version-group
version-group 32 name order:i generation>generation move_learn_methods>>move-learn-method
  pokedexes>>pokedex regions>>region versions>>version
"""
TOKEN = re.compile(
    r"(?P<name>[a-z_0-9]+)(?P<kind>>>|>|:ii|:i|:b|~|\*|\[|\{)?(?P<of>(?<=>)[a-z-]+)?|(?P<end>[\]}])"
)


@dataclass(frozen=True)
class Field:
    """One field of a shape: its kind as written in ``SHAPES``, and what it links to or holds."""

    name: str
    kind: str
    of: str = ""
    inner: tuple[Field, ...] = ()


def _fields(tokens: Iterator[re.Match[str]]) -> tuple[Field, ...]:
    """Parse fields up to the bracket that closes them."""
    fields = []
    for token in tokens:
        if token["end"]:
            break
        name, kind = token["name"], token["kind"] or ""
        if kind in {"[", "{"}:
            fields.append(Field(name, kind, inner=_fields(tokens)))
        elif name == "names" and not kind:
            language = Field("language", ">", "language")
            fields.append(Field(name, "[", inner=(Field("name", ""), language)))
        else:
            fields.append(Field(name, kind, token["of"] or ""))
    return tuple(fields)


def _parse_shapes() -> tuple[dict[str, int], dict[str, tuple[Field, ...]]]:
    counts, shapes = {}, {}
    for line in re.sub(r"\n +", " ", SHAPES.strip()).splitlines():
        resource, count, shape = line.split(" ", 2)
        counts[resource] = int(count)
        shapes[resource] = _fields(TOKEN.finditer(shape))
    return counts, shapes


COUNTS, DETAILS = _parse_shapes()


def id_at(resource: str, index: int) -> int:
    """Return the id at a place of a list: ids start below 1, and jump."""
    jump = IDS_JUMP_AFTER.get(resource)
    if jump is not None and index >= jump:
        return JUMP_TO + index - jump
    return FIRST_ID.get(resource, 1) + index


def name_of(resource: str, number: int) -> str:
    """Return the name of a resource; items 3 and 7 share one, as two real items do."""
    return f"{resource}-{3 if (resource, number) == ('item', 7) else number}"


def entry(resource: str, number: int) -> dict[str, Any]:
    """Return a list entry, which is what links look like as well."""
    url = f"{CANONICAL_URL}/{resource}/{number}/"
    return {"url": url} if resource in UNNAMED else {"name": name_of(resource, number), "url": url}


def detail(resource: str, number: int) -> dict[str, Any]:
    """Return a whole resource."""
    made = {"id": number, **_object(DETAILS[resource], number, ())}
    if "name" in made:
        made["name"] = name_of(resource, number)
    return made


def _object(fields: tuple[Field, ...], seed: int, around: tuple[Field, ...]) -> dict[str, Any]:
    return {
        field.name: _value(field, seed + place, fields if around != fields else ())
        for place, field in enumerate(fields)
    }


def _value(field: Field, seed: int, around: tuple[Field, ...]) -> Any:
    """Make a value from a number."""
    some = range(seed % 3)
    if field.kind == "{":
        return _object(field.inner, seed, ())
    if field.kind == "[":
        return [_object(field.inner, seed + step, ()) for step in some]
    if field.kind == "*":
        return [_object(around, seed, around)] if around else []
    if field.kind == ">>":
        return [entry(field.of, 1 + step) for step in some]
    if field.kind == ":ii":
        return [step * 5 for step in some]
    return _single(field, seed)


def _single(field: Field, seed: int) -> Any:
    """Make a value that is no list; every fifth that may be null is."""
    if field.kind == "":
        return f"{field.name} é {seed}"
    if field.kind == "~":
        return {"front_default": None, "other": {"home": {"front_default": f"{seed}.png"}}}
    if seed % 5 == 0:
        return None
    if field.kind == ">":
        return entry(field.of, 1 + seed % 3)
    return seed % 2 == 0 if field.kind == ":b" else seed * 7 % 100 - 1
