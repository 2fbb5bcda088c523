"""`python -m deploy.containers.sbom`: what is installed beside this module, as a CycloneDX document.

It lists what the lock brought, not the base image, whose maker lists that. Equal locks give equal documents.
"""

import json
import sys
from importlib.metadata import Distribution, distributions
from typing import Any

OWN_PACKAGE = "afterword"


def document() -> dict[str, Any]:
    """The bill of materials of this environment."""
    found = {distribution.name.lower(): distribution for distribution in distributions()}
    ourselves = found.pop(OWN_PACKAGE)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**_component(ourselves), "type": "application"}},
        "components": [_component(found[name]) for name in sorted(found)],
    }


def _component(distribution: Distribution) -> dict[str, Any]:
    told = distribution.metadata
    name = distribution.name.lower().replace("_", "-").replace(".", "-")
    purl = f"pkg:pypi/{name}@{distribution.version}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": distribution.name,
        "version": distribution.version,
        "purl": purl,
        **(
            {"licenses": [{"expression": told["License-Expression"]}]} if "License-Expression" in told else {}
        ),
    }


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=1)
