"""The credentials and the proxy of a web test (reference: visual-studio-formats, 1.1 and 10)."""

from collections.abc import Mapping

from headrace.plan.proxy_checks import judge_proxy
from headrace.plan.readers.visual_studio.bindings import Bindings, fill
from headrace.plan.readers.visual_studio.reading import Reading
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.requests import AuthScheme, Credentials
from headrace.plan.targets import ANYWHERE

# The context parameter, of the run or of the run setting, that has the password in clear text, or a binding of it.
PASSWORD = "CredentialPassword"  # noqa: S105 - the name of a parameter


def read_credentials(reading: Reading, root: Element, bindings: Bindings, given: Mapping[str, str]) -> Credentials | None:
    """The credentials that answer a server's challenge; `given` are the run's parameters.

    A password is encrypted in the file, and nobody can decrypt it but the machine that wrote it.
    """
    user = reading.text(root, "CredentialUserName")
    if not user:
        return None
    password = next((value for name, value in given.items() if name.casefold() == PASSWORD.casefold()), None)
    if password is None:
        password = reading.text(root, "CredentialPassword")
        if password and not (password.startswith("{{") and password.endswith("}}")):
            reading.error(
                root,
                f"its CredentialPassword is encrypted; give the password as the context parameter {PASSWORD} of the run, "
                "in clear text or as a binding",
            )
            return None
    if not reading.flag(root, "PreAuthenticate", True):
        reading.tell(
            root, "PreAuthenticate is False, and a server that has asked for the password once gets it unasked then"
        )
    return Credentials(AuthScheme.AS_ASKED, bindings.bind(password), bindings.bind(user))


def read_proxy(reading: Reading, root: Element, values: Mapping[str, str]) -> str:
    """The proxy as the plan writes it, "" for none, which is what a machine's default is here."""
    written = reading.text(root, "Proxy").strip()
    if written.casefold() in ("", "default"):
        return ""
    proxy = fill(written, values)
    if proxy is None:
        reading.error(root, "Proxy has a binding that no context parameter has a value for; write the proxy's address")
        return ""
    proxy = proxy.strip().rstrip("/")
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    wrong = list(judge_proxy(proxy, ANYWHERE, "Proxy"))
    for sentence in wrong:
        reading.error(root, sentence)
    return "" if wrong else proxy
