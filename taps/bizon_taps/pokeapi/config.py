"""Settings of tap-pokeapi."""

from __future__ import annotations

from pydantic import Field

from bizon_singer.source.config import BaseUrl, Integer, SourceConfig


class PokeApiSourceConfig(SourceConfig):
    """Where the PokeAPI is and how deep it is read."""

    name: str = Field(default="pokeapi", description="Name of the source connector.")
    base_url: BaseUrl = Field(
        default="https://pokeapi.co/api/v2",
        description="Root of the API, for a mirror or a server of your own. Requests go nowhere "
        "else, whatever host its answers name.",
    )
    page_size: Integer = Field(
        default=100, ge=1, le=100_000, description="Entries of a list asked for in one request."
    )
    details: bool = Field(
        default=False,
        description="Fetch every resource in full, one request each, instead of its list entry.",
    )
    detail_workers: Integer = Field(
        default=8, ge=1, le=32, description="Details fetched at the same time."
    )
    skip_unchanged: bool = Field(
        default=False,
        description="Read nothing when the API's data has not been deployed anew since the last "
        "complete run.",
    )
