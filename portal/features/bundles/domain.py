"""Exports, bundles and deliveries."""

import enum

from portal.kernel.machine import machine


class ExportState(enum.StrEnum):
    """An export is open while it chooses and builds; a finished bundle never changes."""

    CHOOSING = "choosing"
    BUILDING = "building"
    FINISHED = "finished"
    ABANDONED = "abandoned"


EXPORT = machine(
    ExportState.CHOOSING,
    {
        ExportState.CHOOSING: {ExportState.BUILDING, ExportState.ABANDONED},
        ExportState.BUILDING: {ExportState.FINISHED, ExportState.ABANDONED},
    },
)
OPEN = frozenset({ExportState.CHOOSING, ExportState.BUILDING})


class DeliveryState(enum.StrEnum):
    """How far a bundle is on its way into the package."""

    PENDING = "pending"
    DOWNLOADED = "downloaded"
    WRITTEN = "written"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


DELIVERY = machine(
    DeliveryState.PENDING,
    {
        DeliveryState.PENDING: {
            DeliveryState.DOWNLOADED,
            DeliveryState.WRITTEN,
            DeliveryState.CONFIRMED,
            DeliveryState.REFUSED,
        },
        DeliveryState.DOWNLOADED: {DeliveryState.WRITTEN, DeliveryState.CONFIRMED, DeliveryState.REFUSED},
        DeliveryState.WRITTEN: {DeliveryState.CONFIRMED, DeliveryState.REFUSED},
        DeliveryState.REFUSED: {DeliveryState.DOWNLOADED, DeliveryState.WRITTEN, DeliveryState.CONFIRMED},
    },
)
