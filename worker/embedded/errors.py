"""What can go wrong with a real server, told so that a person sees why; never a bare exit status."""


class EmbeddedError(Exception):
    """A real server for development and tests could not be had or could not be kept."""


class PartMissingError(EmbeddedError):
    """A program or an archive that the server consists of was found neither here nor at its registry."""


class FolderInUseError(EmbeddedError):
    """Another server runs on this folder's data, and two on the same data would destroy them."""


class ServerFailedError(EmbeddedError):
    """The server ended, or did not do in time what it was asked; the telling part of its log is in the message."""


class PortTakenError(ServerFailedError):
    """Between choosing a port and listening on it, something else took the port."""
