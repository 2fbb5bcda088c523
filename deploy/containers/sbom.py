"""`python -m deploy.containers.sbom` prints the installed packages as a CycloneDX document.

It lists what the lock file names, not the base image. Equal lock files give equal documents.
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
    metadata = distribution.metadata
    name = distribution.name.lower().replace("_", "-").replace(".", "-")
    purl = f"pkg:pypi/{name}@{distribution.version}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": distribution.name,
        "version": distribution.version,
        "purl": purl,
        **(
            {"licenses": [{"expression": metadata["License-Expression"]}]}
            if "License-Expression" in metadata
            else {}
        ),
    }


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=1)
