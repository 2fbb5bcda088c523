"""The headers of a page of ours that another page of ours shows in a frame."""

FRAMED_PAGE = {
    # Scripts and forms are off, so nothing of it can be sent; our own styles need the page's origin.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin",
    "X-Frame-Options": "SAMEORIGIN",
}
