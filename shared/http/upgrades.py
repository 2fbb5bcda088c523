"""Requests that ask for another protocol, such as ``Upgrade: h2c`` of Java's HTTP client. We speak HTTP/1.1.

To httptools such a request ends with its headers. What follows would be lost if it came with them; if it came
later, it would be read as a request of its own, and whoever wrote the body would have chosen that.
"""

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HTTP_HEADER = b"%b: %b\r\n"


class NoUpgradeParser(HttpRequestParser):
    """Reads a request that asks for another protocol once more, without ``Upgrade``, and then its body.

    Its connection gets the headers of both readings; in the first one ``should_upgrade()`` is true, and
    nothing is to be done. Lengths that HTTP forbids are refused in the second one, as those of any request.
    """

    def __init__(self, connection: HttpToolsProtocol) -> None:
        self._connection = connection
        self._begin()

    def _begin(self) -> None:
        super().__init__(self._connection)
        # As uvicorn's own: the response to a request is not lost by what follows it.
        self.set_dangerous_leniencies(lenient_data_after_close=True)

    def feed_data(self, data: bytes) -> None:  # type: ignore[override]
        """Parse what came.

        :raises HttpParserError: when it is not HTTP, or asks for a tunnel (CONNECT), of which we have none.
        """
        while True:
            try:
                super().feed_data(data)
            except HttpParserUpgrade as upgrade:
                if self.get_method() == b"CONNECT":
                    raise HttpParserError("no tunnels") from None
                data = self._head() + data[upgrade.args[0] :]
                self._begin()  # since after a request that ends its connection nothing more is read
            else:
                return

    def _head(self) -> bytes:
        version = self.get_http_version().encode()
        lines = [HTTP_HEADER % line for line in self._connection.headers if line[0] != b"upgrade"]
        return b"%b %b HTTP/%b\r\n%b\r\n" % (
            self.get_method(),
            self._connection.url,
            version,
            b"".join(lines),
        )
