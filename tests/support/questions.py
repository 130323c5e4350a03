"""Questions about the five articles."""

from __future__ import annotations

CONTAINERS = "¿Cuántos contenedores envió Corea del Norte a Rusia?"


GIFT = "What gift did Putin give Kim?"


PAELLA = "¿Cómo se prepara una paella valenciana?"
