"""A HubSpot of its own, over HTTP on this machine.

::

    with HubSpot() as hubspot:
        identity = hubspot.portal.create("contacts", {"email": "ada@example.com"})
        hubspot.before(2, lambda: hubspot.portal.archive("contacts", identity))
        hubspot.spoil(too_many(), number=3)
        run(TapHubSpot, hubspot.settings())
"""

from tests.fakes.hubspot.clock import Clock
from tests.fakes.hubspot.faults import too_many
from tests.fakes.hubspot.limits import Limits, unlimited
from tests.fakes.hubspot.portal import DAY_ONE, Portal
from tests.fakes.hubspot.samples import fill
from tests.fakes.hubspot.server import HubSpot
from tests.fakes.trouble import bad_gateway, reset_mid_body, slow

__all__ = [
    "DAY_ONE",
    "Clock",
    "HubSpot",
    "Limits",
    "Portal",
    "bad_gateway",
    "fill",
    "reset_mid_body",
    "slow",
    "too_many",
    "unlimited",
]
