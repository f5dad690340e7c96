"""What each role may, in words."""

from portal.kernel.actor import Role
from portal.kernel.language import N_

MAY = {
    Role.OWNER: N_("Everything, also the settings and who works here."),
    Role.MANAGER: N_("All dossiers, the house style and agents; no other settings."),
    Role.ACCOUNTANT: N_("All dossiers, with exports, locks and policies."),
    Role.ASSISTANT: N_("Quick entry, in the dossiers they manage; no exports."),
    Role.ENTREPRENEUR: N_("Everything, also who belongs to the company and which accountant sees it."),
    Role.APPROVER: N_("Sees everything, hands in, approves and sends to the accountant."),
    Role.CONTRIBUTOR: N_("Hands in, and sees what they handed in themselves."),
    Role.READER: N_("Sees everything and changes nothing."),
}
"""What each role may, in one sentence for whoever chooses it or gets it."""
