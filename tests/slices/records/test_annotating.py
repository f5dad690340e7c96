"""Tags, note and payment state: two people at once, and nothing of either is lost."""

import re
from html import unescape

import httpx
import pytest
import sqlalchemy as sa

from portal.features.documents.domain.annotation import Annotation, merge, read_tags
from portal.features.documents.domain.documents import PaymentState
from portal.features.documents.models import Document
from tests.support.builders import sign_in
from tests.support.builders_scene import Office, an_office
from tests.support.world import World


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


def form_of(page: httpx.Response) -> dict[str, str]:
    """The form of notes as a browser would send it untouched."""
    hidden = dict(re.findall(r'<input type="hidden" name="(seen_\w+)" value="([^"]*)">', page.text))
    note = re.search(r'<textarea[^>]* name="note"[^>]*>([^<]*)</textarea>', page.text)
    tags = re.search(r'name="tags" type="text" value="([^"]*)"', page.text)
    payment = re.search(r'<select[^>]* name="payment_state".*?</select>', page.text, re.DOTALL)
    assert note
    assert tags
    assert payment
    chosen = re.search(r'value="(\w+)" selected', payment[0])
    assert chosen
    typed = {"note": note[1], "tags": tags[1], "payment_state": chosen[1]}
    return {name: unescape(value) for name, value in {**hidden, **typed}.items()}


async def stored(office: Office) -> tuple[str, list[str], str]:
    async with office.world.as_system() as session:
        [row] = await session.scalars(sa.select(Document))
    return row.note, row.tags, row.payment_state.value


async def test_the_second_of_two_sees_what_the_first_wrote_and_keeps_what_was_typed(office: Office) -> None:
    document = await office.purchase()
    mine, theirs = f"{office.base}/documents/{document.id}", f"/documents/{document.id}"
    async with (
        sign_in(office.world, office.accountant) as one,
        sign_in(office.world, office.entrepreneur) as two,
    ):
        first, second = form_of(await one.get(mine)), form_of(await two.get(theirs))
        saved = await one.post(f"{mine}/annotate", data={**first, "note": "ask for the delivery note"})
        assert saved.status_code == 303
        refused = await two.post(
            f"{theirs}/annotate", data={**second, "note": "for the new oven", "tags": "oven"}
        )
        assert refused.status_code == 409
        assert "Somebody else changed this while you had it open" in refused.text
        assert "<strong>Note</strong>" in refused.text
        assert "<strong>ask for the delivery note</strong>" in refused.text
        again = form_of(refused)
        assert (again["note"], again["tags"]) == ("for the new oven", "oven")
        assert await stored(office) == ("ask for the delivery note", [], "open")
        both = {**again, "note": "ask for the delivery note; for the new oven"}
        assert (await two.post(f"{theirs}/annotate", data=both)).status_code == 303
    assert await stored(office) == ("ask for the delivery note; for the new oven", ["oven"], "open")


async def test_what_the_second_did_not_touch_stays_as_the_first_left_it(office: Office) -> None:
    document = await office.purchase()
    path = f"/documents/{document.id}"
    async with sign_in(office.world, office.entrepreneur) as client:
        seen = form_of(await client.get(path))
        for change in ({"payment_state": "paid"}, {"note": "a\r\nb"}, {"tags": "x, y"}):
            assert (await client.post(f"{path}/annotate", data={**seen, **change})).status_code == 303
        assert await stored(office) == ("a\nb", ["x", "y"], "paid")
        clash = await client.post(f"{path}/annotate", data={**seen, "note": "mine"})
        assert form_of(clash)["payment_state"] == "paid", "untouched: saving again must not undo it"


async def test_a_form_without_what_was_seen_does_not_wipe_out_notes(office: Office) -> None:
    document = await office.purchase()
    path = f"/documents/{document.id}/annotate"
    async with sign_in(office.world, office.entrepreneur) as client:
        assert (await client.post(path, data={"note": "first"})).status_code == 303
        assert (await client.post(path, data={"note": "second"})).status_code == 409
    assert (await stored(office))[0] == "first"


async def test_too_long_a_note_is_shown_again_with_its_fault(office: Office) -> None:
    document = await office.purchase()
    async with sign_in(office.world, office.entrepreneur) as client:
        form = form_of(await client.get(f"/documents/{document.id}"))
        long = "x" * 2001
        answer = await client.post(f"/documents/{document.id}/annotate", data={**form, "note": long})
    assert answer.status_code == 422
    assert "The note is too long: 2,000 characters at most." in answer.text
    assert form_of(answer)["note"] == long


@pytest.mark.parametrize("tags", [", ".join(f"t{n}" for n in range(21)), "x" * 41])
async def test_tags_that_do_not_fit_are_shown_again_and_never_cut(office: Office, tags: str) -> None:
    document = await office.purchase()
    async with sign_in(office.world, office.entrepreneur) as client:
        form = form_of(await client.get(f"/documents/{document.id}"))
        answer = await client.post(f"/documents/{document.id}/annotate", data={**form, "tags": tags})
    assert answer.status_code == 422
    assert "At most 20 tags of 40 characters" in answer.text
    assert form_of(answer)["tags"] == tags
    assert (await stored(office))[1] == []


async def test_more_than_fits_from_earlier_stays_whole_while_something_else_is_saved(office: Office) -> None:
    document = await office.purchase()
    many, long = [f"t{n}" for n in range(30)] + ["x" * 400] * 3, "n" * 3000
    async with office.world.as_system() as session:
        await session.execute(sa.update(Document).values(tags=many, note=long))
    path = f"/documents/{document.id}"
    async with sign_in(office.world, office.entrepreneur) as client:
        form = form_of(await client.get(path))
        paid = await client.post(f"{path}/annotate", data={**form, "payment_state": "paid"})
        assert paid.status_code == 303
        assert await stored(office) == (long, many, "paid")
        form = form_of(await client.get(path))
        fewer = await client.post(f"{path}/annotate", data={**form, "tags": form["tags"].replace("t0, ", "")})
        assert fewer.status_code == 422
    assert (await stored(office))[1] == many


def test_annotations_are_laid_over_one_another() -> None:
    def notes(note: str, tags: str = "", paid: bool = False) -> Annotation:
        state = PaymentState.PAID if paid else PaymentState.OPEN
        return Annotation(note=note, tags=read_tags(tags), payment_state=state)

    seen = notes("a")
    assert merge(notes("b"), notes("a", "x", paid=True), seen).changes == {"note": "b"}
    assert merge(notes("b"), notes("c"), seen).clashes == ("note",)
    assert not merge(notes("b"), notes("b"), seen).clashes, "both wrote the same"
    assert merge(notes("a"), notes("c"), seen).touched == frozenset()
    assert merge(Annotation(note="b"), notes("c", "x")).changes == {"note": "b"}, "a program means it"
    odd = Annotation(note=" a\r\nb ", tags=["x,y", "x"], payment_state=PaymentState.OPEN)
    shown = Annotation(note="a\nb", tags=read_tags("x,y, x"), payment_state=PaymentState.OPEN)
    assert merge(shown, odd, shown) == merge(odd, odd, odd), "as a browser sends it back"
