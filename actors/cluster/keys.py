"""Keys of a cluster: a CA, and a certificate for each host, made with ``cryptography`` (the extra ``cluster``).

Who has the CA's key can make a host; it belongs on no host.  A certificate names its host and nothing else: addresses
may change.  Private files are their user's alone from the moment they exist.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import private, secret, tls
from .errors import KeyProblem
from .tls import CA, CERTIFICATE, KEY, WARNING_DAYS
from .values import check_name

if TYPE_CHECKING:
    from cryptography import x509

CA_KEY = tls.CA_KEY

CA_DAYS, HOST_DAYS = 3650, 365
"""Days that a CA and a host's certificate are good for, unless told otherwise."""

SKEW = timedelta(minutes=5)
"""Before which a certificate is good already: clocks of hosts differ."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One certificate: ``name`` of the host or CA, whole ``days`` until it expires, negative when it has."""

    path: Path
    name: str
    is_ca: bool
    expires: datetime
    days: int
    fingerprint: str
    problems: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "path": str(self.path), "name": self.name, "ca": self.is_ca, "expires": self.expires.isoformat(),
            "days": self.days, "fingerprint": self.fingerprint, "problems": list(self.problems),
        }  # fmt: skip


def make_ca(folder: str | Path, name: str = "planaria", *, days: float = CA_DAYS, now: datetime | None = None) -> Path:
    """Make a CA in ``folder``; returns its certificate's path.  Raises ``KeyProblem`` if there is one already."""
    check_name(name)
    crypto = _Crypto()
    key = crypto.new_key()
    subject = crypto.name_of(name)
    builder = crypto.builder(subject, subject, key, _span(days, now)).add_extension(
        crypto.x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    builder = crypto.with_usage(builder, key_cert_sign=True, crl_sign=True)
    builder = builder.add_extension(crypto.x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    certificate = builder.sign(key, crypto.hashes.SHA256())
    files = {CA_KEY: crypto.private(key), CA: crypto.public(certificate)}
    private.write(Path(folder), files, otherwise="name another folder, or take it away first")
    return Path(folder) / CA


def make_host(
    name: str,
    ca: str | Path,
    out: str | Path,
    *,
    days: float = HOST_DAYS,
    replace: bool = False,
    now: datetime | None = None,
) -> Path:
    """Make keys for host ``name`` in the folder ``out``, signed by the CA in the folder ``ca``; returns the former.

    ``replace``: instead of those that are there; a CA's are never replaced.  Raises ``KeyProblem``; then nothing was
    written.
    """
    check_name(name)
    crypto, place = _Crypto(), Path(out)
    if os.path.lexists(place / CA_KEY):
        raise KeyProblem(f"{place} holds the key of a CA, which belongs on no host: name another folder with --out")
    authority, signer = crypto.load(Path(ca) / CA), crypto.load_key(Path(ca) / CA_KEY)
    crypto.check_pair(Path(ca), authority, signer)
    span = _span(days, now)
    if span[1] > authority.not_valid_after_utc:
        raise KeyProblem(
            f"the CA in {ca} expires {authority.not_valid_after_utc:%Y-%m-%d}, before a certificate of {days:g} days "
            "would: ask for fewer --days, or make a new CA"
        )
    key = crypto.new_key()
    builder = crypto.builder(crypto.name_of(name), authority.subject, key, span)
    x509, usage = crypto.x509, crypto.usage
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    builder = builder.add_extension(x509.ExtendedKeyUsage([usage.SERVER_AUTH, usage.CLIENT_AUTH]), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = crypto.with_usage(builder, digital_signature=True).add_extension(identifier, critical=False)
    certificate = builder.sign(signer, crypto.hashes.SHA256())
    files = {KEY: crypto.private(key), CERTIFICATE: crypto.public(certificate), CA: crypto.public(authority)}
    number = crypto.number_of(signer)
    if number is not None:
        files[secret.FILE] = secret.spell(secret.derive(number))
    private.write(
        place, files, replace=replace, otherwise="name another folder with --out, or make new ones: --replace"
    )
    return place


def name_in(folder: str | Path) -> str:
    """The host whose keys are in a folder.  Raises ``KeyProblem`` if they are none that a host would start with."""
    return tls.load(folder).name


def show(folder: str | Path, now: datetime | None = None) -> list[Shown]:
    """The certificates in a folder, with what is wrong with them and their keys.

    Of a host's keys that is all for which it would not start.  Raises ``KeyProblem`` if there is no certificate, or one
    that cannot be read.
    """
    crypto, place = _Crypto(), Path(folder)
    moment = now or datetime.now(UTC)
    paths = [place / each for each in (CA, CERTIFICATE) if (place / each).is_file()]
    if not paths:
        raise KeyProblem(f"there are no certificates in {place}: neither {CA} nor {CERTIFICATE}")
    found = []
    for path in paths:
        certificate = crypto.load(path)
        ends, name = certificate.not_valid_after_utc, crypto.common_name(certificate)
        days = (ends - moment) // timedelta(days=1)
        problems = []
        if days < 0:
            problems.append(f"{path} has expired: {_remedy(path, name)}")
        elif days < WARNING_DAYS:
            problems.append(f"{path} expires in {days} day{'' if days == 1 else 's'}: {_remedy(path, name)}")
        if path.name == CA:
            problems += _wrong_with_ca(crypto, place, certificate)
        if path == paths[-1]:
            problems += _wrong_with_host(place, None if path.name == CA else name, has_expired=days < 0)
        finger = certificate.fingerprint(crypto.hashes.SHA256()).hex(":", 2)
        found.append(Shown(path, name, path.name == CA, ends, days, finger, tuple(problems)))
    return found


def _remedy(path: Path, name: str) -> str:
    if path.name == CA:
        return "make a new CA, and new keys for all hosts"
    return f"make a new one with {tls.anew(name, path.parent)}"


def _wrong_with_ca(crypto: _Crypto, place: Path, certificate: x509.Certificate) -> Iterator[str]:
    path = place / CA_KEY
    if not path.is_file():
        return
    public = private.why_public(path)
    if public is not None:
        yield public
    try:
        crypto.check_pair(place, certificate, crypto.load_key(path))
    except KeyProblem as error:
        yield str(error)
    if (place / KEY).is_file():
        yield f"{path} lies on a host: whoever takes the host can make others; take it away"


def _wrong_with_host(place: Path, name: str | None, *, has_expired: bool) -> Iterator[str]:
    if not any(os.path.lexists(place / each) for each in (CERTIFICATE, KEY, secret.FILE)):
        return
    for fault in tls.faults(place, name):
        if not (fault.is_time and has_expired):  # which is known
            yield fault.text
    if os.path.lexists(place / secret.FILE):
        try:
            secret.of_cluster(place, name)
        except KeyProblem as error:
            yield str(error)


class _Crypto:
    """What is used of ``cryptography``, loaded when it is wanted.  Raises ``KeyProblem`` where it is not installed."""

    def __init__(self) -> None:
        try:
            from cryptography import x509
            from cryptography.hazmat.primitives import hashes, serialization
            from cryptography.hazmat.primitives.asymmetric import ec
            from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
        except ImportError as error:
            raise KeyProblem(
                "keys are made with the package cryptography, which is not installed: pip install 'planaria[cluster]'"
            ) from error
        self.x509, self.hashes, self.usage = x509, hashes, ExtendedKeyUsageOID
        self._serialization, self._curves, self._oid = serialization, ec, NameOID

    def new_key(self) -> Any:
        return self._curves.generate_private_key(self._curves.SECP256R1())

    def name_of(self, name: str) -> x509.Name:
        return self.x509.Name([self.x509.NameAttribute(self._oid.COMMON_NAME, name)])

    def common_name(self, certificate: x509.Certificate) -> str:
        return str(certificate.subject.get_attributes_for_oid(self._oid.COMMON_NAME)[0].value)

    def builder(self, subject: Any, issuer: Any, key: Any, span: tuple[datetime, datetime]) -> Any:
        return (
            self.x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(self.x509.random_serial_number())
            .not_valid_before(span[0])
            .not_valid_after(span[1])
        )

    def with_usage(self, builder: Any, **used: bool) -> Any:
        names = (
            "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
            "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
        )  # fmt: skip
        usage = self.x509.KeyUsage(**{name: used.get(name, False) for name in names})
        return builder.add_extension(usage, critical=True)

    def private(self, key: Any) -> bytes:
        words = self._serialization
        data: bytes = key.private_bytes(words.Encoding.PEM, words.PrivateFormat.PKCS8, words.NoEncryption())
        return data

    def number_of(self, key: Any) -> bytes | None:
        """The secret number of a key on a curve; ``None`` for one of another kind, which is none of ours."""
        if not isinstance(key, self._curves.EllipticCurvePrivateKey):
            return None
        number: int = key.private_numbers().private_value
        return number.to_bytes((key.curve.key_size + 7) // 8, "big")

    def public(self, certificate: x509.Certificate) -> bytes:
        data: bytes = certificate.public_bytes(self._serialization.Encoding.PEM)
        return data

    def load(self, path: Path) -> x509.Certificate:
        try:
            return self.x509.load_pem_x509_certificate(path.read_bytes())
        except (OSError, ValueError) as error:
            raise KeyProblem(f"{path} is no certificate that can be read: {_why(error)}") from error

    def check_pair(self, place: Path, certificate: x509.Certificate, key: Any) -> None:
        """Raise ``KeyProblem`` if the key of the CA in a folder is another one's."""
        if certificate.public_key() != key.public_key():
            raise KeyProblem(f"{place / CA_KEY} is not the key of {place / CA}: whom it signs nobody accepts")

    def load_key(self, path: Path) -> Any:
        try:
            return self._serialization.load_pem_private_key(path.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise KeyProblem(
                f"{path} is no key that can be read: {_why(error)}; `planaria keys ca` makes one"
            ) from error


def _span(days: float, now: datetime | None) -> tuple[datetime, datetime]:
    """From when to when a certificate is good; it counts whole seconds."""
    moment = (now or datetime.now(UTC)).replace(microsecond=0)
    if not days > 0:
        raise KeyProblem(f"a certificate is good for more than 0 days; got {days!r}")
    try:
        return moment - SKEW, moment + timedelta(days=days)
    except OverflowError:
        raise KeyProblem(f"a certificate cannot be good for {days:g} days") from None


def _why(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else (str(error) or type(error).__name__)
