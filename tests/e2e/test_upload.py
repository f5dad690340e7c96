"""Handing in at the browser: large photos are made smaller before they leave, and what is too large is said when it is chosen."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from portal.demo.seed import PASSWORDS
from tests.e2e.conftest import Person, Running
from tests.e2e.test_session_over import SOFIE, a_dossier

pytestmark = pytest.mark.browser
HEIC = Path(__file__).parents[1] / "data" / "marks.heic"
CHOSEN = """async () => {
  const files = Array.from(document.querySelector(".ui-drop-input").files);
  return Promise.all(files.map(async (file) => {
    const head = new Uint8Array(await file.slice(0, 3).arrayBuffer());
    if (head[0] !== 0xff) return { name: file.name, size: file.size };
    const picture = await createImageBitmap(file);
    const pen = new OffscreenCanvas(1, 1).getContext("2d");
    pen.drawImage(picture, -10, -10);
    const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
    return { name: file.name, size: file.size, width: picture.width, height: picture.height, colour: [red, green, blue] };
  }));
}"""


@pytest.fixture(scope="module")
def sofie(browser: Browser, portal: Running, shots: Path) -> Iterator[Person]:
    """The accountant."""
    person = Person(browser, portal, shots)
    person.sign_in(SOFIE, PASSWORDS[SOFIE])
    yield person
    person.close()


def a_photo(width: int = 4608, height: int = 3456, orientation: int = 6) -> bytes:
    """As a phone takes it: lying on its side, and told to be; red above left once it is upright."""
    photo = Image.effect_noise((width // 2, height // 2), 40).resize((width, height)).convert("RGB")
    photo.paste((200, 30, 30), (0, height - 400, 400, height))
    exif = Image.Exif()
    exif[274] = orientation
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=97, exif=exif.tobytes())
    return buffer.getvalue()


def choose(page: Page, *files: tuple[str, str, bytes]) -> None:
    """Files as a person picks them."""
    chosen: list[FilePayload] = [
        {"name": name, "mimeType": kind, "buffer": data} for name, kind, data in files
    ]
    page.set_input_files(".ui-drop-input", chosen)
    expect(page.locator(".ui-drop.is-preparing")).to_have_count(0)


def test_a_large_photo_leaves_smaller_and_upright(sofie: Person) -> None:
    page = sofie.go(f"{a_dossier(sofie)}/quick-entry")
    photo = a_photo()
    assert len(photo) > 1_500_000
    heic = HEIC.read_bytes() + bytes(2_000_000)
    choose(page, ("IMG_1.jpg", "image/jpeg", photo), ("IMG_2.heic", "image/heic", heic))
    first, second = page.evaluate(CHOSEN)
    assert first["name"] == "IMG_1.jpg"
    assert first["size"] < 0.9 * len(photo)
    assert (first["width"], first["height"]) == (3000, 4000)
    assert all(abs(a - b) < 20 for a, b in zip(first["colour"], (200, 30, 30), strict=True))
    assert second == {"name": "IMG_2.heic", "size": len(heic)}
    page.locator("[data-drop-submit]").click()
    expect(page.locator(".ui-upload").first).to_contain_text("IMG_1.jpg")


def test_a_small_photo_and_a_long_receipt_leave_as_they_are(sofie: Person) -> None:
    page = sofie.go(f"{a_dossier(sofie)}/quick-entry")
    small = a_photo(800, 600)
    receipt = a_photo(1100, 9000, orientation=1)
    assert len(receipt) > 1_500_000
    choose(page, ("small.jpg", "image/jpeg", small), ("receipt.jpg", "image/jpeg", receipt))
    assert [one["size"] for one in page.evaluate(CHOSEN)] == [len(small), len(receipt)]


def test_what_is_too_large_is_said_when_it_is_chosen(sofie: Person) -> None:
    page = sofie.go(f"{a_dossier(sofie)}/quick-entry")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    large = bytes(26 * 1024 * 1024)
    choose(page, ("plans.pdf", "application/pdf", large), ("fine.pdf", "application/pdf", b"%PDF-1.4"))
    problem = page.locator("[data-drop-problem]")
    expect(problem).to_contain_text("plans.pdf has 26 MB; at most 25 MB a file are taken.")
    expect(page.locator("[data-drop-submit]")).to_be_disabled()
    sofie.shoot_all("upload-too-large")
    page.evaluate("document.querySelector('[data-drop]').requestSubmit()")
    assert sent == []
    choose(page, ("fine.pdf", "application/pdf", b"%PDF-1.4 small"))
    expect(problem).to_be_empty()
    expect(page.locator("[data-drop-submit]")).to_be_enabled()


def test_too_much_at_once_is_said_when_it_is_chosen(sofie: Person) -> None:
    page = sofie.go(f"{a_dossier(sofie)}/quick-entry")
    page.evaluate("document.querySelector('[data-drop]').dataset.mostTogether = '3000000'")
    choose(page, *((f"{n}.pdf", "application/pdf", bytes(1_100_000)) for n in range(3)))
    expect(page.locator("[data-drop-problem]")).to_contain_text("Together these files have 3.2 MB")
    expect(page.locator("[data-drop-submit]")).to_be_disabled()
