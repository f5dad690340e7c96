"""Builders around invitations of colleagues and of a company's people."""

from portal.features.onboarding.domain import InvitationKind
from portal.features.onboarding.models import Invitation
from portal.features.onboarding.service import admissions
from portal.kernel.actor import Actor, Role
from portal.kernel.language import Language
from tests.support.builders_dossiers import link_in, mails
from tests.support.world import World


async def invited(
    world: World,
    actor: Actor,
    role: Role,
    email: str = "nele@wouters.example",
    name: str = "Nele Wouters",
    language: Language = Language.EN,
) -> Invitation:
    """Invite somebody to the actor's firm or company; the letter has not left yet."""
    kind = InvitationKind.STAFF if actor.is_firm else InvitationKind.MEMBER
    async with world.as_scope(
        firm_id=actor.firm_id,
        company_id=actor.company_id,
        host_firm_id=actor.host_firm_id,
        person_id=actor.person_id,
    ) as session:
        return await admissions.invite(
            session, world.tools, actor, kind, email=email, name=name, role=role, language=language
        )


async def a_link(
    world: World,
    actor: Actor,
    role: Role,
    email: str = "nele@wouters.example",
    name: str = "Nele Wouters",
    language: Language = Language.EN,
) -> str:
    """The same, and let the letter leave; gives the path of the one-time link."""
    await invited(world, actor, role, email, name, language)
    await world.run_jobs()
    return link_in(mails(world, actor.host_firm_id)[-1], "/activate/")
