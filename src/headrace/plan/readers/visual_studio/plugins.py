"""Plug-ins: classes of .NET that a test's author wrote (reference: visual-studio-formats, 10)."""

from headrace.plan.readers.visual_studio.reading import Reading, class_name, shown
from headrace.plan.readers.visual_studio.xml_tree import Element

# Helps the editor of Visual Studio's, and does nothing when the test runs.
_HARMLESS = "WebTest.WebService.Plugin.Runtime.WebServicePlugin"

# What may do the same, by a word in the name of the class: the first that fits. `$`: the value of a variable in plan.yaml.
_INSTEAD = (
    (("guid", "uuid"), "${{$uuid}}"),
    (("mail",), "${{$random_text(8)}}@example.com"),
    (("number", "phone", "digit"), "${{$random(100000000, 999999999)}}"),
    (("unique", "random", "generate"), "${{$random_text(8)}}"),
    (("viewstate", "aspnet", "postback"), "the rule ExtractHiddenFields"),
    (("think", "delay", "wait"), "the ThinkTime of the requests"),
    (("date", "time"), "${{$now}}"),
    (
        ("logon", "login", "signin", "auth", "token"),
        "a request that logs in, with a rule that extracts what the next ones need,",
    ),
    (("cookie",), "nothing: cookies are kept for each user as a browser does, and that"),
    (("header",), "a Header of the requests"),
)


def refuse_plugins(reading: Reading, parent: Element, element: str) -> None:
    """Refuses the plug-ins, the elements of this name."""
    reading.expect(parent, (), (element,))
    for plugin in parent.all(element):
        name = class_name(reading.text(plugin, "Classname"))
        if name == _HARMLESS and plugin.first("RuleParameters", "RuleParameter") is None:
            reading.warn(plugin, "this plug-in helps the editor only; it is not run")
        else:
            reading.refuse_plugin(plugin, f"a plug-in is code for .NET, which is not run{_advice(plugin, name)}")


def refuse_callback(reading: Reading, root: Element, attribute: str) -> None:
    """Refuses a class that Visual Studio 2005 calls, named by an attribute of the test."""
    name = class_name(reading.text(root, attribute))
    if name:
        reading.refuse_plugin(root, f"{attribute} is {shown(name)}, which is code for .NET and is not run")


def _advice(plugin: Element, name: str) -> str:
    known = name.rpartition(".")[2].lower()
    instead = next((remedy for words, remedy in _INSTEAD if any(word in known for word in words)), None)
    if instead is None:
        return ""
    if instead.startswith("$"):
        target = _target(plugin)
        what = f"the variable {shown(target)}" if target else "a variable"
        instead = f"in plan.yaml, {what} with the value {instead[1:]}"
    return f"; {instead} may do what its name says"


def _target(plugin: Element) -> str:
    """The context parameter that a plug-in sets, as far as the names of its parameters tell."""
    for parameter in plugin.all("RuleParameters", "RuleParameter"):
        name = parameter.attributes.get("Name", "").lower()
        if "target" in name or name.startswith(("context", "variable", "parameter")):
            return parameter.attributes.get("Value", "")
    return ""
