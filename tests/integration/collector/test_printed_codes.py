"""The code of a share link as a printer draws it, at the size of a receipt and of a poster."""

import base64

import pytest
import zxingcpp
from playwright.async_api import Browser

from shared.pages.qr_codes import qr_svg

URL = "https://survey.example.com/q/abcdefghjkmn"
DRAWN = """async ([svg, size]) => {
    const image = new Image();
    image.src = "data:image/svg+xml," + encodeURIComponent(svg);
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), {width: size, height: size});
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0, size, size);
    const {data} = context.getImageData(0, 0, size, size);
    let grey = "";
    for (let at = 0; at < data.length; at += 4)
        grey += String.fromCharCode(data[at + 3] ? Math.round((data[at] + data[at + 1] + data[at + 2]) / 3) : 0);
    return btoa(grey);
}"""
"""The grey values; what is transparent is black, as on a dark ground."""


@pytest.mark.parametrize("dots", [142, 236, 945])
async def test_a_decoder_reads_the_code_as_it_is_printed(browser: Browser, dots: int) -> None:
    """12, 20 and 80 mm at 300 dots an inch."""
    page = await browser.new_page()
    grey = base64.b64decode(await page.evaluate(DRAWN, [qr_svg(URL).decode(), dots]))
    await page.close()
    picture = memoryview(grey).cast("B", (dots, dots))
    assert [each.text for each in zxingcpp.read_barcodes(picture)] == [URL]
