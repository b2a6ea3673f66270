"""This file is about what can go wrong: one tree, so that a caller can catch as widely as it means to.

BowerbirdError
├── InputError                       what a person, a client or a file gave us is wrong
│   ├── ConfigError                  a setting
│   ├── PictureError                 a picture that cannot be used, with its reject code
│   ├── FilterError                  a filter that the catalogue cannot answer
│   ├── CursorError                  a cursor that is not ours, or too old
│   ├── NotFoundError                nothing under this id
│   ├── ConflictError                the same key was used for something else
│   └── TooLargeError                over a stated limit
├── LakeError                        stored data cannot be read or written
│   ├── TableDamagedError            a table whose newest version is unreadable
│   ├── DatabaseDamagedError         records or events whose file is not what was written
│   ├── LakeFormatError              the lake is laid out for another version of Bowerbird
│   └── PlaceError                   a folder or a bucket cannot be reached or used
├── IncompatibleEmbeddingError       vectors of two encoders or versions would be compared
├── IncompatibleIndexError           an index does not fit the vectors or the lake
├── MissingModelError                a model file or package is not there or not the pinned one
├── SwitchCancelledError             a switch of encoders was called off while it ran
├── StageUnavailableError            a required step of a pipeline cannot answer
└── OverloadedError                  the bounded queue is full; try again
"""


class BowerbirdError(Exception):
    """The root: everything that Bowerbird raises on purpose."""


class InputError(BowerbirdError):
    """What a person, a client or a file gave us is wrong."""


class ConfigError(InputError):
    """A setting is unknown or out of bounds."""


class PictureError(InputError):
    """A picture that cannot be used.

    Attributes:
        code: stable reject code, e.g. `truncated`, `too-many-pixels`.
        hint: what the owner of the file can do.
    """

    def __init__(self, message: str, *, code: str, hint: str) -> None:
        super().__init__(f"{message}; {hint}")
        self.code = code
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        # Crosses process borders; the default rebuilds from `args` and loses the keywords.
        message = str(self).removesuffix(f"; {self.hint}")
        return (_rebuild_picture_error, (message, self.code, self.hint))


class FilterError(InputError):
    """A filter that the catalogue cannot answer."""


class CursorError(InputError):
    """A cursor that is not ours, or too old."""


class NotFoundError(InputError):
    """Nothing under this id."""


class ConflictError(InputError):
    """The same key was used for something else."""


class TooLargeError(InputError):
    """Over a stated limit."""


class LakeError(BowerbirdError):
    """Stored data cannot be read or written."""


class TableDamagedError(LakeError):
    """A table whose newest version is unreadable."""


class DatabaseDamagedError(LakeError):
    """Records or events whose file is not what was written."""


class LakeFormatError(LakeError):
    """The lake is laid out for another version of Bowerbird."""


class PlaceError(LakeError):
    """A folder or a bucket cannot be reached or used."""


class IncompatibleEmbeddingError(BowerbirdError):
    """Vectors of two encoders or versions would be compared."""


class IncompatibleIndexError(BowerbirdError):
    """An index does not fit the vectors or the lake."""


class MissingModelError(BowerbirdError):
    """A model file or package is not there or not the pinned one."""


class SwitchCancelledError(BowerbirdError):
    """A switch of encoders was called off while it ran."""


class StageUnavailableError(BowerbirdError):
    """A required step of a pipeline cannot answer."""


class OverloadedError(BowerbirdError):
    """The bounded queue is full; try again."""


def _rebuild_picture_error(message: str, code: str, hint: str) -> PictureError:
    return PictureError(message, code=code, hint=hint)
