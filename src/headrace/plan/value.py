"""What all values of a Plan are made of."""

import msgspec


class Value(
    msgspec.Struct, frozen=True, kw_only=False, omit_defaults=True, forbid_unknown_fields=True, repr_omit_defaults=True
):
    """A frozen value that can be written to `plan.yaml`, sent to an engine, and read back the same.

    A field at its default is left out when written; a field nobody knows is an error when read. Structs of msgspec rather
    than dataclasses, because a step is one of many kinds and msgspec tells them apart by a tag.
    """
