"""An account of Azure Storage that cannot be used is told at once; what it does is in tests/test_blob_clients.py."""

from pathlib import Path

import pytest

from headrace.blobs.azure import AzureFiles
from headrace.blobs.drop_files import FilesUnavailableError
from headrace.settings import Settings
from tests.serving import headrace

DROP = "0b0a7c3e-6f0e-4d3a-9a55-1d5c3f0b7a11"
KEY = "c2VjcmV0IGtleQ=="


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("x", "no connection string"),
        ("AccountName=a;", "has no AccountKey"),
        ("BlobEndpoint=http://127.0.0.1:1/a;SharedAccessSignature=sig=x", "has no AccountKey"),
    ],
)
def test_a_setting_that_is_no_account_is_told(given: str, said: str) -> None:
    with pytest.raises(FilesUnavailableError, match=said):
        AzureFiles(Settings(blobs=given))


def test_the_service_does_not_start_with_it_and_tells_no_secret(tmp_path: Path) -> None:
    done = headrace("serve", "--port", "0", "--data", str(tmp_path), folder=tmp_path, HEADRACE_BLOBS=f"AccountKey={KEY}")
    assert done.returncode == 3
    assert "The files of test drops cannot be kept: the setting blobs is no connection string" in done.stderr
    assert KEY not in done.stdout + done.stderr


def test_an_account_that_does_not_answer_is_told_without_its_secret() -> None:
    account = f"AccountName=a;AccountKey={KEY};BlobEndpoint=http://127.0.0.1:1/a"
    files = AzureFiles(Settings(blobs=account), retries=0)
    with pytest.raises(FilesUnavailableError, match="the Azure Storage account says: ") as error:
        files.open(DROP)
    assert KEY not in str(error.value)
