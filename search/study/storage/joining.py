"""A database session in which several of Optuna's transactions become one."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from optuna.exceptions import StorageInternalError
from sqlalchemy.orm import Session


class JoiningSession(Session):
    """A session in which several units of work can be one transaction.

    Optuna commits and closes after each unit. Inside `joined` a commit only sends
    what is new to the database, and a close only lets go of the objects. Optuna
    swallows some errors after a rollback; here nothing of the block is kept then.
    """

    _is_joined = False
    _is_broken = False
    _fault: BaseException | None = None

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Make all that the block does one transaction.

        Raises
        ------
        optuna.exceptions.StorageInternalError
            If a part could not be stored, also where Optuna said nothing; then
            nothing is.
        """
        self._is_joined, self._is_broken, self._fault = True, False, None
        try:
            yield
            if self._is_broken:
                raise StorageInternalError(
                    "A change that belongs to others could not be stored."
                ) from self._fault
        except BaseException:
            self._is_joined = False
            self.rollback()
            raise
        else:
            self._is_joined = False
            self.commit()
        finally:
            self.close()

    def commit(self) -> None:
        """Store what was changed; in a block only send it."""
        if self._is_joined:
            self.flush()
        else:
            super().commit()

    def rollback(self) -> None:
        """Undo what was changed; in a block all of it."""
        if self._is_joined:
            self._is_broken, self._fault = True, sys.exception()
        super().rollback()

    def close(self) -> None:
        """End the transaction; in a block only let go of the objects."""
        if self._is_joined:
            self.expunge_all()
        else:
            super().close()
