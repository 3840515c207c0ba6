"""What: the commit that is called stable holds a module with an unresolved merge.
Red: test_command_passes[*compileall*]
"""

from __future__ import annotations

from stack.repository import Files


def sources(files: Files) -> Files:
    """The files of the commit, with the defect."""
    return {**files, "stack/api/certificates.py": b"<<<<<<< HEAD\nVALID_YEARS = 2\n=======\nVALID_YEARS = 3\n>>>>>>>\n"}
