"""The root element of a file of the folder."""

from headrace.plan.readers.folder import Folder
from headrace.plan.readers.visual_studio.reading import Reading
from headrace.plan.readers.visual_studio.xml_tree import Element, XmlError, parse_xml


def read_root(folder: Folder, file: str, name: str, reading: Reading) -> Element | None:
    """The root of a file, which should have this name; None, and an error, where it has another, or cannot be read."""
    try:
        root = parse_xml(folder.read(file))
    except XmlError as error:
        reading.error(Element(name, error.line), str(error))
        return None
    except (OSError, ValueError) as error:
        reading.error(Element(name, 1), f"the file cannot be read: {getattr(error, 'strerror', None) or error}")
        return None
    if root.name != name:
        reading.error(root, f"the file is none of this kind, which begins with <{name}>; name another file")
        return None
    return root
