"""Trained models on disk, in XGBoost's own format: `{digest of the training}-{digest of the file}.ubj`.

The second digest tells a whole file from a torn one, without a byte that XGBoost does not know.
"""

import os
import tempfile
from pathlib import Path

from trader.domain.value import digest_bytes


def find(folder: Path, training: str) -> tuple[bytes | None, tuple[str, ...]]:
    """The model of this training where a whole file of it is there; a note for each that is not whole."""
    notes = []
    for path in sorted(folder.glob(f"{training}-*.ubj")):
        try:
            data = path.read_bytes()
        except OSError as error:
            notes.append(f"model cache: {path.name} cannot be read ({error.strerror}); trained again")
            continue
        if path.stem == f"{training}-{digest_bytes(data)}":
            return data, tuple(notes)
        notes.append(f"model cache: {path.name} is damaged; trained again")
    return None, tuple(notes)


def keep(folder: Path, training: str, data: bytes) -> tuple[str, ...]:
    """Write the model, whole or not at all, in place of damaged ones; a note where that is not possible."""
    wanted = folder / f"{training}-{digest_bytes(data)}.ubj"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as part:
            part.write(data)
        os.replace(part.name, wanted)
        for other in folder.glob(f"{training}-*.ubj"):
            if other != wanted and other.is_file():
                other.unlink(missing_ok=True)
    except OSError as error:
        return (f"model cache: {folder} cannot be written ({error.strerror}); models are kept in memory",)
    return ()
