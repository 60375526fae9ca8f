"""Errors, named by the reaction they ask for.

::

    SearchError
    ├── UserInputError        shown as text beside its cause, no stack (also ValueError)
    │   ├── TableFormatError  the file is not a table that can be read
    │   ├── SeriesError       the table is not a series that can be modelled
    │   └── ConfigError       a setting, or two settings together, cannot work
    ├── TrialFailed           recorded on the trial, the search goes on
    ├── StudyStopped          ends the work on a study in order
    └── StudyCorrupted        storage or snapshot unusable; the study can be archived
"""


class SearchError(Exception):
    """Base of every error that this package raises on purpose."""


class UserInputError(SearchError, ValueError):
    """Something the user gave cannot be used; the message says what and why."""


class TableFormatError(UserInputError):
    """The uploaded file cannot be read as a table."""


class SeriesError(UserInputError):
    """The table cannot be turned into a series under the chosen settings."""


class ConfigError(UserInputError):
    """A setting is outside its range, or conflicts with another one."""


class TrialFailed(SearchError):
    """One trial cannot be scored; the reason is stored and the search goes on."""


class StudyStopped(SearchError):
    """The study was told to stop or pause; running work ends in order."""


class StudyCorrupted(SearchError):
    """A study's storage or files are damaged or belong to another study."""
