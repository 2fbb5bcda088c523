"""A broker of another company: it speaks TLS with certificates of both sides, and lets users sign in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from support.eventually import eventually
from support.stack import new_state

from deploy.local import kafka
from deploy.local.state import State, free_ports

USER, PASSWORD = "shop", "a secret of the shop"
LISTENER = """
listeners=PLAINTEXT://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{controller},OUTSIDE://127.0.0.1:{secure}
advertised.listeners=PLAINTEXT://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{controller},OUTSIDE://localhost:{secure}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,OUTSIDE:SASL_SSL
listener.name.outside.ssl.keystore.type=PEM
listener.name.outside.ssl.keystore.location={folder}/server.pem
listener.name.outside.ssl.truststore.type=PEM
listener.name.outside.ssl.truststore.location={folder}/ca.pem
listener.name.outside.ssl.client.auth=required
listener.name.outside.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.outside.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_{user}="{password}";
listener.name.outside.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.outside.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
"""


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, in PEM form."""

    certificate: str
    key: str


@dataclass(frozen=True)
class SecureBroker:
    """Where the broker is, and what lets a client in."""

    plain: str
    """Without TLS, for the test itself."""
    secure: str
    authority: str
    client: Certificate


def an_authority() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A certificate that signs others."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the shop's authority")])
    built = _builder(name, name, key).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    built = built.add_extension(usage, critical=True).add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    )
    return built.sign(key, hashes.SHA256()), key


def a_certificate(authority: tuple[x509.Certificate, ec.EllipticCurvePrivateKey], name: str) -> Certificate:
    """A certificate for a machine of this name, and for this one."""
    issuer, signer = authority
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = [x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.1"))]
    built = (
        _builder(subject, issuer.subject, key)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    return Certificate(pem(built.sign(signer, hashes.SHA256())), _key_pem(key))


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )


def _prepare(state: State, secure: int, authority: str, server: Certificate) -> None:
    home = state.root / "kafka"
    home.mkdir(parents=True)
    Path(home, "ca.pem").write_text(authority)
    Path(home, "server.pem").write_text(server.key + server.certificate)
    own = LISTENER.format(
        plain=state.ports["kafka"],
        controller=state.ports["kafka_controller"],
        secure=secure,
        folder=home,
        user=USER,
        password=PASSWORD,
    )
    users = [
        part
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
        for part in ("--add-scram", f"{mechanism}=[name={USER},password={PASSWORD}]")
    ]
    kafka.fetch()
    kafka.prepare(state, own=own, quorum=("--standalone", *users))


@asynccontextmanager
async def a_secure_broker() -> AsyncIterator[SecureBroker]:
    """A broker of its own, while the block runs."""
    authority = an_authority()
    with new_state(in_memory=True) as state:
        (secure,) = free_ports(1)
        server, client = a_certificate(authority, "localhost"), a_certificate(authority, "afterword")
        await asyncio.to_thread(_prepare, state, secure, pem(authority[0]), server)
        program = replace(kafka.program(state), name="secure kafka")
        process = await asyncio.create_subprocess_exec(
            *program.argv, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            await eventually(lambda: kafka.answers(state), within=60)
            yield SecureBroker(state.kafka, f"localhost:{secure}", pem(authority[0]), client)
        finally:
            process.kill()
            await process.wait()
