"""From the outbox to one destination: window, refusals, back-off, and what the operator is told about it."""

from agent.publish.delivery import Delivery, Opener
from agent.publish.expiry import Expiry
from agent.publish.pace import Pace

__all__ = ["Delivery", "Expiry", "Opener", "Pace"]
