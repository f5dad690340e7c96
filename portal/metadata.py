"""Every table of the portal in one place: for migrations and for the tests that walk them all."""

from portal.db.base import Base
from portal.features.accounts import models as _accounts
from portal.features.agents import models as _agents
from portal.features.approvals import models as _approvals
from portal.features.audit import models as _audit
from portal.features.banking import models as _banking
from portal.features.branding import models as _branding
from portal.features.bundles import models as _bundles
from portal.features.documents import models as _documents
from portal.features.dossiers import models as _dossiers
from portal.features.intake import models as _intake
from portal.features.items import models as _items
from portal.features.keeping import models as _keeping
from portal.features.mail import models as _mail
from portal.features.parties import models as _parties
from portal.features.policies import models as _policies
from portal.features.targets import models as _targets
from portal.jobs import models as _jobs

metadata = Base.metadata

__all__ = [
    "_accounts",
    "_agents",
    "_approvals",
    "_audit",
    "_banking",
    "_branding",
    "_bundles",
    "_documents",
    "_dossiers",
    "_intake",
    "_items",
    "_jobs",
    "_keeping",
    "_mail",
    "_parties",
    "_policies",
    "_targets",
    "metadata",
]
