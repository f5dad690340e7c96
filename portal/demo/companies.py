"""The people and companies of the demo. All invented; the numbers are valid and lie in a range nobody uses."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

FILES = Path(__file__).parent / "files"
"""The sample files; `python -m portal.demo.samples` makes them anew, byte for byte the same."""
MADE = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DemoCompany:
    """A company of the demo."""

    name: str
    number: str
    street: str
    postcode: str
    city: str
    iban: str = ""
    bic: str = ""

    @property
    def vat_id(self) -> str:
        """The VAT number of the company, with its country."""
        return f"BE{self.number}"


BAKKERIJ = DemoCompany(
    "Bakkerij Peeters", "0999888767", "Visserskaai 12", "8400", "Oostende", "BE71096123456769", "GKCCBEBB"
)
CLAES = DemoCompany("Claes Dakwerken", "0999888173", "Torhoutsesteenweg 210", "8400", "Oostende")
LUMIERE = DemoCompany("Atelier Lumière", "0999888272", "Rue de la Halle 4", "7500", "Tournai")
MAES = DemoCompany("Tuinen Maes", "0999888371", "Dorpsstraat 8", "8460", "Oudenburg")
BROUWERIJ = DemoCompany("Brouwerij De Kade", "0999777119", "Havenlaan 3", "8000", "Brugge")
FRITUUR = DemoCompany("Frituur De Schelde", "0999777218", "Scheldekaai 1", "2000", "Antwerpen")
KAPSALON = DemoCompany("Kapsalon Mira", "0999777317", "Kerkstraat 22", "8400", "Oostende")
MOLENS = DemoCompany(
    "Molens van Deinze", "0999888569", "Molenweg 40", "9800", "Deinze", "BE68539007547034", "GKCCBEBB"
)
KOELTECHNIEK = DemoCompany("Koeltechniek Baert", "0999888668", "Industriepark 7", "8800", "Roeselare")
HOTEL = DemoCompany("Hotel Zeezicht", "0999888470", "Zeedijk 101", "8400", "Oostende")
