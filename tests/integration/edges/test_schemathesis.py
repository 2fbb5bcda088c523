"""Each service's document against the service: whatever fits it or does not, it is answered as it says."""

import asyncio
import sys
from pathlib import Path

import pytest
from support.companies import Company
from support.processes import ApiProcess

from services import SERVICES

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SECONDS = 3
"""Of each service and caller, so that all of them take less than a minute."""


@pytest.mark.parametrize("caller", ["a key", "nobody"])
@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_answers_as_its_document_says(
    server: ApiProcess, company: Company, service: str, caller: str, tmp_path: Path
) -> None:
    key = ("--header", f"Authorization: Bearer {company.key}") if caller == "a key" else ()
    process = await asyncio.create_subprocess_exec(
        *(str(SCHEMATHESIS), "run", f"{server.url}/openapi/{service}.json", *key),
        *("--checks", CHECKS, "--max-examples", "20", "--max-time", str(SECONDS), "--seed", "7"),
        *("--suppress-health-check", "all", "--warnings", "off", "--no-color"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()
