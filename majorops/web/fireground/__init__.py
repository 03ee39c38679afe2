from flask import Blueprint

bp = Blueprint("fireground", __name__, url_prefix="/admin/incidents")
