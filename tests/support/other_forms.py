"""Invoices in other forms than plain UBL: handing them in, and what leaves of them."""

import zipfile
from dataclasses import replace as changed
from io import BytesIO
from typing import Any

from exports import bundle, ubl
from exports.bundle import Manifest
from exports.model import Document as Invoice
from portal.features.documents.models import Document
from portal.features.intake.domain.files import IntakeState
from portal.features.intake.service.lookups import Outcome
from tests.support.builders import a_company, a_dossier, sign_in
from tests.support.builders_cii import a_page, cii, page_of
from tests.support.builders_exports import exports_of
from tests.support.builders_papers import a_ubl
from tests.support.builders_scene import US, Office, an_office
from tests.support.world import World


async def office_of(world: World, number: str) -> Office:
    """The office with a client of this number."""
    base = await an_office(world)
    company = await a_company(world, base.firm, number=number)
    return changed(base, company=company, dossier=await a_dossier(world, base.firm, company, code="77"))


async def one(office: Office, name: str, data: bytes) -> Outcome:
    """What became of one file."""
    [outcome] = (await office.hand_in({name: data})).outcomes
    return outcome


async def booked(office: Office, name: str, data: bytes) -> Document:
    """The document that one file became."""
    outcome = await one(office, name, data)
    assert outcome.file.state is IntakeState.PROCESSED, (outcome.file.reason, outcome.why)
    assert outcome.document is not None
    return outcome.document


async def bytes_of(office: Office, sha256: str | None) -> bytes:
    assert sha256 is not None
    return await office.world.tools.store.get(office.company.id, sha256)


async def left(office: Office) -> tuple[Manifest, dict[str, bytes]]:
    """What leaves in the next bundle: its manifest, and its files by their role."""
    await office.world.run_jobs()
    async with sign_in(office.world, office.accountant) as client:
        answer = await client.post(f"{office.base}/export", data={"include_unapproved": "1"})
        assert answer.status_code == 303, answer.text
    await office.world.run_jobs()
    export = (await exports_of(office.world, office.dossier))[-1]
    assert export.sha256 is not None, export.problem
    data = await office.world.tools.store.get(export.firm_id, export.sha256)
    assert not bundle.verify(BytesIO(data))
    with zipfile.ZipFile(BytesIO(data)) as archive:
        manifest = bundle.read_manifest(archive.read("manifest.json"))
        files = {file.role: archive.read(file.path) for item in manifest.items for file in item.files}
    return manifest, files


def origins(manifest: Manifest) -> dict[str, str]:
    """Where each file of a bundle with one item comes from, by its role."""
    [item] = manifest.items
    return {file.role: file.origin for file in item.files}


def codes(document: Document) -> list[str]:
    """What does not agree in a document, rules of form aside."""
    return [one["code"] for one in document.findings if one["code"] != "formal"]


def bare(data: bytes) -> bytes:
    """An invoice without its XML declaration."""
    return data[data.index(b"?>") + 2 :].lstrip()


def an_invoice(**given: Any) -> Invoice:
    """An invoice to this company, to be written in some form."""
    return ubl.read(a_ubl(customer=US, **given))


def a_hybrid(of: Invoice, data: bytes | None = None) -> bytes:
    """A PDF whose page says what its data say."""
    return a_page(page_of(of), {"factur-x.xml": data or cii(of)})
