// Turns of conversations: whatever a data set calls them, they come out as {role, content, ...} with the roles system,
// user, assistant and tool, text content, and tool calls as {type, function: {name, arguments}}. Traps: columnar files
// fill absent keys with null, which templates take for "present", so null keys are dropped; arguments that are JSON in
// a text are read, because templates write them as JSON once more.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "row_cell.hpp"

namespace forgelm::data {

/// A list of turns, each {role, content} or {from, value}; also as JSON in a text (CSV files). Empty lists are a
/// problem.
Json read_turns(const Cell& list);

/// One turn: an object as above.
Json read_turn(const Cell& turn);

/// A list of turns, one turn, or a plain text, which becomes a turn of `role`.
Json read_turns_or_text(const Cell& cell, std::string_view role);

/// Tool schemas: a list of objects, also as JSON in a text; null when there are none. A bare {name, parameters, ...}
/// comes out as {type: "function", function: {...}}, which is what templates expect.
Json read_tools(const std::optional<Cell>& cell);

/// True for a list of objects, or of nothing.
bool is_turns(const Cell& cell);

/// The role that `name` stands for ("human" -> "user"), or "" for an unknown name. Case and blanks around do not
/// matter. "function_call" gives "assistant".
std::string_view canonical_role(std::string_view name);

/// The names that stand for a role, its own first. Names of turns that hold a call are the assistant's as well.
std::vector<std::string> names_of_role(std::string_view role);

Json make_turn(std::string_view role, std::string content);
/// Puts a system turn in front unless the text is blank or the conversation has one there.
void add_system(Json& turns, const std::string& system);

/// "" for a turn without a role; the text of a turn, "" when it has none.
std::string_view role_of(const Json& turn);
std::string_view content_of(const Json& turn);
bool is_assistant(const Json& turn);
/// An assistant turn with text or tool calls.
bool is_answer(const Json& turn);

}  // namespace forgelm::data
