"""All operations there are, found by a walk over the package:
a contract test that relies on what others imported sees fewer when it runs alone.
"""

from __future__ import annotations

import importlib
import pkgutil

from majorops import operations

for module in pkgutil.walk_packages(operations.__path__, f"{operations.__name__}."):
    importlib.import_module(module.name)

OPERATIONS = operations.OPERATIONS
