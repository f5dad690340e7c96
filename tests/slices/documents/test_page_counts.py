"""The pages of a PDF are counted once: its bytes are named by their hash and never change."""

from dataclasses import replace
from uuid import UUID, uuid4

from portal.features.documents.service import files
from portal.kernel.errors import Unavailable
from portal.storage import ObjectStore
from tests.support.builders_papers import a_pdf
from tests.support.world import World


class Counting:
    """A store that counts what is fetched from the one behind it."""

    def __init__(self, behind: ObjectStore) -> None:
        self.behind, self.fetched, self.away = behind, 0, False

    async def get(self, owner: UUID, sha256: str) -> bytes:
        if self.away:
            raise Unavailable
        self.fetched += 1
        return await self.behind.get(owner, sha256)


async def test_pages_are_counted_once_for_all_who_look(world: World) -> None:
    owner = uuid4()
    stored = await world.tools.store.put(owner, a_pdf("counted once"), media_type="application/pdf")
    store = Counting(world.tools.store)
    tools = replace(world.tools, store=store)  # pyright: ignore[reportArgumentType] - it is only asked for bytes
    store.away = True
    assert await files.page_count(tools, owner, stored.sha256, "application/pdf") is None, "not remembered"
    store.away = False
    for _look in range(3):
        assert await files.page_count(tools, owner, stored.sha256, "application/pdf") == 1
    assert store.fetched == 1
