"""Intake: a file that is not yet a document."""

import enum

from portal.kernel.machine import machine


class IntakeState(enum.StrEnum):
    """Where a handed-in file is."""

    RECEIVED = "received"  # stored, not looked at yet
    TO_PROCESS = "to_process"  # waits in quick entry for a person
    PROCESSED = "processed"
    SPLIT = "split"  # an archive, or a file cut in several
    REJECTED = "rejected"


INTAKE = machine(
    IntakeState.RECEIVED,
    {
        IntakeState.RECEIVED: {
            IntakeState.TO_PROCESS,
            IntakeState.PROCESSED,
            IntakeState.SPLIT,
            IntakeState.REJECTED,
        },
        IntakeState.TO_PROCESS: {IntakeState.PROCESSED, IntakeState.SPLIT, IntakeState.REJECTED},
        IntakeState.REJECTED: {IntakeState.TO_PROCESS},
    },
)
