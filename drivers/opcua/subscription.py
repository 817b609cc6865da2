"""One subscription: made, listened to, taken over by a new session, made again."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import Any

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors._base import UaStatusCodeError

from drivers.opcua import decode
from drivers.opcua.answer import exactly, parsed
from drivers.opcua.asking import Asking, chunks
from drivers.opcua.counts import Counts
from drivers.opcua.plan import Item
from drivers.opcua.wire import Wire

LIFETIME_S = 60.0
"""How long the server keeps it without a Publish."""
LEAST_S, MOST_S = 0.05, 10.0
"""Publishing intervals."""
QUEUED_S = 10.0
"""So much of its past each item should keep; twice the time after which silence is no rest but an end."""
BUSY_S = 1.0
"""Pause after the server said that it had too many Publish requests."""
SLACK_S = 2.0


class Ended(Exception):
    """The server does not know the subscription any more, or is silent on it; the session goes on."""


class Subscription:
    """Of one session after the other. Raises `NotConnected` and `Ended`."""

    def __init__(
        self, items: Sequence[Item], wire: Wire, asking: Asking, counts: Counts, keep_alive_s: float, queue: int
    ) -> None:
        self._items = items
        self._wire = wire
        self._asking = asking
        self._counts = counts
        self._keep_alive_s = keep_alive_s
        self._queue = queue
        self._id = 0
        self._sequence = 0
        """Of the newest message."""
        self._silence_s = math.inf
        self._acks: list[ua.SubscriptionAcknowledgement] = []
        self._server_ids: dict[int, int] = {}
        """Item -> its number in the server."""

    @property
    def is_there(self) -> bool:
        return self._id != 0

    def missing(self) -> list[int]:
        """Items that the server does not watch."""
        return [item for item in range(len(self._items)) if item not in self._server_ids]

    async def make(self, alive_s: float = math.inf) -> None:
        """Without items yet. `alive_s`: a message comes at least so often, where that is less than the keep-alive."""
        interval_s = min(max(min(item.sampling_s for item in self._items), LEAST_S), MOST_S)
        request = ua.CreateSubscriptionRequest()
        wanted = request.Parameters
        wanted.RequestedPublishingInterval = ua.Double(interval_s * 1000)
        wanted.RequestedMaxKeepAliveCount = ua.UInt32(max(int(min(self._keep_alive_s, alive_s) / interval_s), 1))
        wanted.RequestedLifetimeCount = ua.UInt32(
            max(math.ceil(LIFETIME_S / interval_s), 3 * wanted.RequestedMaxKeepAliveCount)
        )
        wanted.MaxNotificationsPerPublish = ua.UInt32(0)
        wanted.PublishingEnabled = True
        response = parsed(ua.CreateSubscriptionResponse, await self._wire.ask(request))
        self._counts.subscriptions += 1
        revised = response.Parameters
        self._id, self._sequence, self._acks = revised.SubscriptionId, 0, []
        self._server_ids.clear()
        alive_s = revised.RevisedPublishingInterval * revised.RevisedMaxKeepAliveCount / 1000
        self._silence_s = max(2 * alive_s, self._keep_alive_s) + SLACK_S

    async def watch(self, nodes: Mapping[int, ua.NodeId]) -> dict[int, int]:
        """Watch these items; the status of each that the server refuses."""
        refused: dict[int, int] = {}
        for some in chunks(list(nodes.items()), self._asking.bounds.items):
            request = ua.CreateMonitoredItemsRequest()
            request.Parameters.SubscriptionId = self._id
            request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
            request.Parameters.ItemsToCreate = [self._wanted(item, node) for item, node in some]
            try:
                body = await self._wire.ask(request)
            except UaStatusCodeError as error:
                if error.code != StatusCodes.BadTooManyMonitoredItems:
                    raise
                refused.update((item, error.code) for item, _ in some)
                continue
            response = parsed(ua.CreateMonitoredItemsResponse, body)
            for (item, _), result in zip(some, exactly(response.Results, len(some)), strict=True):
                if result.StatusCode.is_good():
                    self._server_ids[item] = result.MonitoredItemId
                else:
                    refused[item] = result.StatusCode.value
        return refused

    def _wanted(self, item: int, node: ua.NodeId) -> ua.MonitoredItemCreateRequest:
        wish = self._items[item]
        wanted = ua.MonitoredItemCreateRequest()
        wanted.ItemToMonitor.NodeId = node
        wanted.ItemToMonitor.AttributeId = AttributeIds.Value
        wanted.MonitoringMode = ua.MonitoringMode.Reporting
        wanted.RequestedParameters.ClientHandle = ua.UInt32(item)
        wanted.RequestedParameters.SamplingInterval = ua.Double(0 if wish.is_prompt else wish.sampling_s * 1000)
        wanted.RequestedParameters.QueueSize = ua.UInt32(
            min(max(math.ceil(QUEUED_S / wish.sampling_s), 2), self._queue)
        )
        wanted.RequestedParameters.DiscardOldest = True
        return wanted

    async def unwatch(self, items: Sequence[int]) -> None:
        """Forget items, here and in the server."""
        known = [self._server_ids.pop(item) for item in items if item in self._server_ids]
        for some in chunks(known, self._asking.bounds.items):
            request = ua.DeleteMonitoredItemsRequest()
            request.Parameters.SubscriptionId = self._id
            request.Parameters.MonitoredItemIds = list(some)
            await self._wire.ask(request)

    async def moved(self) -> bool:
        """Whether a new session could take it over from the old one."""
        request = ua.TransferSubscriptionsRequest()
        request.Parameters.SubscriptionIds = [self._id]
        request.Parameters.SendInitialValues = False
        try:
            body = await self._wire.ask(request)
        except UaStatusCodeError:
            return False
        response = parsed(ua.TransferSubscriptionsResponse, body)
        return bool(response.Parameters.Results) and response.Parameters.Results[0].StatusCode.is_good()

    async def missed(self) -> list[decode.Published]:
        """What the server published and we did not get, in order."""
        found: list[decode.Published] = []
        while True:
            wanted = _after(self._sequence)
            request = ua.RepublishRequest()
            request.Parameters.SubscriptionId = self._id
            request.Parameters.RetransmitSequenceNumber = ua.UInt32(wanted)
            try:
                body = await self._wire.ask(request)
            except UaStatusCodeError as error:
                if error.code == StatusCodes.BadMessageNotAvailable:
                    return found
                raise Ended from error
            message = parsed(ua.RepublishResponse, body).NotificationMessage
            if message.SequenceNumber != wanted:
                return found  # some servers have an empty message for one that they have not
            response = ua.PublishResponse()
            response.Parameters.SubscriptionId = self._id
            response.Parameters.NotificationMessage = message
            found.append(decode.of_asyncua(response))
            self._take(found[-1])

    async def published(self) -> decode.Published:
        """The next message; a keep-alive is one without values. Raises `Ended` where none comes in time."""
        try:
            async with asyncio.timeout(self._silence_s):
                return await self._told()
        except TimeoutError as silence:
            raise Ended from silence

    async def _told(self) -> decode.Published:
        while True:
            try:
                answer = self._decoded(await self._wire.ask(self._request(), timeout_s=0))
            except UaStatusCodeError as error:
                await self._refused(error)
                continue
            if answer.subscription != self._id:
                continue  # of one that we have given up
            if any(isinstance(one, ua.StatusChangeNotification) for one in answer.others):
                raise Ended
            self._take(answer)
            return answer

    def _request(self) -> ua.PublishRequest:
        request = ua.PublishRequest()
        request.Parameters.SubscriptionAcknowledgements, self._acks = self._acks, []
        return request

    async def _refused(self, error: UaStatusCodeError) -> None:
        if error.code in {StatusCodes.BadNoSubscription, StatusCodes.BadSubscriptionIdInvalid}:
            raise Ended from error
        if error.code != StatusCodes.BadTimeout:
            await asyncio.sleep(BUSY_S)

    def _decoded(self, body: Any) -> decode.Published:
        answer = decode.published(bytes(body))
        if answer is None:
            self._counts.slowly += 1
            answer = decode.of_asyncua(parsed(ua.PublishResponse, body))
        return answer

    def _take(self, answer: decode.Published) -> None:
        """A keep-alive has the number of the message that will come, so only the others move on."""
        if answer.is_keep_alive:
            return
        self._sequence = answer.sequence
        self._counts.notifications += len(answer.handles)
        self._acks.append(ua.SubscriptionAcknowledgement(self._id, answer.sequence))

    async def drop(self) -> None:
        """Give it up, and tell the server if it listens. Raises `NotConnected`."""
        old, self._id = self._id, 0
        request = ua.DeleteSubscriptionsRequest()
        request.Parameters.SubscriptionIds = [old]
        try:
            await self._wire.ask(request)
        except UaStatusCodeError:
            return


def _after(sequence: int) -> int:
    """Sequence numbers begin with 1, after their end too (Part 4, 7.38)."""
    return 1 if sequence >= 0xFFFF_FFFF else sequence + 1
