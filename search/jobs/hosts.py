"""The exchange between the host of a supervisor and the hosts of its other workers."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import optuna

from search.jobs.ticking import every
from search.study.copies import (
    offer_study,
    publish_wishes,
    take_wishes,
    withdraw_study,
)
from search.study.folders import StudyHandle, is_copy
from search.study.optuna_study import open_study
from search.study.parcels import Receiver, Sender
from search.study.storage.artifacts import open_artifacts
from search.study.trials.outcomes import replay_spool

EXCHANGE_SECONDS = 2.0

logger = logging.getLogger(__name__)


@contextmanager
def serving_hosts(handle: StudyHandle, study: optuna.Study) -> Iterator[None]:
    """Offer the study to other hosts inside the block, and take what they send.

    Without an artifact location it does nothing.
    """
    place = open_artifacts(handle.environment)
    if place is None:
        yield
        return
    offer_study(handle, study, place)
    receiver = Receiver(handle, place)
    known: dict[str, Any] = {}

    def exchange() -> None:
        nonlocal known
        known = publish_wishes(handle, study, known)
        receiver.receive()

    try:
        with every(EXCHANGE_SECONDS, exchange, what="the exchange with other hosts"):
            yield
    finally:
        _last_time(lambda: publish_wishes(handle, study, known))
        _last_time(receiver.close)
        _last_time(lambda: withdraw_study(handle, study, place))


def tell_hosts(handle: StudyHandle) -> None:
    """Tell hosts that have a copy how the study stands, after its search.

    Without an artifact location it does nothing; what goes wrong is logged only.
    """
    if handle.environment.artifacts is not None:
        _last_time(lambda: publish_wishes(handle, open_study(handle), {}))


@contextmanager
def linked_to_host(handle: StudyHandle, study: optuna.Study) -> Iterator[None]:
    """Obey the host of the original inside the block, and send it what is made here.

    Only for a copy; elsewhere it does nothing.
    """
    place = open_artifacts(handle.environment) if is_copy(handle) else None
    if place is None:
        yield
        return
    # What a fault left here; it counts if its trial was not given up meanwhile.
    replay_spool(handle, study)
    take_wishes(handle, study)
    sender = Sender(handle, place)

    def exchange() -> None:
        take_wishes(handle, study)
        sender.send()

    try:
        with every(EXCHANGE_SECONDS, exchange, what="the exchange with the host"):
            yield
    finally:
        _last_time(sender.send)


def _last_time(action: Callable[[], object]) -> None:
    """Do what must not keep the end of a process, nor hide why it ends."""
    try:
        action()
    except Exception as error:
        logger.warning("The last exchange between the hosts failed: %s", error)
