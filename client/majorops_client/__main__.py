"""`python -m majorops_client`, where the script is not on the path."""

from majorops_client.commands import majorops

majorops(prog_name="majorops")
