"""How much there may be in a drop, of what is there and what is under way together."""

from threading import Lock

from headrace.blobs.index import Usage
from headrace.blobs.refusals import full
from headrace.settings import Settings


class Room:
    """Everything but `take` and `leave` is a check, and raises BlobRefused."""

    def __init__(self, limits: Settings) -> None:
        self._limits = limits
        self._coming: dict[str, int] = {}  # bytes of uploads under way, by drop
        self._counting = Lock()

    def take(self, drop_id: str, size: int) -> int:
        """Counts an upload in, and returns how many bytes are under way with it."""
        with self._counting:
            coming = self._coming[drop_id] = self._coming.get(drop_id, 0) + size
        return coming

    def leave(self, drop_id: str, size: int) -> None:
        with self._counting:
            self._coming[drop_id] -= size
            if not self._coming[drop_id]:
                del self._coming[drop_id]

    def check_file(self, size: int) -> None:
        if size > self._limits.max_drop_file:
            raise full(f"The file has {size} bytes; at most {self._limits.max_drop_file} are taken", "max_drop_file")

    def check_drop(self, used: Usage, coming: int = 0) -> None:
        """`coming` is what was under way before `used` was looked at: some may be counted twice, and nothing not at all."""
        limits = self._limits
        if used.size + coming > limits.max_drop:
            raise full(f"The drop would have over {limits.max_drop} bytes", "max_drop")
        if used.files > limits.max_drop_files:
            raise full(f"The drop would have over {limits.max_drop_files} files", "max_drop_files")

    def check_blocks(self, used: Usage) -> None:
        if used.staged >= self._limits.max_staged_blocks:
            raise full(f"The drop has {used.staged} blocks that are not committed", "max_staged_blocks")
