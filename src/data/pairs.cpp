#include "pairs.hpp"

#include <algorithm>

#include "forgelm/core/text.hpp"
#include "turns.hpp"

namespace forgelm::data {
namespace {

constexpr std::string_view kHuman = "\n\nHuman:", kAssistant = "\n\nAssistant:";

Json part(const Json::Array& items, std::size_t begin, std::size_t end) {
  return Json(Json::Array(items.begin() + static_cast<std::ptrdiff_t>(begin),
                          items.begin() + static_cast<std::ptrdiff_t>(end)));
}

/// Start of the next mark at or after `at`, or npos.
std::size_t next_mark(std::string_view text, std::size_t at) {
  return std::min(text.find(kHuman, at), text.find(kAssistant, at));
}

}  // namespace

void split_conversations(const Json& chosen, const Json& rejected, Sample& pair) {
  const auto &good = chosen.items(), &bad = rejected.items();
  const std::size_t shortest = std::min(good.size(), bad.size());
  std::size_t num_shared = 0;
  while (num_shared < shortest && good[num_shared] == bad[num_shared]) ++num_shared;
  if (num_shared == shortest && num_shared > 0) --num_shared;
  pair.messages = part(good, 0, num_shared);
  pair.chosen = part(good, num_shared, good.size());
  pair.rejected = part(bad, num_shared, bad.size());
}

void split_texts(const std::string& chosen, const std::string& rejected, Sample& pair) {
  const std::size_t shortest = std::min(chosen.size(), rejected.size());
  std::size_t at = 0;
  while (at < shortest && chosen[at] == rejected[at]) ++at;
  const bool is_prefix = at == shortest;
  if (is_prefix && at > 0) --at;  // the last character belongs to the answer
  while (at > 0 && (!begins_character(chosen[at]) || (at < rejected.size() && !begins_character(rejected[at])))) --at;
  if (!is_prefix && at > 0 && chosen[at - 1] == ' ') --at;
  pair.prompt_text = chosen.substr(0, at);
  pair.completion_text = chosen.substr(at);
  pair.rejected_text = rejected.substr(at);
}

bool is_dialogue(std::string_view text) {
  return text.starts_with(kHuman) && text.find(kAssistant) != std::string_view::npos;
}

Json read_dialogue(std::string_view text) {
  Json turns = Json::array();
  for (std::size_t at = next_mark(text, 0); at != std::string_view::npos;) {
    const bool is_human = text.substr(at).starts_with(kHuman);
    std::size_t begin = at + (is_human ? kHuman.size() : kAssistant.size());
    if (begin < text.size() && text[begin] == ' ') ++begin;
    at = next_mark(text, begin);
    turns.push(make_turn(is_human ? "user" : "assistant",
                         std::string(text.substr(begin, at == std::string_view::npos ? at : at - begin))));
  }
  return turns;
}

}  // namespace forgelm::data
