"""What leaves is what was chosen: a period, single ticks, and nothing twice."""

from datetime import UTC, date, datetime
from urllib.parse import urlencode

import httpx
import lxml.html
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from portal.features.bundles.models import BundleItem
from portal.features.bundles.service import selection
from portal.features.policies.domain import month_end_due, month_run_of
from portal.kernel.days import Length, latest, month_of, quarter_of, read_day, read_period, year_of
from portal.web.periods import asked_period
from tests.support.builders import sign_in
from tests.support.builders_exports import Office, an_invoice, an_office, exports_of, press_export
from tests.support.cases import of_kind
from tests.support.world import World

pytestmark = pytest.mark.corpus


async def papers(world: World) -> Office:
    office = await an_office(world)
    for number, day in (
        ("AUG", date(2026, 8, 31)),
        ("SEP", date(2026, 9, 1)),
        ("OCT-1", date(2026, 10, 1)),
        ("OCT-31", date(2026, 10, 31)),
        ("NOV", date(2026, 11, 1)),
    ):
        await an_invoice(world, office, number, day)
    world.clock.at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    return office


def listed(page: httpx.Response) -> dict[str, str]:
    """The ticks of a page: what each says, and its value."""
    found = lxml.html.document_fromstring(page.text)
    return {
        str(box.getparent().text_content()): str(box.get("value"))
        for box in found.iter("input")
        if box.get("name") == "item" and box.get("checked") is not None
    }


def fields(page: httpx.Response, **more: str) -> list[tuple[str, str]]:
    """What the form of the export page sends besides its ticks."""
    found = lxml.html.document_fromstring(page.text)
    (key,) = [one.get("value") for one in found.iter("input") if one.get("name") == "listed_for"]
    return [("listed_for", str(key)), *more.items()]


async def sent(client: httpx.AsyncClient, office: Office, data: list[tuple[str, str]]) -> httpx.Response:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return await client.post(office.export_path, content=urlencode(data), headers=headers)


async def left(world: World) -> list[str]:
    await world.run_jobs()
    async with world.as_system() as session:
        rows = await session.scalars(
            sa.text(
                "select i.number from bundle_item b join dossier_item i on i.id = b.item_id order by i.item_date"
            )
        )
        return list(rows)


PERIODS = {
    "": ["AUG", "SEP", "OCT-1", "OCT-31", "NOV"],
    "2026-10": ["OCT-1", "OCT-31"],
    "2026-q3": ["AUG", "SEP"],
    "2026-Q4": ["OCT-1", "OCT-31", "NOV"],
    "2026": ["AUG", "SEP", "OCT-1", "OCT-31", "NOV"],
    "2025": [],
    "upto-2026-10": ["AUG", "SEP", "OCT-1", "OCT-31"],
    "between&since=1/9/2026&until=01102026": ["SEP", "OCT-1"],
    "between&since=01.11.26": ["NOV"],
    "between&until=2026-08-31": ["AUG"],
}


@pytest.mark.parametrize(("period", "numbers"), PERIODS.items())
async def test_a_period_is_a_month_a_quarter_a_year_or_from_to(
    world: World, period: str, numbers: list[str]
) -> None:
    office = await papers(world)
    async with sign_in(world, office.owner, office.host) as client:
        page = await client.get(f"{office.export_path}?period={period}")
        assert [name.split(" · ")[1] for name in listed(page)] == numbers
        documents = await client.get(f"/dossiers/{office.dossier.id}/documents?period={period}&sort=date")
        shown = lxml.html.document_fromstring(documents.text)
        rows = [one.text_content() for one in shown.xpath("//td[@data-label='Number']")]
        assert rows == numbers


async def test_what_is_unticked_stays_and_a_second_press_takes_nothing_more(world: World) -> None:
    office = await papers(world)
    async with sign_in(world, office.owner, office.host) as client:
        page = await client.get(f"{office.export_path}?period=2026-10")
        ticks = listed(page)
        (first,) = [value for name, value in ticks.items() if "OCT-1" in name]
        data = [*fields(page, period="2026-10"), ("item", first)]
        assert (await sent(client, office, data)).status_code == 303
        assert (await sent(client, office, data)).status_code == 303, "a double click"
        assert await left(world) == ["OCT-1"]
        again = await sent(client, office, data)
        assert "new" in again.headers.get("set-cookie", "") or again.status_code == 303
        assert await left(world) == ["OCT-1"]
        page = await client.get(office.export_path)
        assert [name.split(" · ")[1] for name in listed(page)] == ["AUG", "SEP", "OCT-31", "NOV"]


async def test_a_choice_that_was_not_looked_at_is_shown_first(world: World) -> None:
    """Without script: the period was changed, and the list below it is of another one."""
    office = await papers(world)
    async with sign_in(world, office.owner, office.host) as client:
        page = await client.get(f"{office.export_path}?period=2026-10")
        data = [*fields(page, period="2026-q3"), *(("item", value) for value in listed(page).values())]
        answer = await sent(client, office, data)
        assert answer.status_code == 303
        assert "period=2026-q3" in answer.headers["location"]
        assert await left(world) == []
        shown = await client.get(answer.headers["location"].partition("#")[0])
        assert [name.split(" · ")[1] for name in listed(shown)] == ["AUG", "SEP"]


async def test_ticks_are_bounded_and_of_ones_own(world: World) -> None:
    office, other = await papers(world), await an_office(world, "ardennes")
    theirs = await an_invoice(world, other, "THEIRS", date(2026, 10, 2))
    async with sign_in(world, office.owner, office.host) as client:
        page = await client.get(office.export_path)
        key = fields(page)
        assert (await sent(client, office, [*key, ("item", str(theirs.id))])).status_code == 303
        assert (await sent(client, office, [*key, ("item", "no id")])).status_code == 303
        assert (await sent(client, office, key)).status_code == 303
        many = [("item", str(theirs.id)[:-4] + f"{n:04x}") for n in range(selection.MOST_TICKED + 1)]
        assert 400 <= (await sent(client, office, [*key, *many])).status_code < 500
    assert await left(world) == []
    assert not await exports_of(world, office.dossier)


async def test_a_day_that_is_none_is_said_beside_it_and_nothing_leaves(world: World) -> None:
    office = await papers(world)
    async with sign_in(world, office.owner, office.host) as client:
        for since, until in (("13/13/2026", ""), ("", "yesterday"), ("2/10/2026", "1/10/2026")):
            query = urlencode({"period": "between", "since": since, "until": until})
            page = await client.get(f"{office.export_path}?{query}")
            assert page.status_code == 200
            assert 'aria-invalid="true"' in page.text
            assert not listed(page)
            posted = await press_export(client, office, period="between", since=since, until=until)
            assert posted.status_code == 422
            assert since in posted.text
            assert until in posted.text
    assert await left(world) == []


async def test_lists_of_statements_bundles_and_events_have_periods_too(world: World) -> None:
    office = await papers(world)
    async with sign_in(world, office.owner, office.host) as client:
        assert (await press_export(client, office)).status_code == 303
        await world.run_jobs()
        for path in (f"/dossiers/{office.dossier.id}/bank", "/exports", "/history"):
            for asked in (
                "period=2026-q4",
                "since=1/11/2026&until=30/11/2026",
                "period=&since=x",
                "since=nonsense",
            ):
                assert (await client.get(f"{path}?{asked}")).status_code == 200
        assert "#1" in (await client.get("/exports?period=2026-11")).text
        assert "#1<" not in (await client.get("/exports?period=2026-10")).text


async def test_exported_twice_takes_nothing_new_and_what_left_is_locked(world: World) -> None:
    assert of_kind("K82")
    office = await papers(world)
    async with sign_in(world, office.owner, office.host) as client:
        assert (await press_export(client, office)).status_code == 303
        await world.run_jobs()
        page = await client.get(office.export_path)
        assert "There is nothing new to export." in page.text
        again = await press_export(client, office)
        assert again.status_code == 303
        assert len(await exports_of(world, office.dossier)) == 1
        async with world.as_system() as session:
            (item, *_rest) = list(await session.scalars(sa.select(BundleItem)))
            document = await session.scalar(
                sa.text("select document_id from dossier_item where id = :id"), {"id": item.item_id}
            )
        shown = await client.get(f"/dossiers/{office.dossier.id}/documents/{document}")
        assert "locked since bundle 1" in shown.text


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 10, 31, 23, 30, tzinfo=UTC), date(2026, 10, 31)),
        (datetime(2026, 10, 31, 22, 30, tzinfo=UTC), date(2026, 9, 30)),
        (datetime(2026, 11, 30, 23, 30, tzinfo=UTC), date(2026, 11, 30)),
        (datetime(2028, 2, 29, 23, 30, tzinfo=UTC), date(2028, 2, 29)),
        (datetime(2028, 2, 29, 22, 30, tzinfo=UTC), date(2028, 1, 31)),
    ],
)
def test_months_end_in_brussels(now: datetime, due: date) -> None:
    assert "month_run_of" in of_kind("K78")[0].read().decode()
    assert month_end_due(1, 0, now) == due


def test_a_run_in_the_hour_that_is_missing_or_double_comes_once() -> None:
    assert of_kind("K78")
    missing = month_run_of(28, 2, date(2027, 2, 28)).astimezone(UTC)
    double = month_run_of(25, 2, date(2026, 9, 30)).astimezone(UTC)
    assert missing == datetime(2027, 3, 28, 1, tzinfo=UTC), "03:00, one later"
    assert double == datetime(2026, 10, 25, 0, tzinfo=UTC), "the first of the two"


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_a_day_is_read_in_every_writing_and_its_periods_hold_it(day: date) -> None:
    writings = (
        f"{day:%d/%m/%Y}",
        f"{day.day}/{day.month}/{day.year}",
        f"{day:%d.%m.%y}",
        f"{day:%d-%m-%Y}",
        f" {day:%d} / {day:%m} / {day:%Y} ",
        f"{day:%d %m %Y}",
        f"{day:%d%m%Y}",
        f"{day:%d%m%y}",
        day.isoformat(),
        f"{day:%d}\u2013{day:%m}\u2013{day:%Y}",
        f"{day:%d/%m/%Y}".translate({48 + n: 0xFF10 + n for n in range(10)}),
    )
    assert {read_day(text) for text in writings} == {day}
    for period in (month_of(day), quarter_of(day), year_of(day)):
        assert period.since is not None
        assert period.until is not None
        assert period.since <= day <= period.until
        assert read_period(period.code) == period
        (present, before) = latest(period.length, day, 2)
        assert present == period
        assert before.until is not None
        assert (period.since - before.until).days == 1


@given(st.text(max_size=30))
def test_no_text_is_beyond_reading(text: str) -> None:
    day = read_day(text)
    assert day is None or 1000 <= day.year <= 2199
    asked = asked_period(text, text, text)
    assert asked.period is None or asked.period.length in Length
