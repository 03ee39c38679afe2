"""Stakeholder brief and executive brief (domain §7): one page each, for accounts, and by link for who has none."""

from majorops.web.brief.links import bp as links
from majorops.web.brief.opened import bp as opened
from majorops.web.brief.pages import bp as pages

BLUEPRINTS = (pages, links, opened)
