"""Ranges of objects from S3 and stores that speak as it does, with the credentials that AWS's own tools would use."""

from __future__ import annotations

from typing import Any

from ...errors import MissingPackage, RefusedFile
from ..web import Later
from .address import Address
from .answers import PASSING, NoSuchObject, Version, body_of, pause, replaced, size_said

PASSING_CODES = ("SlowDown", "RequestTimeout", "RequestTimeTooSkewed", "InternalError", "ServiceUnavailable")
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired")
NOT_ACCEPTED = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidClientTokenId")
NEW_ONES = "get new ones, as with `aws sso login`"


class S3:
    """The store that the environment and ~/.aws name (`AWS_ENDPOINT_URL`, `AWS_PROFILE`, …), else Amazon's; asked
    without a signature where they hold no credentials, as for public buckets."""

    def __init__(self) -> None:
        try:
            import botocore.session
            from botocore import UNSIGNED
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError
        except ImportError:
            raise MissingPackage("s3:// needs botocore: pip install 'candlesql[remote]'") from None
        try:
            session = botocore.session.Session()
            self.is_signed = session.get_credentials() is not None
            config = Config(
                retries={"total_max_attempts": 1},
                connect_timeout=10,
                read_timeout=60,
                response_checksum_validation="when_required",
                signature_version=None if self.is_signed else UNSIGNED,
            )
            region = session.get_config_variable("region") or "us-east-1"
            self.client = session.create_client("s3", region_name=region, config=config)
        except (BotoCoreError, ValueError) as error:
            raise RefusedFile(f"s3:// cannot be asked: {_words(error)}") from None

    def get(self, address: Address, first: int, last: int, version: Version | None) -> tuple[bytes, Version]:
        """As `Transport.get` says."""
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
        from botocore.exceptions import ConnectionError as NotConnected

        bucket, key = address.bucket_and_key
        wanted: dict[str, Any] = {"Bucket": bucket, "Key": key, "Range": f"bytes={first}-{last}"}
        if version and version.tag.startswith('"'):
            wanted["IfMatch"] = version.tag
        try:
            answer = self.client.get_object(**wanted)
            size = size_said(str(answer.get("ContentRange", "")), first, last)
            if size is None:
                raise RefusedFile("the store gives other parts of the file than it is asked for", file=address)
            with answer["Body"] as body:
                data = body_of(body, address, first, last)
        except ClientError as error:
            raise self._refused(address, error.response, version) from None
        except (HTTPClientError, NotConnected) as error:
            raise _said_of(address, error) from None
        except BotoCoreError as error:
            raise RefusedFile(f"cannot be asked for: {_words(error)}", file=address) from None
        date = answer.get("LastModified")
        found = Version(size, answer.get("ETag", ""), date.isoformat() if date else "")
        return data, found

    def _refused(self, address: Address, response: dict[str, Any], version: Version | None) -> Exception:
        """What to say of an answer that is none."""
        code = str(response.get("Error", {}).get("Code", ""))
        meta = response.get("ResponseMetadata", {})
        status = int(meta.get("HTTPStatusCode", 0))
        said = f"the store says {status}" + (f" {code}" if code != str(status) else "")
        if status in PASSING or code in PASSING_CODES:
            return Later(said, pause(meta.get("HTTPHeaders", {}).get("retry-after", "")))
        if code == "NoSuchBucket":
            return RefusedFile(f"there is no bucket {address.bucket_and_key[0]}", file=address)
        if status == 404:
            return NoSuchObject(f"is not there: {said}", file=address)
        if status == 412 or (status == 416 and version):
            return replaced(address)
        if status == 416:
            return RefusedFile("is empty", file=address)
        if code in EXPIRED:
            return RefusedFile(f"the credentials have expired ({code}); {NEW_ONES}", file=address)
        if code in NOT_ACCEPTED:
            return RefusedFile(f"the credentials are not accepted ({code}); look at those in use", file=address)
        if status in (401, 403):
            how = "" if self.is_signed else "; no credentials were found, and it was asked without"
            return RefusedFile(f"access is refused: {said}{how}", file=address)
        return RefusedFile(said, file=address)


def _said_of(address: Address, error: Exception) -> Exception:
    """What to say of a request that got no answer."""
    said = f"{error!r} {getattr(error, 'kwargs', {})}"  # the latter hold what the connection said
    if "SSL" in type(error).__name__:
        return RefusedFile("the store's certificate is not accepted", file=address)
    if "NameResolution" in said or "getaddrinfo" in said or "Name or service not known" in said:
        return Later("there is no store of this name (DNS)")
    return Later("the store cannot be reached")


def _words(error: Exception) -> str:
    """The kind of an error of botocore's in words; its own text may hold what is nobody's business."""
    return {
        "ProfileNotFound": "AWS_PROFILE names a profile that ~/.aws does not have",
        "NoCredentialsError": "there are no credentials",
        "PartialCredentialsError": "the credentials are incomplete: a key and a secret are needed",
        "ParamValidationError": "the name of the bucket is none",
        "UnauthorizedSSOTokenError": f"the credentials have expired; {NEW_ONES}",
        "SSOTokenLoadError": f"the credentials have expired; {NEW_ONES}",
        "TokenRetrievalError": f"the credentials have expired; {NEW_ONES}",
        "CredentialRetrievalError": f"the credentials cannot be had; {NEW_ONES}",
        "ConfigParseError": "~/.aws/config cannot be read",
    }.get(type(error).__name__, type(error).__name__)
