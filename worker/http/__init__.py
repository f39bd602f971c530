"""The HTTP server: serves an ASGI app inside the running event loop; never lets a client hold anything without a bound.

uvicorn's protocol parses and answers. What it leaves open is closed here: a request head that never ends, a head
without a limit, connections without a limit, clients that never read their answer, and endless pipelining.
"""

from worker.http.limits import HttpLimits
from worker.http.server import CannotListen, HttpServer

__all__ = ["CannotListen", "HttpLimits", "HttpServer"]
