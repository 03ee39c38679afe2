import "./after_action.js";
import "./drafts.js";
import "./focus.js";
import "./posted.js";
import "./presence.js";
import "./timeline.js";
