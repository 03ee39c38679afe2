import "./answers.js";
import "./clock.js";
import "./command.js";
import "./edit.js";
import "./keys.js";
import "./live.js";
import "./palette.js";
import "./queue.js";
